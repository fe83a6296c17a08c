import type { Waiter } from '../../activity/protocol.ts'
import { visible } from './text.ts'

/**
 * Names a process: `app-1 · 4711`. For a request, returns the name of its client, or else its program and the address
 * that it came from.
 */
export const whoText = (
  waiter: (Waiter & { readonly by?: string | undefined }) | undefined,
): string => {
  const { by, host, pid, client, name = by, forwardedFor, agent } = waiter ?? {}
  if (name !== undefined) return visible(name)
  if (host === undefined) {
    return [agent, forwardedFor ?? client].flatMap((part) => visible(part ?? '') || []).join(' · ')
  }
  return pid === undefined ? visible(host) : `${visible(host)} · ${pid}`
}
