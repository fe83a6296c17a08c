import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { VERSION } from './bun.ts'

interface Component {
  readonly type: string
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly 'bom-ref': string
}

interface Bill {
  readonly metadata: { readonly component: { readonly 'bom-ref': string } }
  readonly components: readonly Component[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
}

const root = join(import.meta.dirname, '..')

/** npm's bill of all installed packages, including tools. */
const installed = (): Bill => {
  const words = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application']
  const options = { cwd: root, maxBuffer: 64 * 1024 * 1024, encoding: 'utf8' } as const
  return JSON.parse(execFileSync('npm', words, { ...options, stdio: ['ignore', 'pipe', 'ignore'] }))
}

/** The bill of only the packages in the bundles, and of the executables' runtime. */
const bundled = (bill: Bill): Bill => {
  const names = new Set<string>(JSON.parse(readFileSync(join(root, 'dist/bundled.json'), 'utf8')))
  const components = bill.components.filter((one) => names.has(nameIn(one['bom-ref'])))
  const refs = new Set(components.map((one) => one['bom-ref']))
  refs.add(bill.metadata.component['bom-ref'])
  const dependencies = bill.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) }))
  return { ...bill, components: [...components, RUNTIME], dependencies }
}

/** The runtime of the executables. It is not in npm's bill, because it is not installed here. */
const RUNTIME: Component = {
  type: 'application',
  name: 'bun',
  version: VERSION,
  purl: `pkg:npm/bun@${VERSION}`,
  'bom-ref': `bun@${VERSION}`,
}

/** `@scope/name@1.2.3` without the version. */
const nameIn = (ref: string): string => ref.slice(0, ref.lastIndexOf('@'))

// Prints the bill of materials of the last build, in CycloneDX's format.
process.stdout.write(`${JSON.stringify(bundled(installed()), undefined, 2)}\n`)
