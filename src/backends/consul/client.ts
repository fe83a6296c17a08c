import type { EventEmitter } from 'node:events'
import type { IncomingMessage, Agent as PlainAgent } from 'node:http'
import type { Agent as TlsAgent } from 'node:https'

/*
 * The part of npm's `consul` that is used here, as it behaves. Its own types lack most options. `includeResponse` makes
 * every call resolve to the response and its content.
 */

type ClientResponse<T> = readonly [response: IncomingMessage, content: T]

/** Emits `cancel` to end the call. */
export interface Context extends EventEmitter {
  readonly includeResponse: true
}

export interface Options {
  readonly ctx: Context
  /** Milliseconds. Without it, a call whose answer is cut in the middle never settles. */
  readonly timeout: number
  readonly token?: string | undefined
  readonly consistent?: boolean
  readonly index?: number
  readonly wait?: string
}

export interface Item {
  readonly Key: string
  readonly Value: Buffer | null
  readonly CreateIndex: number
  readonly ModifyIndex: number
  /** Rounded where it is above 2^53. */
  readonly Flags: number
  readonly Session?: string
}

interface SessionInfo {
  readonly ID: string
  readonly TTL: string
}

export interface Operation {
  readonly KV: {
    readonly Verb: string
    readonly Key: string
    /** Base64. */
    readonly Value?: string
    readonly Index?: number
    readonly Session?: string
    /** Made by `JSON.rawJSON`. */
    readonly Flags?: object
  }
}

export interface Transacted {
  readonly Results: readonly { readonly KV?: { readonly ModifyIndex: number } }[] | null
  readonly Errors: readonly { readonly OpIndex: number; readonly What: string }[] | null
}

export interface Client {
  readonly kv: {
    get(options: Options & { key: string; buffer: true }): Promise<ClientResponse<Item | undefined>>
    get(
      options: Options & { key: string; buffer: true; recurse: true },
    ): Promise<ClientResponse<Item[] | undefined>>
    keys(options: Options & { key: string; separator: string }): Promise<ClientResponse<string[]>>
    set(
      options: Options & { key: string; value: string; cas: number },
    ): Promise<ClientResponse<boolean>>
  }
  readonly session: {
    create(
      options: Options & {
        name: string
        ttl: string
        behavior: 'delete' | 'release'
        lockdelay: string
        checks: string[]
      },
    ): Promise<ClientResponse<{ readonly ID: string }>>
    renew(options: Options & { id: string }): Promise<ClientResponse<SessionInfo[]>>
    destroy(options: Options & { id: string }): Promise<ClientResponse<unknown>>
    info(options: Options & { id: string }): Promise<ClientResponse<SessionInfo | undefined>>
  }
  readonly transaction: {
    create(operations: readonly Operation[], options: Options): Promise<ClientResponse<Transacted>>
  }
  readonly agent: {
    self(options: Options): Promise<
      ClientResponse<{
        readonly Config?: { readonly Version?: string }
        readonly DebugConfig?: { readonly DevMode?: boolean }
      }>
    >
  }
  readonly status: { leader(options: Options): Promise<ClientResponse<string>> }
}

export interface ClientOptions {
  readonly host: string
  readonly port: number
  readonly secure: boolean
  readonly agent: PlainAgent | TlsAgent
  readonly headers: Readonly<Record<string, string>>
  readonly defaults: { readonly dc?: string }
}
