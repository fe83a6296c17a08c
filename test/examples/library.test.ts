import { type ExecFileOptions, execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  barrier,
  type Namespace,
  open,
  publish,
  receive,
  send,
  signal,
  WaitGroup,
} from '../../src/index.ts'
import { REMOTE_STORES } from '../commands/stores.ts'
import { freePorts } from '../services/ports.ts'
import type { Service } from '../services/service.ts'
import { temporaryFolder } from '../services/watchdog.ts'
import { root } from './shell.ts'

const page = readFileSync(join(root, 'docs/library.md'), 'utf8')

/** The snippets of the page, by their headings. */
const snippets = new Map(
  page
    .split(/^#+ /m)
    .slice(1)
    .map((section) => [
      section.slice(0, section.indexOf('\n')),
      /```ts\n(.*?)```/s.exec(section)?.[1],
    ])
    .filter((entry): entry is [string, string] => entry[1] !== undefined),
)

/** The functions that a snippet expects in its reader's own program. */
const PROGRAM = `
function stopWorking(): void {}
async function write(what: { token: number }): Promise<void> {
  console.log('token', what.token)
}
async function handle(id: string, data: Uint8Array): Promise<void> {
  console.log(id, data.length)
  if (id.startsWith('2-')) process.exit()
}
`

/** The actions of other processes while a snippet runs, and the snippet's output. */
interface Case {
  readonly others?: (namespace: Namespace) => Promise<unknown>
  readonly prints: RegExp
}

const CASES: Readonly<Record<string, Case>> = {
  'The library': {
    others: (namespace) => signal({ ...namespace, name: 'ci' }, 'deploy/node1'),
    prints: /^migrated \[.*node1.*ready.*\]$/s,
  },
  'Holding a key': { prints: /^$/ },
  'Counting and meeting': {
    others: (namespace) =>
      Promise.all([
        new WaitGroup(namespace, 'shards')
          .add(12n)
          .then(() => new WaitGroup(namespace, 'shards').done({ count: 12n })),
        barrier(namespace, 'start', 3),
        barrier(namespace, 'start', 3),
      ]),
    prints: /^$/,
  },
  'Locks, elections, once': { prints: /^token \d+\n\{.*id: 'node1'.*\}$/s },
  Topics: {
    others: (namespace) => publish(namespace, 'orders', ['before']),
    prints: /^1-\w+ \d+\n2-\w+ \d+$/,
  },
  'Pipes, ids, status': {
    others: async (namespace) => {
      const received: string[] = []
      for await (const line of receive(namespace, 'jobs', 'workers')) received.push(line.toString())
      expect(received).toEqual(['one', 'two'])
      // The snippet receives, too.
      await send(namespace, 'jobs', [Buffer.from('three')], { groups: ['workers'] })
    },
    prints: /^three\n(\d+n?\n){3}\[/,
  },
}

const services = new Map<string, Service>()
beforeAll(async () => {
  for (const { scheme, start } of REMOTE_STORES) services.set(scheme, await start())
})
afterAll(async () => {
  for (const service of services.values()) await service.stop()
})

/**
 * Writes the snippet as a separate program that has installed the package. It uses the stores and peers of the test.
 */
const programOf = async (snippet: string, data: string, tcpPort: number) => {
  const addresses = (text: string) =>
    text
      .replace(/'(http|etcd|consul):\/\/[^']*'/g, (_, scheme) => `'${services.get(scheme)?.url}'`)
      .replace('tcp://cache:6379', `tcp://127.0.0.1:${tcpPort}`)
  const folder = temporaryFolder('snippet')
  await mkdir(join(folder, 'node_modules'))
  await symlink(root, join(folder, 'node_modules/rendezvous'))
  await symlink(join(root, 'node_modules/@types'), join(folder, 'node_modules/@types'))
  await writeFile(join(folder, 'package.json'), '{"type": "module"}')
  await writeFile(join(folder, 'snippet.ts'), addresses(snippet) + PROGRAM)
  const url = /open\('(.*?)'/.exec(addresses(snippet))?.[1] ?? `sqlite://${data}/rendezvous.db`
  return { folder, url, file: join(folder, 'snippet.ts') }
}

const execute = promisify(execFile)

/** @throws Error with the program's output, if it fails. */
const run = (file: string, args: readonly string[], options: ExecFileOptions) =>
  execute(file, args, { ...options, encoding: 'utf8' }).catch(({ message, stdout, stderr }) => {
    throw new Error(`${message}${stdout}${stderr}`)
  })

const COMPILER = [
  ...['--noEmit', '--strict', '--target', 'es2023', '--lib', 'es2024', '--types', 'node'],
  ...['--module', 'nodenext', '--noUnusedLocals', 'false', '--skipLibCheck'],
]

test('every snippet of the page is one that is run here', () => {
  expect([...snippets.keys()]).toEqual(Object.keys(CASES))
})

describe.each(Object.entries(CASES))('the snippet under "%s"', (heading, { others, prints }) => {
  test('compiles, runs and does what it says', async () => {
    const data = temporaryFolder('data')
    const cache = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
    onTestFinished(() => void cache.close())
    const [spare = 0] = await freePorts(1)
    const tcpPort = (cache.address() as { port: number } | null)?.port ?? spare
    const { folder, url, file } = await programOf(snippets.get(heading) ?? '', data, tcpPort)
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    await run(process.execPath, [tsc, ...COMPILER, file], { cwd: folder })
    const namespace = await open(url, { env: {} })
    onTestFinished(() => namespace.backend.close())
    const meanwhile = others?.(namespace)
    meanwhile?.catch(() => {}) // awaited after the snippet, because the snippet's failure says more
    if (heading === 'The library') await meanwhile
    const env = { PATH: process.env.PATH, RDV_DATA_DIR: data }
    const { stdout } = await run(process.execPath, [file], { cwd: folder, env, timeout: 50_000 })
    await meanwhile
    expect(stdout.trim()).toMatch(prints)
  })
})
