import { describe, expect, test } from 'vitest'
import type { Ended } from './rdv.ts'
import { mayMount, SmallDisk } from './small-disk.ts'

/** Commands on a small disk, with the embedded store or with a server whose file is on that disk. */
const STORES: readonly { store: string; mount: () => Promise<SmallDisk> }[] = [
  { store: 'sqlite', mount: () => SmallDisk.mount() },
  {
    store: 'a durable server',
    mount: async () => {
      const disk = await SmallDisk.mount()
      const { RDV_DATA_DIR: directory = '' } = disk.place.env
      const server = disk.start('serve', '--listen', '127.0.0.1:0', '--data-dir', directory)
      const [, url = ''] = await server.says(/listening on (\S+)/)
      disk.place.env.RDV_BACKEND = url
      return disk
    },
  },
]

const UNTIL_GO = ['--', 'sh', '-c', 'echo up; exec rdv wait go --timeout 0 --quiet']

describe.runIf(mayMount).concurrent.each(STORES)(
  'while the disk of $store is full',
  ({ mount }) => {
    test('who holds goes on holding, and who waits goes on waiting until there is room', async () => {
      const disk = await mount()
      await disk.rdv('signal', 'k', 'busy')
      const holders = [
        disk.start('lock', 'l', '--ttl', '10s', ...UNTIL_GO),
        disk.start('elect', 'e', '--ttl', '10s', '--again', ...UNTIL_GO),
        disk.start('signal', 'node', '--hold', '--ttl', '10s', ...UNTIL_GO),
      ]
      for (const holder of holders) await holder.says(/up/)
      const waiters = [
        disk.start('lock', 'l', '--timeout', '4m', '--', 'true'),
        disk.start('elect', 'e', '--again', '--', 'true'),
        disk.start('barrier', 'b', '--parties', '2', '--timeout', '4m'),
        disk.start('wait', 'go', '--timeout', '4m'),
        disk.start('counter', 'wait', 'c', '--equals', '1', '--timeout', '4m'),
        disk.start('subscribe', 't', '--count', '1'),
      ]
      for (const state of [/^lock\tl\twaits/m, /^election\te\tcampaigns/m])
        await queued(disk, state)
      await waiters[2]?.says(/has 1 of 2 parties/)
      await waiters[5]?.says(/subscribed/)

      await disk.fill()
      const late = ['lock l', 'elect e', 'once o', 'barrier b --parties 2'].map((line) => {
        const words = line.split(' ')
        return disk.start(
          ...words,
          '--timeout',
          '4m',
          ...(words[0] === 'barrier' ? [] : ['--', 'true']),
        )
      })
      const refused = await writeUntilRefused(disk)
      expect(refused).toMatchObject({ code: 120, stdout: '' })
      expect(refused.stderr).toMatch(/rendezvous\.db is on a full disk/)
      // longer than the TTL of the holders
      expect(await disk.rdv('wait', 'nobody', '--timeout', '15s')).toMatchObject({ code: 124 })
      expect(await disk.rdv('get', 'k')).toMatchObject({ code: 0, stdout: 'busy\n' })
      expect(await disk.rdv('lock', 'l', '--try')).toMatchObject({ code: 1 })
      expect((await disk.rdv('list')).stdout).toMatch(/^node\t/m)

      await disk.free()
      await disk.rdv('signal', 'go')
      await disk.rdv('counter', 'inc', 'c')
      await disk.rdv('publish', 't', 'm')
      for (const running of [...holders, ...waiters, ...late]) {
        const { code, stderr } = await running.ended
        expect({ code, stderr }).toEqual({
          code: 0,
          stderr: expect.not.stringMatching(/lost|again/),
        })
      }
    })
  },
)

/** Moves the log into the file and removes the log, as the last process does that closes the file properly. */
const CLOSE = `
  const { DatabaseSync } = require('node:sqlite')
  const database = new DatabaseSync(process.env.RDV_DATA_DIR + '/rendezvous.db')
  database.exec('SELECT * FROM store')
  database.close()`

describe.runIf(mayMount)('a store on a disk that cannot be written is read', () => {
  const closed = async (disk: SmallDisk): Promise<SmallDisk> => {
    await disk.sh('exec "$1" -e "$2"', process.execPath, CLOSE)
    return disk
  }

  test.each<[string, (disk: SmallDisk) => Promise<void>]>([
    ['full, with its log', (disk) => disk.fill()],
    ['full, without a log', async (disk) => (await closed(disk)).fill()],
    ['read-only, with its log', (disk) => disk.forbidWriting()],
    ['read-only, without a log', async (disk) => (await closed(disk)).forbidWriting()],
  ])('%s', async (_, forbid) => {
    const disk = await SmallDisk.mount()
    await disk.rdv('signal', 'k', 'busy')
    await forbid(disk)
    expect(await disk.rdv('get', 'k')).toMatchObject({ code: 0, stdout: 'busy\n', stderr: '' })
    expect(await disk.rdv('wait', 'k=busy')).toMatchObject({ code: 0 })
    expect((await disk.rdv('list')).stdout).toMatch(/^k\tbusy/)
    expect(await disk.rdv('wait', 'k', '--timeout', '2s')).toMatchObject({ code: 124 })
  })

  test('without what its killed holders held', async () => {
    const disk = await SmallDisk.mount()
    const holder = disk.start('signal', 'node', '--hold')
    await expect.poll(async () => (await disk.rdv('get', 'node')).code).toBe(0)
    await disk.rdv('signal', 'k')
    holder.kill('SIGKILL')
    await holder.ended
    await disk.forbidWriting()
    expect(await disk.rdv('get', 'node')).toMatchObject({ code: 1 })
    expect((await disk.rdv('list')).stdout).toMatch(/^k\tready\t*\n$/)
    expect(await disk.rdv('wait', 'node', '--not', '--state', '*')).toMatchObject({ code: 0 })
  })
})

const queued = async (disk: SmallDisk, state: RegExp): Promise<void> => {
  while (!state.test((await disk.rdv('status')).stdout));
}

/** The first write that is refused for lack of space. Small writes fit in the log that exists. */
const writeUntilRefused = async (disk: SmallDisk): Promise<Ended> => {
  for (let number = 0; ; number++) {
    const ended = await disk.rdv('signal', `big/${number}`, 'x'.repeat(100_000), '--timeout', '10s')
    if (ended.code !== 0) return ended
  }
}
