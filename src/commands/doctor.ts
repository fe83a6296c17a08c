import { RdvCommand } from '../cli/base-command.ts'
import { printExamination, unusable } from '../cli/print-examination.ts'
import { examine } from '../recipes/examine.ts'

export default class Doctor extends RdvCommand {
  static override summary =
    'Checks whether the store is reachable and writable, measures a read, and reports known problems.'
  static override description =
    'Exit code 0: the store works. Exit code 1: the store works, with warnings on stderr. Exit code 120: the store does not work.'
  static override examples = [
    '<%= config.bin %> doctor',
    '<%= config.bin %> doctor --backend etcd://localhost:2379',
  ]

  async run(): Promise<void> {
    await this.begin(Doctor)
    try {
      await this.within(this.limits(), async (namespace, { signal }) =>
        printExamination(namespace, await examine(namespace, signal)),
      )
    } catch (error) {
      throw unusable(await this.named(error))
    }
  }
}
