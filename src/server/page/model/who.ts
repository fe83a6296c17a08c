import type { Waiter } from '../../activity/protocol.ts'
import { visible } from './text.ts'

/** `app-1 · 4711`, else the address that the request came from. */
export const whoText = (waiter: Waiter | undefined): string => {
  const { host, pid, client } = waiter ?? {}
  if (host === undefined) return client === undefined ? '' : visible(client)
  return pid === undefined ? visible(host) : `${visible(host)} · ${pid}`
}
