import { describe, expect, test } from 'vitest'
import { curl } from '../server/curl.ts'
import { lines, Place, type Running } from './rdv.ts'

/** Starts a server on a free port. Resolves to the server and its address. */
const startServer = async (
  here: Place,
  ...flags: string[]
): Promise<{ server: Running; url: string }> => {
  const server = here.start('serve', '--listen', '127.0.0.1:0', ...flags)
  const [, url = ''] = await server.says(/listening on (\S+)/)
  return { server, url }
}

const end = async (server: Running): Promise<string[]> => {
  server.kill('SIGTERM')
  const { code, stderr } = await server.ended
  expect(code).toBe(0)
  return lines(stderr)
}

const messages = (log: readonly string[]): string[] =>
  log.map((line) => (JSON.parse(line) as { message: string }).message)

describe('the log of a server', () => {
  test('is lines of JSON with --log-format json: its start and its stop', async () => {
    const { server, url } = await startServer(new Place(), '--log-format', 'json')
    await curl('-X', 'PUT', `${url}/db`)
    const log = await end(server)
    expect(messages(log)).toEqual([
      'all data is in memory and lost when the server ends; --data-dir keeps it',
      'listening',
      'stopping',
      'stopped',
    ])
    expect(JSON.parse(log[1] ?? '')).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      level: 'info',
      message: 'listening',
      url,
      backend: 'memory:',
    })
  })

  test('is text unless told otherwise, and silent with --quiet', async () => {
    const { server, url } = await startServer(new Place())
    const log = await end(server)
    expect(log[1]).toMatch(new RegExp(`^\\S+Z info listening url=${url} backend=memory:$`))
    const quiet = await startServer(new Place(), '--quiet')
    expect(await end(quiet.server)).toEqual([])
  })

  test('tells each request with --access-log, without secrets and control characters', async () => {
    const here = new Place({ RDV_LOG_FORMAT: 'json', RDV_TOKEN: 'open-sesame' })
    const { server, url } = await startServer(here, '--access-log')
    const token = ['-H', 'Authorization: Bearer open-sesame']
    const asked = `state=seen&expire=1h&token=tell-nobody&sig=tell-nobody&by=ci&x`
    await curl(...token, '-X', 'PUT', `${url}/db?${asked}`)
    await curl(`${url}/db`)
    await curl(...token, '-H', 'X-Forwarded-For: 203.0.113.9', `${url}/http:%2F%2Fu:nobody%40h/x`)
    const gone = curl(...token, `${url}/%1b%5b2Jnever`)
    expect(await gone).toMatchObject({ status: 400 })
    const log = (await end(server)).map((line) => JSON.parse(line))
    const requests = log.filter(({ message }) => message === 'request')
    expect(requests).toMatchObject([
      {
        client: '127.0.0.1',
        method: 'PUT',
        url: '/db?state=seen&expire=1h&token=***&sig=***&by=ci&x',
        status: 400,
      },
      { method: 'GET', url: '/db', status: 401 },
      { forwardedFor: '203.0.113.9', url: '/http:%2F%2F***@h/x', status: 400 },
      { method: 'GET', url: '/%1b%5b2Jnever', status: 400 },
    ])
    expect(JSON.stringify(log)).not.toMatch(/sesame|nobody/)
  })

  test('in another format is refused', async () => {
    const { code, stderr } = await new Place().rdv('serve', '--log-format', 'xml')
    expect(code).toBe(2)
    expect(stderr).toContain('--log-format')
  })
})
