/** A hostile request, and the status of its answer. */
interface Hostile {
  readonly name: string
  /** The bytes, as latin1 text. */
  readonly send: string
  /** Sent again and again as long as there is no answer. */
  readonly more?: string
  readonly status: number
}

/** A token with all scopes, and tokens with one scope each. */
export const TOKENS = { all: 'token-of-all', read: 'token-of-read', signal: 'token-of-signal' }

interface Parts {
  readonly method?: string
  readonly path?: string
  /** Header lines. They replace the usual lines with the same name. */
  readonly headers?: readonly string[]
  readonly body?: string
}

const nameOf = (header: string): string => header.split(':', 1)[0]?.toLowerCase() ?? ''

const request = ({ method = 'GET', path = '/k', headers = [], body }: Parts): string => {
  const usual = [
    'Host: 127.0.0.1',
    `Authorization: Bearer ${TOKENS.all}`,
    ...(body === undefined ? [] : [`Content-Length: ${body.length}`]),
  ]
  const kept = usual.filter((header) => !headers.some((one) => nameOf(one) === nameOf(header)))
  return `${method} ${path} HTTP/1.1\r\n${[...kept, ...headers].join('\r\n')}\r\n\r\n${body ?? ''}`
}

const key = (name: string, path: string, status = 400): Hostile => ({
  name: `the key ${name}`,
  send: request({ method: 'PUT', path: `/${path}` }),
  status,
})

const query = (name: string, path: string): Hostile => ({
  name,
  send: request({ method: path.startsWith('/w') ? 'GET' : 'PUT', path }),
  status: 400,
})

const headers = (name: string, status: number, ...lines: string[]): Hostile => ({
  name,
  send: request({ method: 'PUT', headers: lines }),
  status,
})

const json = 'Content-Type: application/json'

const call = (name: string, operation: string, body: string, status = 400): Hostile => ({
  name: `${operation}: ${name}`,
  send: request({ method: 'POST', path: `/_rdv/v1/${operation}`, headers: [json], body }),
  status,
})

const probe = (target: string, status = 400): Hostile => ({
  name: `the probe ${target}`,
  send: request({ path: target }),
  status,
})

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)

const put = (more: string) =>
  `{"guards":[],"writes":[{"kind":"put","key":"rdv/signal/evil","value":"AA=="${more}}]}`

const KEYS: readonly Hostile[] = [
  key('with a NUL', '%00'),
  key('with a NUL inside', 'a%00b'),
  key('..', '%2e%2e'),
  key('with .. inside', 'a/%2e%2e/b'),
  key('with a plain .. inside', 'a/../b'),
  key('of invalid UTF-8', '%ff%fe'),
  key('of overlong UTF-8', '%c0%ae'),
  key('of a lone surrogate', '%ed%a0%80'),
  key('with a stray %', '%zz'),
  key('with CRLF', 'a%0d%0aSet-Cookie:x'),
  key('with ANSI escapes', '%1b%5b31mred'),
  key('with a C1 control', '%c2%9b31m'),
  key('of 513 bytes', 'x'.repeat(513)),
  key('of 5,000 bytes', 'x'.repeat(5_000)),
  key('of 513 bytes, encoded', '%C3%A4'.repeat(257)),
  key('with an empty part', 'a//b'),
  key('of a group', 'a/'),
  key('that is a URL', 'http:%2F%2Fevil'),
  key('exec:', 'exec:reboot'),
  key('that is reserved', '_evil', 404),
  key('that is encoded and reserved', '%5Fevil', 404),
  key('__proto__', '__proto__', 404),
]

const QUERIES: readonly Hostile[] = [
  query('a state with a line break', '/k?state=a%0ab'),
  query('a state of invalid Unicode', '/k?state=%00'),
  query('an expiry beyond range', '/k?expire=99999999999999999999h'),
  query('a negative expiry', '/k?expire=-1s'),
  query('a timeout that is none', '/w?timeout=1e999'),
  query('a timeout beyond range', `/w?timeout=${'9'.repeat(400)}`),
  query('a minimum beyond range', '/w/?min=99999999999999999999'),
  query('a minimum that is no number', '/w/?min=NaN'),
  query('a minimum with ANSI escapes', '/w/?min=%1b%5b31m'),
  query('a timeout with a C1 control', '/w?timeout=%c2%9b31m'),
]

