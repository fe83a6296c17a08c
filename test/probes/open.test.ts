import { describe, expect, test } from 'vitest'
import { UsageError } from '../../src/base/errors.ts'
import { adviceFor } from '../../src/probes/advice.ts'
import { isProbeUrl, openProbe } from '../../src/probes/open.ts'

const refusalOf = (url: string): string => {
  try {
    openProbe(url)
  } catch (error) {
    if (error instanceof UsageError) return error.message
  }
  return expect.unreachable(`${url} was not refused`)
}

test.for(['tcp://h:1', 'TCP://h:1', 'exec:true', 'mysql://h', 'unix:///s'])(
  '%s is a probe URL',
  (text) => {
    expect(isProbeUrl(text)).toBe(true)
  },
)

test.for(['db', 'db=ready', 'deploy/', 'h:5432', 'url=http://h', '', '://h', 'exec'])(
  '"%s" is not',
  (text) => {
    expect(isProbeUrl(text)).toBe(false)
  },
)

test.for([
  'tcp://db:5432',
  'tcp://[::1]:80',
  'tcp://my_service:80/',
  'TCP://DB:1',
  'http://h',
  'https://u:p@h:8443/a?b=c',
  'postgres://db/app',
  'postgresql://u:p@db:5433/app?sslmode=require',
  'postgres:///app?host=/run/postgresql',
  'postgres://%2Frun%2Fpostgresql/app',
  'postgres://u:p@h1:5432,h2,[::1]:5433/app?target_session_attrs=read-write',
  'postgres:///?host=h1,h2&port=5433',
  'postgres://h/my%23db',
  'postgres://h/a%2Fb',
  'unix:///run/s.sock',
  'file:///tmp/a%20b',
  'dns://db.test',
  'dns://bücher.test',
  'redis://h',
  'rediss://u:p@h:6380/2',
  'redis://:p@h',
  'exec:true',
])('%s can be opened', (url) => {
  expect(openProbe(url).check).toBeTypeOf('function')
})

describe('a malformed URL is refused in one sentence that says what to write', () => {
  test.for([
    ['', 'tcp://HOST:PORT'],
    ['db', 'tcp://HOST:PORT'],
    ['db:5432', 'write tcp://db:5432'],
    ['[::1]:5432', 'write tcp://[::1]:5432'],
    ['tcp://db', 'has no port: write tcp://HOST:PORT'],
    ['tcp://', 'has no usable host'],
    ['tcp://:80', 'tcp://HOST:PORT'],
    ['tcp://:80/', 'tcp://HOST:PORT'],
    ['tcp:///:80', 'tcp://HOST:PORT'],
    ['tcp://db..test:80', 'has no usable host'],
    ['tcp://db:0', 'has the port 0'],
    ['tcp://db:65536', 'from 1 to 65535'],
    ['tcp://db:http', 'tcp://HOST:PORT'],
    ['tcp://db:80/path', 'has a path'],
    ['tcp://db:80?timeout=5', 'has a query'],
    ['tcp://db:80#x', 'has a fragment'],
    ['tcp://u:p@db:80', 'has a user or a password'],
    ['tcp://d b:80', 'is malformed'],
    ['tcp://[::1:80', 'is malformed'],
    ['tcp://a%00b:80', 'has no usable host'],
    ['http://', 'http://HOST:PORT/PATH'],
    ['http:///127.0.0.1:80/x', 'has no usable host: write http://HOST:PORT/PATH'],
    ['HTTP:////h/', 'has no usable host'],
    ['http://\\h/', 'has no usable host'],
    ['http://:80/x', 'http://HOST:PORT/PATH'],
    ['http://me:hidden@:80/', 'http://HOST:PORT/PATH'],
    ['http://.example.com/', 'has no usable host'],
    ['https:///x', 'has no usable host'],
    ['https://:443', 'https://HOST:PORT/PATH'],
    ['http://h:0/', 'has the port 0'],
    ['http://u:100%@h/', 'stray %'],
    ['https://h:99999/', 'https://HOST:PORT/PATH'],
    ['postgres://', 'postgres://USER@HOST:PORT/DATABASE'],
    ['postgres:///app', 'has no usable host'],
    ['postgres://db:0/app', 'has the port 0'],
    ['postgres://me:pa/ss@db/app', 'percent-encoded'],
    ['postgres://me:12/34@db/app', 'has an @ in its database'],
    ['postgres://me:1@2@db/app', 'has an @ in its host'],
    ['postgres://h1,,h2/app', 'has no usable host'],
    ['postgres://me:p@/app', 'has no usable host'],
    ['postgres://h/a%zz', 'has a stray %'],
    ['postgres://h/a%00', 'has a %00'],
    ['postgres://h/d?sslmode', 'NAME=VALUE'],
    ['postgres://h:5432x/d', 'from 1 to 65535'],
    ['postgres://h:65536/d', 'from 1 to 65535'],
    ['postgres://h/d?sslmode=bogus', 'write disable, allow, prefer,'],
    ['unix://', 'unix:///PATH'],
    ['unix://run/s', 'not absolute: write unix:///PATH'],
    ['unix:///s?x=1', 'has a query or a fragment'],
    [`unix:///${'a'.repeat(107)}`, 'at most 107 bytes'],
    ['file://', 'file:///PATH'],
    ['file:///', 'has no path'],
    ['file:///a%zz', 'is malformed'],
    ['file:///a%00', 'is malformed'],
    ['dns://', 'dns://NAME'],
    ['dns:///a', 'has no usable host'],
    ['dns://.example.com', 'has no usable host'],
    ['dns://db:53', 'has a port: write dns://NAME'],
    ['dns://db/A', 'has a path'],
    ['redis://:6379', 'redis://USER:PASSWORD@HOST:PORT/DATABASE'],
    ['redis:///0', 'has no usable host'],
    ['rediss://:p@:6379', 'redis://USER:PASSWORD@HOST:PORT/DATABASE'],
    ['redis://h/db', 'not a database number'],
    ['redis://secret@h', 'has a user but no password'],
    ['redis://h:70000', 'redis://USER:PASSWORD@HOST:PORT/DATABASE'],
    ['redis://h?db=1', 'has a query'],
    ['exec:', 'has no command: write exec:COMMAND'],
    ['exec:  ', 'has no command'],
    ['exec://true', 'exec:COMMAND'],
    ['mysql://db', 'no probe for the scheme mysql: write tcp://db:3306'],
    ['gopher://db', 'no probe for the scheme gopher: write one of dns, exec,'],
    ['etcd://db', 'write --backend to name a store'],
    ['tcp:4000', 'write tcp://localhost:4000'],
    ['http://unix:/s.sock:/x', 'write unix:///s.sock'],
    ['EXEC:', 'has no command: write exec:COMMAND'],
    ['htpp://h', 'did you mean http'],
    ['postgress://h/d', 'did you mean postgres,'],
    ['constructor://h', 'no probe for the scheme constructor'],
  ] as const)('%s', ([url, part]) => {
    const message = refusalOf(url)
    expect(message).toContain(part)
    expect(message).not.toMatch(/[.!?] |\n|\.$/)
  })
})

