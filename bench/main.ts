import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { formatRow } from './row.ts'
import { run } from './run.ts'

/* `npm run bench -- [--quick] [SUBJECT…]`: a table of whole processes' times, beside others' in the same run. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean' } },
})
const rounds = values.quick ? 5 : 40
console.log(
  `# Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, ${rounds} rounds, medians`,
)
await run({ names: positionals, rounds, onRow: (row) => console.log(formatRow(row)) })
