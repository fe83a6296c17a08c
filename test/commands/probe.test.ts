import { describe, expect, test } from 'vitest'
import { listenHttp } from '../probes/servers.ts'
import { freePorts } from '../services/ports.ts'
import { lines, Place } from './rdv.ts'

describe('probe', () => {
  test.each([
    { argv: ['exec:true'], code: 0 },
    { argv: ['exec:false'], code: 1 },
    { argv: ['exec:true', 'exec:false'], code: 1 },
    { argv: ['exec:true', 'exec:test 1 = 1', 'file:///dev/null'], code: 0 },
    { argv: ['file:///no/such/file'], code: 1 },
  ])('looks once at $argv: $code', async ({ argv, code }) => {
    expect(await new Place().rdv('probe', ...argv)).toMatchObject({ code, stdout: '' })
  })

  test('looks once, and says why', async () => {
    const [port] = await freePorts(1)
    const { code, stderr } = await new Place().rdv('probe', `tcp://127.0.0.1:${port}`)
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `rdv: condition not met: tcp://127.0.0.1:${port} connection refused\n`,
    })
  })

  test('with --timeout looks until it holds', async () => {
    const place = new Place()
    const flag = `${place.directory}-flag`
    const probing = place.start('probe', `file://${flag}`, '--timeout', '1m', '--', 'echo', 'ran')
    await probing.says(/waiting for file:/)
    await place.sh('touch "$1"', flag)
    expect(await probing.ended).toMatchObject({ code: 0, stdout: 'ran\n' })
  })

  test('with --timeout times out', async () => {
    const place = new Place()
    const { code, stderr } = await place.rdv('probe', 'exec:exit 3', '--timeout', '2s')
    expect(code).toBe(124)
    expect(lines(stderr).at(-1)).toBe('rdv: timed out after 2 s: exec:exit#1 exit code 3')
  })

  test('opens no store', async () => {
    const place = new Place({ RDV_BACKEND: 'nonsense' })
    expect(await place.rdv('probe', 'exec:true')).toMatchObject({ code: 0, stderr: '' })
  })

  test('of http heeds status, headers and body', async () => {
    const { createServer } = await import('node:http')
    const server = createServer((request, response) => {
      response.statusCode = request.headers['x-key'] === 'secret' ? 200 : 403
      response.end('all is well')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const url = `http://127.0.0.1:${port}/`
    const place = new Place()
    const look = async (...flags: string[]) => (await place.rdv('probe', url, ...flags)).code
    expect(await look()).toBe(1)
    expect(await look('--http-status', '403')).toBe(0)
    expect(await look('--http-status', '200-299,400-499')).toBe(0)
    expect(await look('--http-header', 'X-Key: secret')).toBe(0)
    expect(await look('--http-header', 'X-Key: secret', '--http-body-match', '^all .* well$')).toBe(
      0,
    )
    expect(await look('--http-header', 'X-Key: secret', '--http-body-match', 'ill')).toBe(1)
    server.closeAllConnections()
    server.close()
  })
})

describe('--http-body-match', () => {
  const serving = async (body: string): Promise<string> =>
    `http://127.0.0.1:${await listenHttp((_, response) => void response.end(body))}/`

  test('takes an expression that would keep a backtracking engine busy for ever', async () => {
    const url = await serving(`${'a'.repeat(59)}!`)
    const flags = ['--http-body-match', '^(\\w+\\s?)*$', '--timeout', '3s']
    const { code, stderr } = await new Place().rdv('wait', url, ...flags)
    expect({ code, stderr }).toEqual({ code: 124, stderr: expect.stringContaining('match') })
  })

  test.for([
    ['(', 'missing closing )'],
    ['a(?=b)', 'not support lookahead'],
    ['(?<=a)b', 'not support lookahead and lookbehind'],
    ['(a)\\1', 'not support backreferences'],
  ] as const)("%s is a usage error that names RE2's syntax", async ([expression, reason]) => {
    for (const command of ['probe', 'wait']) {
      const { code, stderr } = await new Place().rdv(
        ...[command, 'file:///dev/null', '--http-body-match', expression],
      )
      expect(code).toBe(2)
      expect(stderr).toMatch(
        /^rdv: --http-body-match ".*is not a regular expression in RE2 syntax: /,
      )
      expect(stderr).toContain(reason)
    }
  })

  test('holds as soon as what has come of a stream matches', async () => {
    const url = `http://127.0.0.1:${await listenHttp(
      (_, response) => void response.write('data: {"ready":true}\n\n'),
    )}/`
    const words = [url, '--http-body-match', '"ready":true', '--timeout', '2m']
    expect(await new Place().rdv('wait', ...words)).toMatchObject({ code: 0 })
  })
})

test.for(['http:///127.0.0.1:8080', 'http://:8080', 'https://', 'etcd://:2379', 'consul://:8500'])(
  'a store without a host is a usage error: %s',
  async (backend) => {
    const { code, stderr } = await new Place({ RDV_BACKEND: backend }).rdv('get', 'k')
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('write ') })
  },
)
