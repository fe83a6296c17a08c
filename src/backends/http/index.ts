import type { CallOptions, OpenOptions } from '../backend.ts'
import { parseAddress } from './address.ts'
import { HttpBackend } from './http.ts'

/** Opens `http://h:8080` or `https://h:8080`, a rendezvous server, and asks it for its traits. */
export const open = async (
  url: string,
  { env, callLimit }: OpenOptions,
  call: CallOptions = {},
): Promise<HttpBackend> => HttpBackend.open({ server: parseAddress(url, env), callLimit }, call)
