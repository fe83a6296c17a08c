import { describe, expect, test } from 'vitest'
import { freePorts } from '../services/ports.ts'
import { Place } from './rdv.ts'

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
      stderr: `rdv: it is not so: tcp://127.0.0.1:${port} connection refused\n`,
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
    expect(stderr).toMatch(/^rdv: timed out after 2 s: exec:exit 3 .*3.*$/m)
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