describe('a password is never printed', () => {
  test.for([
    ['http://me:hidden@h/', 'http://me:***@h/'],
    ['https://me:h%40hidden@h/?access_token=hidden&a=b', 'https://me:***@h/?access_token=***&a=b'],
    ['http://me:hi@dden:hidden@h/', 'http://me:***@h/'],
    ['postgres://me:hidden@h/d', 'postgres://me:***@h/d'],
    [
      'postgres://h/d?user=me&password=hidden&sslmode=disable',
      'postgres://h/d?user=me&password=***&sslmode=disable',
    ],
    ['postgres://me:hid#hidden@h1,h2:1/d', 'postgres://me:***@h1,h2:1/d'],
    ['postgres://m#e:hid?hidden@h/d', 'postgres://m#e:***@h/d'],
    ['postgres://me@h/d?sslpassword=hidden', 'postgres://me@h/d?sslpassword=***'],
    ['redis://:hidden@h:1/2', 'redis://:***@h:1/2'],
    ['exec:psql postgres://me:hidden@h/d -c "select 1"', 'exec:psql'],
    ['exec:PGPASSWORD=hidden psql', 'exec:psql'],
    ['https://hidden@h/', 'https://***@h/'],
  ] as const)('%s', ([url, name]) => {
    expect(openProbe(url).name).toBe(name)
  })

  test.for([
    'tcp://me:hidden@h:1',
    'postgres://me:12/hidden@h/d',
    'postgres://me:hid?hidden@h:x/d',
    'redis://:hid/hidden@h',
    'redis://hidden@h',
    'http://me:%hidden@h/',
    'dns://me:hidden@h',
    'unix://me:hidden@h/x',
    'mysql://me:hidden@h/x',
    'me:hidden@h',
    'exec://PW=hidden true',
    'redis://:hidden',
    'postgres://me:hidden/d',
  ])('when %s is refused', (url) => {
    expect(refusalOf(url)).not.toContain('hidden')
  })
})

test('a name is one line', () => {
  expect(openProbe('exec:true\ntrue \u001b[31m').name).toBe('exec:true')
  expect(openProbe('file:///a\u0085b').name).toBe('file:///a b')
})

describe('what is no key either', () => {
  test.for([
    ['tcp:4000', 'tcp://localhost:4000'],
    ['TCP:4000', 'tcp://localhost:4000'],
    [' tcp:4000', 'tcp://localhost:4000'],
    ['tcp:', 'tcp://HOST:PORT'],
    ['tcp4:80', 'tcp://localhost:80'],
    ['file:/a/b', 'file:///a/b'],
    ['file:', 'file:///PATH'],
    ['unix:x', 'unix://$PWD/x'],
    ['http:localhost', 'http://localhost'],
    ['http:8080', 'http://localhost:8080'],
    ['https:443/x', 'https://localhost:443/x'],
    ['postgres:db', 'postgres://USER@HOST:PORT/db'],
    ['pgsql://h/d', 'postgres://h/d'],
    ['jdbc:postgresql://h/d', 'postgresql://h/d'],
    ['jdbc:mysql://h:3307/d', 'tcp://h:3307'],
    ['mysql:db', 'tcp://db:3306'],
    ['mongodb+srv://u:p@h/d', 'tcp://h:27017'],
    ['grpc:h:50051', 'tcp://h:50051'],
    ['redis:6379', 'tcp://redis:6379'],
    ['redis:ready', 'redis://ready'],
    ['localhost:8080/health', 'http://localhost:8080/health'],
    ['./run', 'file://$PWD/run'],
    ['/run/app.sock', 'unix:///run/app.sock'],
    ['host=h dbname=d', 'postgres://USER@HOST:PORT/DATABASE'],
  ] as const)('%s is %s', ([text, url]) => {
    expect(adviceFor(text)?.write).toBe(url)
  })

  test.for([
    'app:v1',
    'image:latest',
    'a:b:c',
    'build:42/',
    'v1.2:3/x',
    'me@host',
    'x:y/z',
    'db=a:b@c',
  ])('%s may be a key', (text) => {
    expect(adviceFor(text)).toBeUndefined()
  })
})
