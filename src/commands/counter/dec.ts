import { CountingCommand } from '../../cli/counting-command.ts'

export default class CounterDec extends CountingCommand {
  static override summary = 'Subtracts from a counter and prints its new value.'
  static override examples = [
    '<%= config.bin %> counter dec builds',
    '<%= config.bin %> counter dec bytes --by 4096',
    '<%= config.bin %> counter dec deploys --idempotency-key "$CI_JOB_ID"',
  ]

  run(): Promise<void> {
    return this.count(-1n)
  }
}
