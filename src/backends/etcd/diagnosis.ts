import type { CallOptions, Diagnosis } from '../backend.ts'
import { readAlarms } from './alarms.ts'
import type { Cluster, Operation } from './cluster.ts'
import { Code, codeOf, reasonOf } from './failure.ts'
import type { Status } from './messages.ts'

interface Report {
  /** `undefined` if only root may ask for it. */
  readonly version?: string
  readonly warnings: readonly string[]
}

/**
 * Asks every server for its state, and the cluster for its alarms, which needs a majority.
 * @throws the error of the first server, if no server answers.
 */
export const diagnose = async (
  cluster: Cluster,
  options: CallOptions,
  limit: number,
): Promise<Diagnosis> => {
  const asked = cluster.members.map((member) =>
    cluster.callMember(member, options, limit / 2, inspect),
  )
  const outcomes = await Promise.allSettled(asked)
  const failed = outcomes.filter((outcome) => outcome.status === 'rejected')
  if (failed.length === outcomes.length) throw failed[0]?.reason
  const reports = outcomes.map((outcome, i) =>
    outcome.status === 'fulfilled'
      ? outcome.value
      : { warnings: [`${cluster.members[i]?.host} does not answer: ${reasonOf(outcome.reason)}`] },
  )
  const alarms = await cluster.call(options, limit / 2, readAlarms).catch(() => [])
  const version = reports.find((report: Report) => report.version)?.version
  const warnings = [...reports.flatMap((report) => report.warnings), ...alarms.map(alarmWarning)]
  return { version: version ? `etcd ${version}` : 'etcd', warnings: [...new Set(warnings)] }
}

const inspect: Operation<Report> = async ({ maintenance }, { host }) => {
  try {
    const status = await maintenance.status()
    const { version } = status
    return { version, warnings: [...ageWarnings(status), ...leaderWarnings(status, host)] }
  } catch (error) {
    if (codeOf(error) !== Code.permissionDenied) throw error
    return { warnings: ['this user is not permitted to read the version and health of etcd'] }
  }
}

const ageWarnings = ({ version }: Status): string[] => {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number.parseFloat)
  if (major !== 3 || minor > 4 || (minor === 4 && patch >= 38)) return []
  return [
    `etcd ${version} has known bugs, fixed in 3.4.38: a watch may repeat events or miss deletions at a compaction, and a renewal may succeed on a revoked lease`,
  ]
}

const leaderWarnings = ({ leader }: Status, host: string): string[] =>
  leader === '0' ? [`${host} has no leader: its cluster has no quorum and accepts no writes`] : []

const alarmWarning = (alarm: string): string =>
  alarm === 'NOSPACE'
    ? 'the store is full and accepts no writes: compact and defragment it, then disarm the alarm'
    : `the alarm ${alarm} is raised`
