import { describe, expect, onTestFinished, test } from 'vitest'
import { startEtcd, withoutGateway } from '../services/etcd.ts'
import { Place } from './rdv.ts'

describe.each(await withoutGateway())('on an etcd $what', ({ options }) => {
  test('commands do what they do elsewhere', async () => {
    const store = await startEtcd(options)
    onTestFinished(() => store.stop())
    const place = new Place({ RDV_BACKEND: store.url })
    const waiter = place.start('wait', 'db=migrated', '--', 'echo', 'went on')
    await waiter.says(/waiting for db/)
    expect(await place.rdv('signal', 'db', 'migrated')).toMatchObject({ code: 0, stderr: '' })
    expect(await waiter.ended).toMatchObject({ code: 0, stdout: 'went on\n' })
    expect(await place.rdv('get', 'db')).toMatchObject({ code: 0, stdout: 'migrated\n' })
    expect(await place.rdv('counter', 'inc', 'c')).toMatchObject({ code: 0, stdout: '1\n' })
    expect(await place.rdv('lock', 'L', '--', 'sh', '-c', 'exit 7')).toMatchObject({ code: 7 })
  })
})
