import { execFileSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { unsign } from 'macho-unsign'
import { unwrap } from '../src/start-up/wrapping.ts'
import { bunsName, hostTarget, provideBun, TARGETS, type Target, targetNamed } from './bun.ts'

const root = join(import.meta.dirname, '..')
const output = join(root, 'standalone')

/** Where a running executable finds the files that were put into it. */
const INSIDE = '/$bunfs/root'

/** What the program reads as files: by their places in the package. */
const FILES = ['package.json', 'oclif.manifest.json', 'dist/proto', 'dist/page']

/** What is compiled: apart from the files, among which it would be once more. */
const CODE = 'code'

/** Of these the source is inside, not the bytecode: it takes more room than the time is worth. */
const BULKY = ['etcd3', 'fastify', '@fastify/swagger', 'prom-client', 'rare', 're2js', 'typebox']

/** Bytes. */
const MOST = 120_000_000

/** Libraries' own ways to other libraries, which they try and do without. */
const ABSENT = ['pg-native', 'pg-cloudflare']

/**
 * The package as it is to lie in the executable. A bundle is told where it will be: bun would have it know where it has been
 * on this machine.
 */
const stage = async (folder: string): Promise<void> => {
  for (const file of FILES) await cp(join(root, file), join(folder, file), { recursive: true })
  for (const file of globSync('dist/{program,vendor}/**/*.cjs', { cwd: root })) {
    const place = `var __dirname=${JSON.stringify(`${INSIDE}/${dirname(file)}`)};`
    const built = await readFile(join(root, file), 'utf8')
    const text = place + (file.startsWith('dist/program/') ? unwrap(built) : built)
    const bulky = BULKY.some((name) => file === `dist/vendor/${name}.cjs`)
    if (bulky) await write(join(folder, file), text)
    await write(join(folder, CODE, file), bulky ? loaderOf(file) : text)
  }
}

const write = async (file: string, text: string): Promise<void> => {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
}

/** Stands in the place of a bundle that is among the files. */
const loaderOf = (file: string): string => {
  const text = `require('node:fs').readFileSync(${JSON.stringify(`${INSIDE}/${file}`)},'utf8')`
  return `new Function('module','exports','require',${text})(module,exports,require)`
}

/** Nothing is read from the folder where the executable is run, and nobody's variables change what bun does. */
const compile = (compiler: string, runtime: string, target: Target, folder: string): void => {
  const words = ['build', '--compile', '--minify', '--bytecode', `${CODE}/dist/program/rdv.cjs`]
  const closed = ['dotenv', 'bunfig', 'tsconfig', 'package-json'].map(
    (what) => `--no-compile-autoload-${what}`,
  )
  const options = [
    ...[`--target=${bunsName(target)}`, `--compile-executable-path=${runtime}`],
    ...['--outfile', 'rdv', '--asset=package.json', '--asset=oclif.manifest.json', '--asset=dist'],
    ...ABSENT.map((name) => `--external=${name}`),
  ]
  execFileSync(compiler, [...words, ...closed, ...options], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

/**
 * In the executable for Intel's Macs bun leaves the signature of its own file, which is wrong of what it has put in: macOS
 * ends who has a wrong one. They need none; the other Macs' executable is signed anew.
 */
const removeSignature = async (file: string): Promise<void> => {
  const unsigned = unsign(await readFile(file))
  if (!unsigned) throw new Error(`${file} has no signature any more: leave this step out`)
  await writeFile(file, new Uint8Array(unsigned))
}

const checkSize = async (file: string): Promise<void> => {
  const { size } = await stat(file)
  if (size > MOST) throw new Error(`an executable of ${size} bytes is too large: at most ${MOST}`)
}

/** Whoever runs an earlier one goes on with it. */
const make = async (target: Target): Promise<void> => {
  const bun = join(root, '.bun')
  const compiler = process.env.RDV_BUN ?? (await provideBun(hostTarget(), bun))
  const runtime = target === hostTarget() ? compiler : await provideBun(target, bun)
  await mkdir(output, { recursive: true })
  const folder = await mkdtemp(join(output, `.${target}-`))
  try {
    await stage(folder)
    compile(compiler, runtime, target, folder)
    if (target === 'darwin-x64') await removeSignature(join(folder, 'rdv'))
    await checkSize(join(folder, 'rdv'))
    await rename(join(folder, 'rdv'), join(output, `rdv-${target}`))
  } finally {
    await rm(folder, { recursive: true })
  }
  console.log(`standalone/rdv-${target}`)
}

const names = process.argv.slice(2)
const targets = names.includes('all') ? TARGETS : names.map(targetNamed)
for (const target of targets.length > 0 ? targets : [hostTarget()]) await make(target)
