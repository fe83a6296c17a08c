import { type ClientRequest, request } from 'node:http'
import type { Waiter } from '../../src/backends/backend.ts'
import { onTestFinished } from '../finished.ts'

/** Announces a waiter to a server as rdv does, until the request is destroyed or the test ends. */
export const announce = async (server: string, waiter: Waiter): Promise<ClientRequest> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const headers = { 'content-type': 'application/json' }
  const url = `${server}/_rdv/v1/announce`
  const sent = request(url, { method: 'POST', headers }, () => resolve()).on('error', reject)
  onTestFinished(() => void sent.destroy())
  sent.end(JSON.stringify({ namespace: 'rdv', waiter }))
  await promise
  return sent
}
