import { isIP } from 'node:net'
import { hostname } from 'node:os'
import type { FastifyRequest } from 'fastify'
import { UsageError } from '../../base/errors.ts'
import { type Failure, refused } from '../http/responses.ts'

/**
 * By which names a server may be called. A web page whose name its owner points at this machine (DNS rebinding) shares
 * that name with the server, and its scripts may read all that the server answers; but the name betrays it in `Host`.
 *
 * Nobody can point an address elsewhere, nor register `localhost`, a name without a dot, or this machine's own name.
 */
export class Hosts {
  readonly #allowed: ReadonlySet<string>
  readonly #suffixes: readonly string[]

  /** `allowed`: further names; `*.example.com` stands for all below. */
  constructor(allowed: readonly string[] = []) {
    const names = allowed.map(checkPattern)
    this.#allowed = new Set([...names, hostname().toLowerCase()])
    this.#suffixes = names.filter((name) => name.startsWith('*')).map((name) => name.slice(1))
  }

  /** Whether nobody else can have given a page this name. Without brackets, in lowercase. */
  isOwn(name: string): boolean {
    const isFree = isIP(name) === 0 && name.includes('.')
    return !isFree || this.#allowed.has(name) || this.#suffixes.some((end) => name.endsWith(end))
  }

  /** Refuses a request that calls the server by another name. */
  refusal({ headers }: FastifyRequest): Failure | undefined {
    if (headers.host === undefined) return undefined
    const name = hostNameOf(headers.host)
    if (name === undefined) return refused(400, 'the header Host is malformed: write HOST:PORT')
    if (this.isOwn(name)) return undefined
    return refused(
      403,
      'the name in the header Host is not allowed: rdv serve --allow-host adds a name',
    )
  }
}

/** The name or address in a `Host` header, without port and brackets. */
const hostNameOf = (host: string): string | undefined => {
  const [, bracketed, plain] =
    /^(?:\[([\da-f:.]+)\]|([^\s/?#@:[\]\\]+))(?::\d{1,5})?$/i.exec(host) ?? []
  return (bracketed ?? plain)?.toLowerCase().replace(/\.$/, '')
}

const checkPattern = (text: string): string => {
  const name = text.toLowerCase()
  if (/^(\*\.)?[\w-]+(\.[\w-]+)*$/.test(name)) return name
  throw new UsageError(
    `--allow-host ${JSON.stringify(text.slice(0, 80))} is not a host name: write rdv.example.com or *.example.com`,
  )
}
