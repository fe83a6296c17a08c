import { execFile } from 'node:child_process'
import {
  copyFileSync,
  globSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { findProgram } from '../services/fetch.ts'
import { programEnvironment } from '../services/programs.ts'
import { temporaryFolder } from '../services/watchdog.ts'
import { besideEach } from '../side-by-side.ts'
import { Place } from './rdv.ts'

const run = promisify(execFile)

/** The words that a shell offers at the end of a line that is being typed, sorted. */
type Complete = (line: string) => Promise<string[]>

/** Stores the completion script as a user does. */
const install = async (shell: string, file: string): Promise<void> => {
  const { code, stdout, stderr } = await new Place().rdv('completion', shell)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  writeFileSync(file, stdout)
}

const offers = (stdout: string): string[] => [...new Set(stdout.split('\n').filter(Boolean))].sort()

const bash = async (): Promise<Complete> => {
  const folder = temporaryFolder('bash')
  await install('bash', join(folder, 'rdv'))
  // readline splits at blanks, and at = and :, which become words of their own
  const script = `
    source "$0/rdv"
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    $(complete -p rdv | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
    printf '%s\\n' "\${COMPREPLY[@]}"`
  const split = (line: string) => line.split(/ +|(?<=[=:])(?=.)|(?=[=:])/)
  return async (line) => {
    const words = ['--norc', '--noprofile', '-c', script, folder, ...split(line)]
    return offers((await run('bash', words, { cwd: folder })).stdout)
  }
}

const ZSHRC = `
  PROMPT= RPROMPT=
  autoload -Uz compinit && compinit -u -D
  compadd() { # notes what is offered
    if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
    local -a offered
    builtin compadd -O offered "$@"
    print -rl -- $offered >>$OFFERS
    builtin compadd "$@"
  }
  complete-and-tell() { zle complete-word; print DONE >>$OFFERS }
  zle -N complete-and-tell
  bindkey '^I' complete-and-tell
  zle-line-init() { print READY >>$OFFERS }
  zle -N zle-line-init`

/** Types into an interactive zsh, on a terminal that zsh has created. */
const ZSH_TYPIST = `
  module_path=($MODULES)
  zmodload zsh/zpty
  zpty shell "$ZSH -d -i"
  until grep -q READY $OFFERS; do zpty -r -t shell; done
  zpty -w -n shell "$1"$'\\t'
  until grep -q DONE $OFFERS; do zpty -r -t shell; done
  zpty -d shell`

const zsh = async (): Promise<Complete> => {
  const program = findProgram('zsh')
  const folder = temporaryFolder('zsh')
  await install('zsh', join(folder, '_rdv'))
  const root = program.folder ? join(program.folder, 'root') : '/'
  const [modules = ''] = globSync(join(root, 'usr/lib/{*/,}zsh/[0-9]*'))
  const functions = globSync(join(root, 'usr/share/zsh/functions/{,**/}'))
  const paths = `module_path=('${modules}') fpath=('${folder}' ${functions.map((one) => `'${one}'`).join(' ')})`
  writeFileSync(join(folder, '.zshenv'), paths)
  writeFileSync(join(folder, '.zshrc'), ZSHRC)
  return async (line) => {
    const file = join(folder, 'offers')
    writeFileSync(file, '')
    const env = { ...programEnvironment(program), ZDOTDIR: folder, OFFERS: file, MODULES: modules }
    const words = ['-f', '-c', ZSH_TYPIST, 'zsh', line]
    await run(program.path, words, {
      env: { ...env, ZSH: program.path, TERM: 'dumb' },
      cwd: folder,
    })
    return offers(readFileSync(file, 'utf8')).filter((word) => !/^(READY|DONE)$/.test(word))
  }
}

/** A copy of fish beside the folders in which it looks for its functions, /share and /etc. */
const relocated = (folder: string, path: string, root: string): string => {
  for (const name of ['bin', 'etc/fish']) mkdirSync(join(folder, name), { recursive: true })
  copyFileSync(path, join(folder, 'bin/fish'))
  symlinkSync(join(root, 'usr/share'), join(folder, 'share'))
  return join(folder, 'bin/fish')
}

const fish = async (): Promise<Complete> => {
  const program = findProgram('fish')
  const folder = temporaryFolder('fish')
  await install('fish', join(folder, 'rdv.fish'))
  const root = program.folder && join(program.folder, 'root')
  const path = root ? relocated(folder, program.path, root) : program.path
  const env = { ...programEnvironment(program), HOME: folder }
  const script = `source '${folder}/rdv.fish'; complete --do-complete="$argv"`
  return async (line) => {
    const { stdout } = await run(path, ['--no-config', '-c', script, line], { env, cwd: folder })
    return offers(stdout.replaceAll(/\t.*$/gm, ''))
  }
}

const SHELLS = [
  { shell: 'bash', start: bash },
  { shell: 'zsh', start: zsh },
  { shell: 'fish', start: fish },
]

besideEach(SHELLS, 'in $shell', ({ start }) => {
  let complete: Complete
  beforeAll(async () => {
    complete = await start()
  })

  test('a command is completed', async () => {
    expect(await complete('rdv wa')).toEqual(['wait', 'waitgroup'])
    expect(await complete('rdv --json pub')).toEqual(['publish'])
    expect(await complete('rdv --namespace wait pub')).toEqual(['publish'])
  })

  test('and the word after it, where there are two', async () => {
    expect(await complete('rdv counter ')).toEqual(['dec', 'get', 'inc', 'set', 'wait'])
    expect(await complete('rdv waitgroup d')).toEqual(['done'])
  })

  test('flags are those of the command', async () => {
    expect(await complete('rdv wait --t')).toEqual(['--timeout'])
    expect(await complete('rdv counter inc builds --by')).toEqual(['--by'])
    expect(await complete('rdv signal --hol')).toEqual(['--hold'])
    expect(await complete('rdv get k --hol')).toEqual([])
    expect(await complete('rdv --ba')).toEqual(['--backend'])
  })

  test('values that are known', async () => {
    expect(await complete('rdv signal k --on-loss ')).toEqual(['rejoin', 'stop'])
    expect(await complete('rdv signal k --on-loss=st')).toEqual(
      (await complete('rdv signal k --on-loss st')).map(
        (word) => (start === fish ? '--on-loss=' : '') + word,
      ),
    )
    expect(await complete('rdv subscribe t --from ')).toEqual(['now', 'start'])
    expect(await complete('rdv completion ')).toEqual(['bash', 'fish', 'zsh'])
    expect(await complete('rdv wait k --timeout ')).toEqual([])
  })

  test('the schemes of probes and of backends', async () => {
    expect(await complete('rdv wait t')).toEqual(['tcp://'])
    expect(await complete('rdv probe postgres:')).toEqual(start === bash ? [] : ['postgres://'])
    expect(await complete('rdv wait db http')).toEqual(['http://', 'https://'])
    expect(await complete('rdv wait --fail-if ex')).toEqual(['exec:'])
    expect(await complete('rdv list --backend e')).toEqual(['etcd://', 'etcds://'])
    expect(await complete('rdv get ')).toEqual([])
  })

  test('the command that follows, as by itself', async () => {
    expect(await complete('rdv wait db -- mkfif')).toEqual(['mkfifo'])
    expect(await complete('rdv wait tcp://db:1 -- cat /etc/passw')).toEqual(
      expect.arrayContaining([expect.stringMatching(/passwd/)]),
    )
  })
})

test('another shell is refused, and the known ones are named', async () => {
  expect(await new Place().rdv('completion', 'tcsh')).toEqual({
    code: 2,
    signal: null,
    stdout: '',
    stderr: 'rdv: there is no completion for "tcsh": choose one of bash, zsh, fish\n',
  })
  expect(await new Place().rdv('completion')).toMatchObject({ code: 2, stdout: '' })
})
