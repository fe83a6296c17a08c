import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startEtcd } from '../../services/etcd.ts'
import type { Service } from '../../services/service.ts'
import { besideEach } from '../../side-by-side.ts'
import { present } from '../conformance/harness.ts'
import { ways } from './servers.ts'

const SOURCE = join(import.meta.dirname, '../../../src/backends/etcd/index.ts')

interface Use {
  readonly url: string
  readonly shortLived: boolean
  /** Milliseconds. */
  readonly callLimit: number
  /** The process of the server, which the program stops. */
  readonly pid?: number
}

/** Far longer than a closed backend may keep its process alive. */
const LONG = 60_000

/** A whole program: it uses the backend, closes it, and has no more code to run. */
const program = ({ url, shortLived, callLimit, pid }: Use): string => `
  import { open } from ${JSON.stringify(SOURCE)}
  const backend = await open(${JSON.stringify(url)}, { env: {}, shortLived: ${shortLived}, callLimit: ${callLimit} })
  const begun = Promise.withResolvers()
  const never = new AbortController().signal
  const read = async () => { for await (const event of backend.watch('a/', never)) { console.log(event.kind); begun.resolve() } }
  const watching = read().catch((error) => console.log(error.name))
  await backend.grant(60_000).then(() => begun.promise, (error) => console.log(error.name))
  ${pid ? `process.kill(${pid}, 'SIGSTOP')` : ''}
  void backend.get('b').catch(() => {})
  void backend.renew('1').catch(() => {})
  await backend.close()
  await watching
  const closed = performance.now()
  process.on('exit', () => console.log(performance.now() - closed < 30_000 ? 'ended' : 'lingered'))
`

const outputOf = async (use: Use): Promise<string[]> => {
  const args = ['--input-type=module-typescript', '--eval', program(use)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return stdout.trim().split('\n')
}

besideEach(
  ways,
  'a closed etcd backend over $way does not keep its process alive',
  ({ shortLived }) => {
    const started: { service?: Service } = {}
    const service = () => present(started.service)

    beforeAll(async () => {
      started.service = await startEtcd()
    })
    afterAll(async () => {
      await started.service?.stop()
    })

    test('in the middle of calls and watches', async () => {
      const output = await outputOf({ url: service().url, shortLived, callLimit: LONG })
      expect(output).toEqual(['snapshot', 'LostError', 'ended'])
    })

    test('where the server froze meanwhile', async () => {
      const { url, pid } = service()
      const output = await outputOf({ url, shortLived, callLimit: LONG, pid })
      service().thaw()
      expect(output).toEqual(['snapshot', 'LostError', 'ended'])
    })

    test.each(['etcd', 'etcds'])('where %s:// never connects', async (scheme) => {
      service().freeze()
      const url = `${scheme}://127.0.0.1:${service().port}`
      const output = await outputOf({ url, shortLived, callLimit: 500 })
      service().thaw()
      expect(output.at(-1)).toBe('ended')
      expect(output).toContain('LostError')
    })
  },
)
