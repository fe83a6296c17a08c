import { parseArgs } from 'node:util'
import { formatRow } from './format.ts'
import { describeMachine } from './report/machine.ts'
import { writeReport } from './report/report.ts'
import { run } from './run.ts'

/*
 * - `npm run bench -- [--quick] [--json] [SUBJECT…]` prints a table with the times of whole processes, compared with
 *   other tools in the same run.
 * - `npm run bench -- --report` measures all subjects, and writes docs/benchmarks.md.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
  },
})
const { quick, json, report } = values
if (report && positionals.length > 0) throw new RangeError('a report is of all subjects: name none')

const rounds = quick ? 3 : 40
const machine = describeMachine(rounds)
if (!json) for (const [what, value] of machine) console.log(`# ${what}: ${value}`)

const results = await run({
  names: positionals,
  rounds,
  mayFetch: !quick,
  onRow: (subject, row) =>
    console.log(json ? JSON.stringify({ subject: subject.name, ...row }) : formatRow(row)),
  onNote: (text) => console.error(`# ${text}`),
})
if (report) await writeReport(machine, results)
if (results.some(({ error }) => error !== undefined)) process.exitCode = 1
