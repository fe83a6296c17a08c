import { execFileSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { unsign } from 'macho-unsign'
import { unwrap } from '../src/start-up/wrapping.ts'
import { bunsName, hostTarget, provideBun, TARGETS, type Target, targetNamed } from './bun.ts'

const root = join(import.meta.dirname, '..')
const output = join(root, 'standalone')

/** The folder in which a running executable finds its files. */
const INSIDE = '/$bunfs/root'

/** The files that the program reads, by their paths in the package. */
const FILES = ['package.json', 'oclif.manifest.json', 'dist/proto', 'dist/page']

/** The folder of the code to compile. It is separate from the files, so that the code is not contained twice. */
const CODE = 'code'

/** The bundles that are contained as source. Their bytecode would take much space and save little time. */
const BULKY = ['etcd3', 'fastify', '@fastify/swagger', 'prom-client', 'rare', 're2js', 'typebox']

/** The maximum size of an executable, in bytes. */
const MOST = 120_000_000

/** Optional dependencies of libraries, which work without them. */
const ABSENT = ['pg-native', 'pg-cloudflare']

/**
 * Writes the contents of the executable into a folder. Each bundle gets its path within the executable as `__dirname`,
 * because bun would give it the path on this machine.
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

/** The code that takes the place of a bundle that is contained as source. */
const loaderOf = (file: string): string => {
  const text = `require('node:fs').readFileSync(${JSON.stringify(`${INSIDE}/${file}`)},'utf8')`
  return `new Function('module','exports','require',${text})(module,exports,require)`
}

/** When the executable runs, bun reads none of its settings from files in the current folder. */
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
 * The executable for Intel Macs contains the signature of bun's own file, which is not valid for the added code. macOS
 * kills a program with an invalid signature, but Intel Macs need no signature. bun signs the executable for other Macs
 * again.
 */
const removeSignature = async (file: string): Promise<void> => {
  const unsigned = unsign(await readFile(file))
  if (!unsigned) throw new Error(`${file} has no signature: remove this step from the script`)
  await writeFile(file, new Uint8Array(unsigned))
}

const checkSize = async (file: string): Promise<void> => {
  const { size } = await stat(file)
  if (size > MOST) throw new Error(`an executable of ${size} bytes is too large: at most ${MOST}`)
}

/** Builds an executable and renames it into place, because other processes may be running the previous one. */
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
