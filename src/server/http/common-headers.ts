import type { Backend } from '../../backends/backend.ts'
import { EPOCH_HEADER } from '../../backends/http/protocol.ts'
import { epochOf } from '../protocol/epoch.ts'

/** The headers of every response. */
export const commonHeaders = (store: Backend): Readonly<Record<string, string>> => ({
  [EPOCH_HEADER]: epochOf(store),
  'cache-control': 'no-store',
})
