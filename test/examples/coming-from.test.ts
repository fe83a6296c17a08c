import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Place } from '../commands/rdv.ts'
import { consul, etcdctl } from '../recipes/native.ts'
import { startConsul } from '../services/consul.ts'
import { startEtcd } from '../services/etcd.ts'
import { freePorts } from '../services/ports.ts'
import type { Service } from '../services/service.ts'
import { temporaryFolder } from '../services/watchdog.ts'
import { root } from './shell.ts'

const page = readFileSync(join(root, 'docs/coming-from.md'), 'utf8')

/** The rows of the page's tables: a line of another tool, and the line of rdv. */
const ROWS = [...page.matchAll(/^\| `([^`]+)` \| `(rdv [^`]+)` \|$/gm)].map(
  ([, before = '', after = '']) => [before, after] as const,
)

const server = createServer((_, response) => response.end('{"ok":true}'))
const folder = temporaryFolder('coming-from')
let port = 0
let closedPort = 0

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
  closedPort = (await freePorts(1))[0] ?? 0
  for (const name of ['start', 'backup', 'deploy']) {
    writeFileSync(join(folder, name), '#!/bin/sh\necho ran\n', { mode: 0o755 })
  }
  mkdirSync(join(folder, 'app'))
  writeFileSync(join(folder, 'app/ready'), '')
})

afterAll(() => server.close())

/** The line with the servers, files and programs of this test. */
const here = (line: string): string =>
  line
    .replaceAll(/\b(db:5432|api:8080)\b/g, `127.0.0.1:${port}`)
    .replaceAll('old:5432', `127.0.0.1:${closedPort}`)
    .replaceAll('/run/app', `${folder}/app`)
    .replaceAll('/tmp/backup.lock', `${folder}/backup.lock`)
    .replaceAll('./', `${folder}/`)

/** Whether the line names a program, and whether that program ran. */
const ranIn = (line: string, stdout: string) => ({
  names: /\.\/(start|backup|deploy)\b/.test(line),
  ran: stdout === 'ran\n',
})

const expectRan = (
  line: string,
  { code, stdout, stderr }: { code: unknown; stdout: string; stderr: string },
) => {
  const { names, ran } = ranIn(line, stdout)
  expect({ line, code, ran, stderr: code === 0 ? '' : stderr }).toEqual({
    line,
    code: 0,
    ran: names,
    stderr: '',
  })
}

test('the page has lines for each tool', () => {
  const tools = new Set(ROWS.map(([before]) => before.split(' ')[0]))
  expect([...tools].sort()).toEqual(
    ['consul', 'dockerize', 'etcdctl', 'flock', 'wait-for-it.sh', 'wait-on', 'wait4x'].sort(),
  )
})

describe('what to write instead runs', () => {
  test.for(ROWS)('of %s: %s', async ([, after]) => {
    expectRan(after, await new Place().sh(here(after)))
  })
})

const linesOf = (tool: string): string[] =>
  ROWS.flatMap(([before]) => (before.startsWith(`${tool} `) ? [before] : []))

describe('what was written before runs', () => {
  test.for(linesOf('flock'))('%s', async (line) => {
    expectRan(line, await new Place().sh(here(line)))
  })

  const stores = [
    ['etcdctl', startEtcd, etcdctl],
    ['consul', startConsul, consul],
  ] as const

  describe.each(stores)('%s', (tool, start, run) => {
    let service: Service
    beforeAll(async () => {
      service = await start()
    })
    afterAll(() => service.stop())

    test.for(linesOf(tool))('%s', async (line) => {
      const { code, stdout } = await run(service, ...here(line).split(' ').slice(1)).ended
      expect({ line, code, ran: stdout.includes('ran') }).toEqual({ line, code: 0, ran: true })
    })

    test.for(ROWS.filter(([before]) => before.startsWith(`${tool} `)))(
      'instead of %s: %s',
      async ([, after]) => {
        expectRan(after, await new Place({ RDV_BACKEND: service.url }).sh(here(after)))
      },
    )
  })
})
