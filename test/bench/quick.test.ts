import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import type { Row } from '../../bench/row.ts'

const run = promisify(execFile)
const main = join(import.meta.dirname, '../../bench/main.ts')

/** The subjects that take a few seconds each. */
const SUBJECTS = [
  'start-up',
  'wake-up',
  'hand-over',
  'long-queue',
  'counter-loops',
  'topic',
  'open-waits',
]

interface Line extends Row {
  readonly subject: string
}

it('measures every subject that is quick, and says each row in the same shape', {
  timeout: 600_000,
}, async () => {
  const { stdout } = await run(process.execPath, [main, '--quick', '--json', ...SUBJECTS])
  const lines = stdout
    .trim()
    .split('\n')
    .map((line): Line => JSON.parse(line))
  expect([...new Set(lines.map(({ subject }) => subject))]).toEqual(SUBJECTS)
  for (const line of lines) expect(line).toEqual(SHAPE)
  expect(lines.filter(({ limit }) => limit).map(({ name }) => name)).toEqual(
    expect.arrayContaining(LIMITED),
  )
  const names = lines.map(({ name }) => name)
  for (const { against } of lines) if (against !== undefined) expect(names).toContain(against)
})

const SHAPE = expect.toSatisfy(
  ({ name, figure, unit, against, ratio }: Line) =>
    name !== '' &&
    Number.isFinite(figure) &&
    figure >= 0 &&
    ['ms', '/s', 'KiB'].includes(unit) &&
    (against === undefined) === (ratio === undefined) &&
    Number.isFinite(ratio ?? 0),
)

/** The rows that have a limit. */
const LIMITED = [
  'rdv signal on sqlite (npm)',
  'rdv signal on sqlite (npm, no cache)',
  'rdv signal on etcd (npm)',
  'rdv counter inc on etcd (npm)',
  'rdv get on etcd (npm)',
  ...['sqlite', 'http', 'etcd', 'consul'].map((store) => `wake-up on ${store}, p99`),
  ...['sqlite', 'http', 'etcd', 'consul'].map(
    (store) => `8 shell loops on one counter on ${store}`,
  ),
  'hand-over of rdv lock on etcd',
  'publish → subscribe on etcd',
]

it('names what it measures to who asks for something else', async () => {
  const failed = run(process.execPath, [main, '--quick', 'nothing'])
  await expect(failed).rejects.toMatchObject({
    stderr: expect.stringContaining('there are start-up, wake-up, hand-over, long-queue, failover'),
  })
})
