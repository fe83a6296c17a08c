import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The version of bun: of the compiler, and of the runtime in each executable. */
export const VERSION = '1.4.5'

/**
 * The targets for which executables can be built, each with its npm package of bun and the hash of that package. bun is
 * not a dependency, because it takes 100 MB, and the build and the tests of the npm package do not need it.
 */
const RUNTIMES = {
  'linux-x64': [
    'bun-linux-x64',
    'sha512-IWX9BELoGHAUtMonkeSaNaZwXzRk+oDw6Mk+HBFXd3KHYIBNBsIGRupMZPcgNoDbJpLu6gAJjIoIVPZtt1aJ1g==',
  ],
  'linux-arm64': [
    'bun-linux-aarch64',
    'sha512-4BXmsSKnjOrlGWqZV4x/oWa7AVoR+B6lCXddMzOAXBIm3t50eslg9wb66gmtW1AamEQ1l1CDvmmruysEhqOWMg==',
  ],
  'linux-x64-musl': [
    'bun-linux-x64-musl',
    'sha512-10QoW/YfTgnURaGEaHpJCiXjLI2e5iTtfVDaA5JKcyUzaa1cq6cVUY9/Uq5XkYzvtRjHLRe9Oj/lTDIQcxy8HQ==',
  ],
  'linux-arm64-musl': [
    'bun-linux-aarch64-musl',
    'sha512-XCNc+WvvMAdNNb+OWTogpy+N9wm62fkVeEVLb6how0RZhW5LPi6c7BlkeVCuWps7XjEl2saFpHFa20/1E+PAHg==',
  ],
  'darwin-x64': [
    'bun-darwin-x64',
    'sha512-qkLPMGHZM9NI6CeHTWwVezzmlo6cC4Ta7yUAjYIWXS366qQcOlcp75t2uZyiuVRBMPS0h9qE0tCcvCHGaFqjJg==',
  ],
  'darwin-arm64': [
    'bun-darwin-aarch64',
    'sha512-4MIFXHmctH2EhAxLXm2/qxNtv17dFtLJylvaOCsrgq6KSqHTs6eW5YSrJjRbJxYUJaR901fsN8JfZOa+CsWpWQ==',
  ],
} as const

/** A kind of machine, as in the name of its executable. */
export type Target = keyof typeof RUNTIMES

export const TARGETS = Object.keys(RUNTIMES) as readonly Target[]

const isTarget = (name: string): name is Target => name in RUNTIMES

/** @throws Error that names all targets. */
export const targetNamed = (name: string): Target => {
  if (isTarget(name)) return name
  throw new Error(`there is no target ${JSON.stringify(name)}: write one of ${TARGETS.join(', ')}`)
}

/** The target for this machine. */
export const hostTarget = (): Target => {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  const musl = process.platform === 'linux' && header.glibcVersionRuntime === undefined
  return targetNamed(`${process.platform}-${process.arch}${musl ? '-musl' : ''}`)
}

/** The name of the target in bun's compiler. */
export const bunsName = (target: Target): string => RUNTIMES[target][0]

/**
 * The path of bun's executable for a target. If it is not there yet, npm installs it below `folder`, and checks the
 * package against the hash in a lock file.
 */
export const provideBun = async (target: Target, folder: string): Promise<string> => {
  const [name, integrity] = RUNTIMES[target]
  const into = join(folder, `${target}-${VERSION}`)
  const file = join(into, 'node_modules/@oven', name, 'bin/bun')
  if (existsSync(file)) return file
  const dependencies = { [`@oven/${name}`]: VERSION }
  const installed = { [`node_modules/@oven/${name}`]: { version: VERSION, integrity } }
  const lock = { lockfileVersion: 3, packages: { '': { dependencies }, ...installed } }
  await mkdir(into, { recursive: true })
  await writeFile(join(into, 'package.json'), JSON.stringify({ dependencies }))
  await writeFile(join(into, 'package-lock.json'), JSON.stringify(lock))
  // Without --force, npm refuses a package for another machine.
  const words = ['ci', '--force', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  execFileSync('npm', [...words, '--prefix', into], { stdio: ['ignore', 'ignore', 'inherit'] })
  return file
}
