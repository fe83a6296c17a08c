import { isIP } from 'node:net'
import { hostname } from 'node:os'
import type { FastifyRequest } from 'fastify'
import { UsageError } from '../../base/errors.ts'
import { type Failure, refused } from '../http/responses.ts'

/**
 * The names by which clients may call a server. In an attack by DNS rebinding, the owner of a web page's name points
 * the name at this machine. The page then shares its name with the server, and its scripts may read all answers of the
 * server. But the request still has that name in `Host`.
 *
 * An attacker cannot point an address elsewhere, and cannot register `localhost`, a name without a dot, or this
 * machine's own name.
 */
export class Hosts {
  readonly #allowed: ReadonlySet<string>
  readonly #suffixes: readonly string[]

  /** `allowed` lists further names. `*.example.com` stands for all names below it. */
  constructor(allowed: readonly string[] = []) {
    const names = allowed.map(checkPattern)
    this.#allowed = new Set([...names, hostname().toLowerCase()])
    this.#suffixes = names.filter((name) => name.startsWith('*')).map((name) => name.slice(1))
  }

  /** Whether no foreign page can have this name. The name has no brackets and is in lowercase. */
  isOwn(name: string): boolean {
    const isFree = isIP(name) === 0 && name.includes('.')
    return !isFree || this.#allowed.has(name) || this.#suffixes.some((end) => name.endsWith(end))
  }

  /** Refuses a request that calls the server by a name which is not allowed. */
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

/**
 * Returns the name or address in a `Host` header, without port and brackets, or `undefined` if the header is malformed.
 */
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
