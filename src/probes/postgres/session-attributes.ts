import type { Client } from 'pg'

/**
 * Settings that a server of version 14 or later reports at the start of a session. Each name has the value `on` or
 * `off`.
 */
export type Reported = ReadonlyMap<string, string>

/** Returns the reason why a session does not match `target_session_attrs`, or `undefined` if it matches. */
export const mismatchOf = async (
  wanted: string,
  client: Client,
  reported: Reported,
): Promise<string | undefined> => {
  if (wanted === 'read-write')
    return (await isReadOnly(client, reported)) ? 'the session is read-only' : undefined
  if (wanted === 'read-only')
    return (await isReadOnly(client, reported)) ? undefined : 'the session is not read-only'
  if (wanted === 'primary')
    return (await isStandby(client, reported)) ? 'the server is a standby' : undefined
  if (wanted === 'standby')
    return (await isStandby(client, reported)) ? undefined : 'the server is not a standby'
  return undefined
}

const isReadOnly = async (client: Client, reported: Reported): Promise<boolean> => {
  const usual = reported.get('default_transaction_read_only')
  const standby = reported.get('in_hot_standby')
  if (usual !== undefined && standby !== undefined) return usual === 'on' || standby === 'on'
  const { rows } = await client.query('SHOW transaction_read_only')
  return rows[0]?.transaction_read_only === 'on'
}

const isStandby = async (client: Client, reported: Reported): Promise<boolean> => {
  const standby = reported.get('in_hot_standby')
  if (standby !== undefined) return standby === 'on'
  const { rows } = await client.query('SELECT pg_catalog.pg_is_in_recovery() AS standby')
  return rows[0]?.standby === true
}