const FRAMING: readonly Hostile[] = [
  { name: 'no HTTP', send: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', status: 405 },
  { name: 'a method in small letters', send: request({ method: 'get' }), status: 405 },
  { name: 'TRACE', send: request({ method: 'TRACE' }), status: 405 },
  { name: 'OPTIONS', send: request({ method: 'OPTIONS' }), status: 405 },
  { name: 'an address as target', send: request({ path: 'http://evil.example/k' }), status: 400 },
  headers('both a length and chunks', 400, 'Content-Length: 3', 'Transfer-Encoding: chunked'),
  headers('two lengths', 400, 'Content-Length: 3', 'content-length: 4'),
  headers('a negative length', 400, 'Content-Length: -1'),
  headers('a length beyond range', 400, 'Content-Length: 99999999999999'),
  headers('an unknown encoding', 400, 'Transfer-Encoding: cowbell'),
  headers('a header with a NUL', 400, 'X-Evil: a\x00b'),
  headers('an obsolete fold', 400, 'X-Evil: a', ' b: c'),
  headers('an expectation', 417, 'Expect: cowbell', 'Content-Length: 0'),
  headers('headers of 20 KB', 431, `X-Evil: ${'x'.repeat(20_000)}`),
  headers(
    'a thousand headers',
    431,
    ...Array.from({ length: 1_000 }, (_, at) => `X-${at}: xxxxxxxxxx`),
  ),
  {
    name: 'a chunk that is no chunk',
    send: `${request({ method: 'PUT', headers: ['Transfer-Encoding: chunked'] })}zz\r\n`,
    status: 400,
  },
  {
    name: 'chunks without end',
    send: request({ method: 'PUT', headers: ['Transfer-Encoding: chunked'] }),
    more: `4000\r\n${'x'.repeat(0x4000)}\r\n`,
    status: 413,
  },
  {
    name: 'chunks that come by drops',
    send: request({ method: 'PUT', headers: ['Transfer-Encoding: chunked'] }),
    more: '1\r\nx\r\n',
    status: 408,
  },
  {
    name: 'less than its length',
    send: request({ method: 'PUT', headers: ['Content-Length: 10'] }),
    status: 400,
  },
  {
    name: 'headers that come by drops',
    send: 'GET /k HTTP/1.1\r\nX: ',
    more: 'y',
    status: 408,
  },
  { name: 'half a request line', send: 'GET /', status: 408 },
  { name: 'nothing at all', send: '', status: 408 },
]

const CALLS: readonly Hostile[] = [
  call('no JSON', 'commit', '{"guards":'),
  call('another type', 'commit', '"x"'),
  call('nothing', 'commit', ''),
  call('JSON of 10,000 levels', 'commit', `{"guards":${nested(10_000)},"writes":[]}`),
  call('10,000 levels at the top', 'commit', nested(10_000)),
  call('__proto__', 'commit', put(',"__proto__":{"session":"x"}')),
  call('constructor.prototype', 'commit', put(',"constructor":{"prototype":{"session":"x"}}')),
  call('__proto__ at the top', 'commit', `{"__proto__":{"polluted":1},${put('').slice(1)}`),
  call('a value that is no base64', 'commit', put('').replace('AA==', '<script>')),
  call('a key of another kind', 'commit', put('').replace('rdv/signal', 'rdv/secret')),
  call('a key with ..', 'commit', put('').replace('signal/evil', 'signal/../evil')),
  call('a key with a lone surrogate', 'commit', put('').replace('evil', '\\ud800')),
  call('a key with ANSI escapes', 'commit', put('').replace('evil', '\\u001b[31m')),
  call('a session that is none', 'commit', put(',"session":"nobody"'), 410),
  call('a session of 129 letters', 'commit', put(`,"session":"${'x'.repeat(129)}"`)),
  call(
    'one key twice',
    'commit',
    put('').replace(']}', ',{"kind":"delete","key":"rdv/signal/evil"}]}'),
  ),
  call(
    'a revision beyond range',
    'commit',
    put('').replace('[]', '[{"kind":"unchanged","key":"rdv/signal/evil","modRevision":1e300}]'),
  ),
  call('a TTL beyond range', 'grant', '{"ttl":1e308}'),
  call('a negative TTL', 'grant', '{"ttl":-1}'),
  call('a TTL that is no number', 'grant', '{"ttl":"15000"}'),
  call('a limit beyond range', 'list', '{"scope":"rdv/signal/","limit":1e300}'),
  call('everything', 'list', '{"scope":"/"}'),
  call('a lease that is none', 'renew', '{"id":"\'; DROP TABLE lease; --"}', 410),
  call('another operation', 'format', '{}', 404),
  call('claims where there are none', 'claim', '{"name":"rdv/lock/l","slots":1,"session":"x"}'),
  {
    name: 'commit: text/plain, as a page may send it',
    send: request({
      method: 'POST',
      path: '/_rdv/v1/commit',
      headers: ['Content-Type: text/plain'],
      body: put(''),
    }),
    status: 415,
  },
  probe('/_rdv/v1/watch'),
  probe('/_rdv/v1/watch?scope=rdv/signal/&scope=rdv/lock/'),
  probe('/_rdv/v1/watch?scope=rdv/signal/&heartbeat=1e9'),
]

const WHO: readonly Hostile[] = [
  { name: 'no Host', send: 'PUT /k HTTP/1.1\r\n\r\n', status: 400 },
  headers('two Hosts', 400, 'Host: 127.0.0.1', 'Host: evil.example'),
  headers('a foreign Host', 403, 'Host: evil.example'),
  headers('a Host that only begins well', 403, 'Host: 127.0.0.1.evil.example'),
  headers('a Host with a user', 400, 'Host: localhost@evil.example'),
  headers('a foreign Origin', 403, 'Origin: https://evil.example'),
  headers('the Origin null', 403, 'Origin: null'),
  headers('the Origin of another port', 403, 'Host: 127.0.0.1:1', 'Origin: http://127.0.0.1:2'),
  headers('two Origins', 400, 'Origin: http://127.0.0.1', 'Origin: https://evil.example'),
  headers('a cross-site request', 403, 'Sec-Fetch-Site: cross-site'),
  headers('a request of another port of this host', 403, 'Sec-Fetch-Site: same-site'),
  {
    name: 'a cross-site GET, which would hold a place',
    send: request({ headers: ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors'] }),
    status: 403,
  },
  {
    name: 'text/plain of a foreign page',
    send: request({
      method: 'POST',
      headers: ['Origin: https://evil.example', 'Content-Type: text/plain'],
      body: 'x',
    }),
    status: 403,
  },
  headers('no token', 401, 'Authorization: '),
  headers('a wrong token', 401, 'Authorization: Bearer wrong'),
  headers('a token as a password', 401, `Authorization: Basic ${btoa(`x:${TOKENS.all}`)}`),
  headers('two tokens in one', 401, `Authorization: Bearer wrong, Bearer ${TOKENS.all}`),
  headers('two tokens', 400, `Authorization: Bearer ${TOKENS.all}`, 'Authorization: Bearer wrong'),
  headers('a token of 10 KB', 401, `Authorization: Bearer ${'x'.repeat(10_000)}`),
  headers('a token of 20 KB', 431, `Authorization: Bearer ${'x'.repeat(20_000)}`),
  headers('a token that may only read', 403, `Authorization: Bearer ${TOKENS.read}`),
  {
    name: 'a token that may only signal',
    send: request({ headers: [`Authorization: Bearer ${TOKENS.signal}`] }),
    status: 403,
  },
  {
    name: 'a token without probes',
    send: request({
      path: '/_port/127.0.0.1/1',
      headers: [`Authorization: Bearer ${TOKENS.read}`],
    }),
    status: 403,
  },
]

const post = (name: string, path: string, status = 400): Hostile => ({
  name,
  send: request({ method: 'POST', path }),
  status,
})

const RECIPES: readonly Hostile[] = [
  post('a counter beyond 64 bits', '/_counter/evil?by=9223372036854775808'),
  post('a counter of letters', '/_counter/evil?by=%1b%5b31m'),
  post('a counter called __proto__', '/_counter/__proto__'),
  post('a counter with a NUL', '/_counter/a%00b'),
  post('less work than none', '/_waitgroup/evil?by=-1', 409),
  post('a barrier of too many', '/_barrier/evil?parties=99999999999999999999'),
  post('a barrier of nobody', '/_barrier/evil?parties=0'),
  post('a lock with ..', '/_lock/a%2f..%2fb'),
  post('a lock without slots', '/_lock/evil?slots=0'),
  post('a lock held beyond range', `/_lock/evil?ttl=${'9'.repeat(40)}h`),
  post('a leader without a name', '/_election/evil'),
  post('a leader with a line break', '/_election/evil?id=a%0ab'),
  post('a topic kept for minus one', '/_topic/evil?retain=-1'),
  { name: 'a cursor that is none', send: request({ path: '/_topic/evil?from=%00' }), status: 400 },
]

const PROBES: readonly Hostile[] = [
  probe('/_port/0x7f000001/80'),
  probe('/_port/2130706433/80'),
  probe('/_port/0177.0.0.1/80'),
  probe('/_port/127.1/80'),
  probe('/_port/::ffff:127.0.0.1/80'),
  probe('/_port/::ffff:7f00:1/80'),
  probe('/_port/[::ffff:169.254.169.254]/80'),
  probe('/_port/64:ff9b::a9fe:a9fe/80'),
  probe('/_port/169.254.169.254/80'),
  probe('/_port/fe80::1/80'),
  probe('/_port/fd00:ec2::254/80'),
  probe('/_port/127.0.0.1/0'),
  probe('/_port/127.0.0.1/65536'),
  probe('/_port/127.0.0.1/-1'),
  probe('/_port/127.0.0.1%2F1/80'),
  probe('/_port/user%40127.0.0.1/80'),
  probe('/_port/127.0.0.1/1', 403),
  probe('/_port/elsewhere.example/5432', 403),
  probe('/_postgres/..'),
  probe('/_postgres/a%2Fb'),
  probe('/_postgres/x%40evil'),
  probe(`/_postgres/${'x'.repeat(64)}`),
]

export const HOSTILE = [...KEYS, ...QUERIES, ...FRAMING, ...CALLS, ...WHO, ...RECIPES, ...PROBES]
