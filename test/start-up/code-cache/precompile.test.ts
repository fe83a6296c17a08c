import { execFile } from 'node:child_process'
import { chmodSync, chownSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { program, standalone } from '../../commands/executable.ts'
import { etcdctl } from '../../recipes/native.ts'
import { startEtcd } from '../../services/etcd.ts'
import { temporaryFolder } from '../../services/watchdog.ts'
import { install } from './installed.ts'

describe('an installation that is precompiled', () => {
  let root = ''
  let home = ''
  const cache = () => join(root, 'dist/cache')
  const data = () => join(home, 'data')
  const environment = () => ({ HOME: home, RDV_DATA_DIR: data(), PATH: process.env.PATH })
  const rdv = (words: readonly string[], uid?: number) =>
    promisify(execFile)(process.execPath, [join(root, 'bin/rdv.cjs'), ...words], {
      env: environment(),
      uid,
    })

  beforeEach(() => {
    root = install()
    home = temporaryFolder('home')
  })

  test('has what the commonest commands need, and has touched nothing of the user’s', async () => {
    expect(await rdv(['precompile'])).toEqual({ stdout: `${cache()}\n`, stderr: '' })
    const commands = readdirSync(cache()).map((name) => /-(\w+-sqlite)$/.exec(name)?.[1])
    expect(commands).toEqual(
      expect.arrayContaining(['signal-sqlite', 'get-sqlite', 'wait-sqlite', 'lock-sqlite']),
    )
    expect(readdirSync(home)).toEqual([])
  })

  test('serves other users, who need not keep anything', async () => {
    await rdv(['precompile'])
    const kept = readdirSync(cache())
    const uid = process.getuid?.() === 0 ? 65_534 : undefined
    if (uid) chownSync(home, uid, uid)
    chmodSync(root, 0o755)
    await rdv(['signal', 'k'], uid)
    await rdv(['wait', 'k'], uid)
    expect(readdirSync(home)).toEqual(['data'])
    expect(readdirSync(cache())).toEqual(kept)
  })

  test('is not claimed where nothing can be kept', async () => {
    writeFileSync(cache(), '')
    writeFileSync(join(home, '.cache'), '')
    await expect(rdv(['precompile'])).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^rdv: the cache cannot be written: .*\n$/),
    })
  })

  test('is not claimed where a command fails, which says why', async () => {
    await expect(rdv(['precompile', '--backend', 'ftp://host', '--json'])).rejects.toMatchObject({
      code: 2,
      stdout: expect.stringMatching(/^\{"ok":false,"error":"usage".*\}\n$/),
    })
  })

  test('has what is needed for another kind of store, in which nothing is left', async () => {
    const store = await startEtcd()
    onTestFinished(() => store.stop())
    await rdv(['signal', 'mine', '--backend', store.url])
    await rdv(['precompile', '--backend', store.url])
    const kept = readdirSync(cache()).filter((name) => /-(signal|wait|lock)-etcd$/.test(name))
    expect(kept).toHaveLength(3)
    const { stdout } = await etcdctl(store, 'get', '', '--prefix', '--keys-only').ended
    expect(stdout.match(/\S+/g)).toEqual([expect.stringMatching(/mine$/)])
  })
})

test('precompiling the form of the program that is tested', async () => {
  const [file, args] = program(['precompile'])
  const { stdout, stderr } = await promisify(execFile)(file, [...args])
  if (standalone) expect(stderr).toMatch(/^rdv: this executable is already compiled/)
  else expect(stdout).toMatch(/^\/.*\n$/)
})
