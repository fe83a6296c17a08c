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

/** A whole program: it uses the backend, closes it, and has no more code to run. */
const program = (url: string, shortLived: boolean, pid: number | undefined): string => `
  import { open } from ${JSON.stringify(SOURCE)}
  const backend = await open(${JSON.stringify(url)}, { env: {}, shortLived: ${shortLived}, callLimit: 500 })
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
  process.on('exit', () => console.log(performance.now() - closed < 4_000 ? 'ended' : 'lingered'))
`

const outputOf = async (url: string, shortLived: boolean, pid?: number): Promise<string[]> => {
  const args = ['--input-type=module-typescript', '--eval', program(url, shortLived, pid)]
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
      const output = await outputOf(service().url, shortLived)
      expect(output).toEqual(['snapshot', 'LostError', 'ended'])
    })

    test('where the server froze meanwhile', async () => {
      const output = await outputOf(service().url, shortLived, service().pid)
      service().thaw()
      expect(output).toEqual(['snapshot', 'LostError', 'ended'])
    })

    test.each(['etcd', 'etcds'])('where %s:// never connects', async (scheme) => {
      service().freeze()
      const output = await outputOf(`${scheme}://127.0.0.1:${service().port}`, shortLived)
      service().thaw()
      expect(output.at(-1)).toBe('ended')
      expect(output).toContain('LostError')
    })
  },
)
