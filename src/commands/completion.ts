import * as Args from '@oclif/core/args'
import { RdvCommand } from '../cli/base-command.ts'
import { printResult } from '../cli/output/print.ts'
import { checkShell, SHELLS } from '../completion/shells.ts'

export default class Completion extends RdvCommand {
  static override summary = 'Prints a completion script for a shell.'
  static override description =
    'The script contains all commands and flags. A completion does not run rdv.'
  static override usage = 'completion SHELL [FLAGS]'
  static override examples = [
    'eval "$(<%= config.bin %> completion bash)"',
    '<%= config.bin %> completion zsh >"$HOME/.zfunc/_rdv"',
    '<%= config.bin %> completion fish >~/.config/fish/completions/rdv.fish',
  ]
  static override args = {
    shell: Args.string({
      description: `Name of the shell, one of ${SHELLS.join(', ')}.`,
      required: true,
      ignoreStdin: true,
    }),
  }

  async run(): Promise<void> {
    const { args } = await this.begin(Completion)
    const shell = checkShell(args.shell)
    const { completionScript } = await import('../completion/completion.ts')
    const script = await completionScript(shell)
    await printResult(script.trimEnd(), { ok: true, shell, script })
  }
}
