import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { locate } from '../../../src/backends/etcd/location.ts'
import { UsageError } from '../../../src/base/errors.ts'

const failureOf = (url: string, env = {}): Error => {
  try {
    locate(url, env)
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('it was taken')
}

describe('an etcd URL', () => {
  test('names the servers of a cluster, by default at port 2379', () => {
    expect(locate('etcd://a:1234,b,[::1]:99', {})).toEqual({
      address: 'etcd://a:1234,b:2379,[::1]:99',
      hosts: ['a:1234', 'b:2379', '[::1]:99'],
    })
  })

  test.each(['etcd://', 'etcd:a', 'etcd://a/b', 'etcd://a,,b', 'etcd://a:0', 'etcd://a:70000'])(
    '%s is a usage error',
    (url) => {
      expect(failureOf(url)).toBeInstanceOf(UsageError)
    },
  )

  test('may hold the user and the password, which its address and errors do not', () => {
    const { address, login } = locate('etcd://al%40ice:s%3Aec@ret@a', {})
    expect(login).toEqual({ name: 'al@ice', password: 's:ec@ret' })
    expect(address).toBe('etcd://a:2379')
    for (const url of ['etcd://u:secret@', 'etcd://u:secret@a b', 'etcd://u:secret%@a']) {
      expect(failureOf(url).message).not.toContain('secret')
    }
    expect(failureOf('etcd://secret@a').message).not.toContain('secret')
  })
})

describe('the environment of etcdctl', () => {
  test('names the user, with the password in it or apart', () => {
    expect(locate('etcd://a', { ETCDCTL_USER: 'u:p:q' }).login).toEqual({
      name: 'u',
      password: 'p:q',
    })
    expect(locate('etcd://a', { ETCDCTL_USER: 'u:v', ETCDCTL_PASSWORD: 'p' }).login).toEqual({
      name: 'u:v',
      password: 'p',
    })
  })

  test('may name a file with the password', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rdv-etcd-'))
    const path = join(folder, 'password')
    writeFileSync(path, 'p w\n')
    const env = { ETCDCTL_USER: 'u', ETCDCTL_PASSWORD_FILE: path }
    expect(locate('etcd://a', env).login).toEqual({ name: 'u', password: 'p w' })
    rmSync(folder, { recursive: true })
  })

  test('yields to the URL', () => {
    const env = { ETCDCTL_USER: 'other:one' }
    expect(locate('etcd://u:p@a', env).login).toEqual({ name: 'u', password: 'p' })
  })

  test('counts for TLS only with etcds://, and is a usage error where it is incomplete', () => {
    expect(locate('etcd://a', { ETCDCTL_CACERT: '/missing' }).tls).toBeUndefined()
    expect(failureOf('etcds://a', { ETCDCTL_CACERT: '/missing' }).message).toContain('/missing')
    expect(failureOf('etcds://a', { ETCDCTL_CERT: '/missing' })).toBeInstanceOf(UsageError)
    expect(failureOf('etcd://a', { ETCDCTL_USER: 'u' })).toBeInstanceOf(UsageError)
  })

  test('without an authority means those that the machine trusts', () => {
    const { tls } = locate('etcds://a', {})
    expect(String(tls?.current.ca)).toContain('BEGIN CERTIFICATE')
  })
})
