import { CountingCommand } from '../../cli/counting-command.ts'

export default class CounterInc extends CountingCommand {
  static override summary = 'Adds to a counter and prints its new value.'
  static override examples = [
    '<%= config.bin %> counter inc builds',
    '<%= config.bin %> counter inc bytes --by 4096',
    '<%= config.bin %> counter inc deploys --idempotency-key "$CI_JOB_ID"',
  ]

  run(): Promise<void> {
    return this.count(1n)
  }
}
