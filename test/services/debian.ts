import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** One Debian suite, read through apt without root. Its lists, caches and sources are in a folder of the tests. */
export interface Suite {
  /** Downloads packages and unpacks them below `root`. */
  unpack(packages: readonly string[], root: string): void
  /** The packages of shared libraries that `packages` depend on, except the C library. */
  libraryPackages(packages: readonly string[]): string[]
}

const run = (command: string, args: readonly string[], cwd?: string): string =>
  execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, LC_ALL: 'C' },
  })

let knownMirror: string | undefined

/** The machine's own Debian mirror, as apt knows it. Its lists need not have been downloaded. */
const mirror = (): string => {
  knownMirror ??= run('apt-get', ['update', '--print-uris'])
    .split('\n')
    .map((line) => /^'(.+)\/dists\/[^/']+\/InRelease'/.exec(line)?.[1])
    .find((uri) => uri !== undefined && /debian/.test(uri) && !/security/.test(uri))
  if (knownMirror === undefined) throw new Error('apt knows no Debian mirror')
  return knownMirror
}

const archiveKeyring = 'usr/share/keyrings/debian-archive-keyring.gpg'

const aptOptions = (folder: string): string[] =>
  [
    `Dir::Etc::sourcelist=${folder}/sources.list`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::Lists=${folder}/lists`,
    `Dir::State::status=${folder}/status`,
    `Dir::Cache=${folder}/cache`,
    // apt's sandbox user could not write below a folder of root
    'APT::Sandbox::User=root',
    'Acquire::AllowInsecureRepositories=false',
    'APT::Get::AllowUnauthenticated=false',
    'Acquire::Languages=none',
    'Acquire::Retries=3',
  ].flatMap((option) => ['-o', option])

const prepareFolder = (folder: string, suite: string, keyring: string): void => {
  mkdirSync(join(folder, 'lists/partial'), { recursive: true })
  mkdirSync(join(folder, 'cache/archives/partial'), { recursive: true })
  writeFileSync(join(folder, 'status'), '')
  const source = `deb [signed-by=${keyring}] ${mirror()} ${suite} main\n`
  writeFileSync(join(folder, 'sources.list'), source)
}

const isLibrary = (name: string): boolean =>
  /^lib/.test(name) && !/^libc6$|^libc-|^libllvm|^libperl|-perl$|^libelogind/.test(name)

/** Simulates a machine without packages: apt then names one of several alternatives. */
const simulated = ['install', '--simulate', '--no-install-recommends']

const openWith = (folder: string, suite: string, keyring: string): Suite => {
  prepareFolder(folder, suite, keyring)
  const options = aptOptions(folder)
  run('apt-get', [...options, '--error-on=any', 'update'])
  let downloads = 0
  return {
    unpack(packages, root) {
      const into = join(folder, `debs-${++downloads}`)
      mkdirSync(into)
      mkdirSync(root, { recursive: true })
      run('apt-get', [...options, 'download', ...packages], into)
      for (const deb of readdirSync(into)) run('dpkg', ['-x', join(into, deb), root])
    },
    libraryPackages(packages) {
      const listed = run('apt-get', [...options, ...simulated, ...packages])
      const names = [...listed.matchAll(/^Inst (\S+)/gm)].map(([, name = '']) => name)
      return names.filter(isLibrary)
    },
  }
}

/**
 * The keyring for a suite that is newer than the machine, and may be signed with a key that the machine lacks. The
 * keyring package is in an update of a suite that the machine can verify, so the chain of signatures is complete.
 */
const newerKeyring = (folder: string, keyring: string): string | undefined => {
  const [known] = globSync(join(folder, 'keyring/*', archiveKeyring))
  if (known !== undefined) return known
  for (const suite of ['trixie-updates', 'trixie', 'bookworm-updates', 'bookworm']) {
    const root = join(folder, 'keyring', suite)
    try {
      openWith(join(folder, `for-keyring-${suite}`), suite, keyring).unpack(
        ['debian-archive-keyring'],
        root,
      )
      return join(root, archiveKeyring)
    } catch {
      // not in this suite, or this suite cannot be verified either, so the next one is tried
    }
  }
  return undefined
}

/** Opens a suite of the machine's own mirror below `folder`, and checks its signature. */
export const openSuite = (folder: string, suite: string): Suite => {
  const keyring = join('/', archiveKeyring)
  if (!existsSync(keyring)) throw new Error('the Debian package debian-archive-keyring is missing')
  try {
    return openWith(join(folder, suite), suite, keyring)
  } catch (error) {
    const newer = newerKeyring(folder, keyring)
    if (newer === undefined) throw error
    return openWith(join(folder, `${suite}-again`), suite, newer)
  }
}
