import type { Waiter } from '../../activity/protocol.ts'
import { visible } from './text.ts'

/** `app-1 · 4711`, else what the client of a request calls itself, or its address. */
export const whoText = (waiter: Waiter | undefined): string => {
  const { host, pid, client } = waiter ?? {}
  if (host === undefined) return client === undefined ? '' : visible(client)
  return pid === undefined ? visible(host) : `${visible(host)} · ${pid}`
}

interface Holder {
  readonly host: string
  readonly pid?: number | undefined
  readonly client?: string | undefined
}

/** Likewise of a session; the process of one that a server holds for a client is the server's. */
export const holderText = (holder: Holder | undefined): string => {
  const { host, pid, client } = holder ?? {}
  if (client !== undefined) return whoText({ client })
  return whoText({ ...(host !== undefined && { host }), ...(pid !== undefined && { pid }) })
}
