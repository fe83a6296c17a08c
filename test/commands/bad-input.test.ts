import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { lines, Place } from './rdv.ts'

/** The arguments, and a pattern for the one sentence. */
type Row = readonly [argv: readonly string[], says: RegExp]

const long = 'k'.repeat(513)

const COMMANDS: readonly Row[] = [
  [[], /rdv help/],
  [[''], /rdv help/],
  [['--json-but-wrong'], /rdv help/],
  [['frobnicate'], /unknown command "frobnicate".*rdv help/],
  [['singal', 'k'], /did you mean signal\?/],
  [['wiat', 'k'], /did you mean wait\?/],
  [['--timeout'], /rdv help/],
  [['--frob', 'get', 'k'], /unknown flag --frob/],
  [['get', 'k', '--frob'], /unknown flag --frob/],
  [['get', 'k', '-x'], /unknown flag -x/],
  [['wait', 'k', '--onec'], /did you mean --once\?/],
]

const MISSING: readonly Row[] = [
  [['wait'], /TARGET is missing/],
  [['wait', ''], /"" is empty: write a name/],
  [['wait', 'k', ''], /"" is empty: write a name/],
  [['wait', 'k', '--fail-if'], /--fail-if expects a value/],
  [['wait', 'k', '--fail-if', ''], /"" is empty: write a name/],
  [['wait', '=ready'], /"" is empty: write a name/],
  [['wait', 'k='], /state is empty: write a word/],
  [['signal'], /KEY is missing/],
  [['signal', ''], /"" is empty: write a name/],
  [['signal', 'k', ''], /state is empty: write a word/],
  [['signal', '', '--hold'], /"" is empty: write a name/],
  [['signal', 'k', '--hold', '--'], /COMMAND is missing after --/],
  [['signal', 'k', '--hold', '--', ''], /COMMAND is missing after --/],
  [['signal', 'k', '--hold', '--on-success', '', '--', 'true'], /state is empty: write a word/],
  [['get'], /KEY is missing/],
  [['get', ''], /"" is empty: write a name/],
  [['clear'], /KEY is missing/],
  [['clear', ''], /"" is empty: write a name/],
  [['clear', 'k', ''], /"" is empty: write a name/],
  [['clear', '', '--recursive'], /"" is empty: write a name/],
  [['clear', '/', '--all'], /"" is empty: write a name/],
  [['list', ''], /"" is empty: write a name/],
  [['probe'], /URL is missing/],
  [['probe', ''], /write one such as tcp:\/\/HOST:PORT/],
  [['wait', 'k', '--'], /COMMAND is missing after --/],
  [['wait', 'k', '--', ''], /COMMAND is missing after --/],
  [['get', 'k', '--backend', ''], /--backend is empty: write a URL/],
  [['get', 'k', '--namespace', ''], /namespace "" is empty: write a name/],
]

const SURPLUS: readonly Row[] = [
  [['signal', 'k', 'ready', 'steady'], /unexpected argument "steady"/],
  [['get', 'k', 'l'], /unexpected argument "l"/],
  [['list', 'a/', 'b/'], /unexpected argument "b\/"/],
  [['doctor', 'k'], /unexpected argument "k"/],
  [['get', 'k', '--', 'true'], /get takes no COMMAND: leave out the --/],
  [['list', '--', 'true'], /list takes no COMMAND: leave out the --/],
  [['clear', 'k', '--', 'true'], /clear takes no COMMAND: leave out the --/],
  [['doctor', '--', 'true'], /doctor takes no COMMAND: leave out the --/],
]

const VALUES: readonly Row[] = [
  [['wait', 'k', '--timeout', 'abc'], /--timeout "abc" is not a duration: write 500ms, 30s/],
  [['wait', 'k', '--timeout', ''], /write 500ms, 30s/],
  [['wait', 'k', '--timeout', '-1'], /write 500ms, 30s/],
  [['wait', 'k', '--timeout', '5 s'], /write 500ms, 30s/],
  [['wait', 'k', '--timeout', '1h30'], /write 500ms, 30s/],
  [['wait', 'k', '--timeout', '1e3'], /write 500ms, 30s/],
  [['wait', 'k', '--timeout'], /--timeout expects a value/],
  [['get', 'k', '--timeout', '1d'], /write 500ms, 30s/],
  [['list', '--watch', '--timeout', 'x'], /write 500ms, 30s/],
  [['wait', 'g/', '--min', '-1'], /--min "-1" is not an integer of at least 0/],
  [['wait', 'g/', '--min', '1.5'], /integer of at least 0/],
  [['wait', 'g/', '--min', ''], /integer of at least 0/],
  [['wait', 'g/', '--min', '99999999999999999999'], /integer of at least 0/],
  [['wait', 'g/', '--ready', '0'], /integer of at least 1/],
  [['wait', 'g/', '--min', '1', '--ready', '1'], /--min=1 cannot.*--ready/],
  [
    ['wait', 'k', '--min', '1'],
    /--min applies to groups only: write a group with a trailing slash/,
  ],
  [
    ['wait', 'k', '--ready', '1'],
    /--ready applies to groups only: write a group with a trailing slash/,
  ],
  [['wait', 'a', 'b', '--at-least', '5'], /--at-least 5 exceeds the number of targets \(2\)/],
  [['wait', 'a', 'b', '--at-least', '0'], /integer of at least 1/],
  [['wait', 'a', 'b', '--at-least', 'x'], /integer of at least 1/],
  [['wait', 'a', 'b', '--any', '--at-least', '1'], /--at-least=1 cannot.*--any/],
  [['wait', 'k', '--state', 'a,,b'], /--state "a,,b" has an empty item/],
  [['wait', 'k', '--state', ''], /has an empty item/],
  [['wait', 'k', '--fail-state', ','], /has an empty item/],
  [['wait', 'k', '--exit-codes', 'x=1'], /"x=1".*NAME=CODE: write one of the names no, usage, /],
  [['wait', 'k', '--exit-codes', 'timeout=256'], /a code up to 255/],
  [['wait', 'k', '--exit-codes', 'timeout=-1'], /NAME=CODE/],
  [['wait', 'k', '--exit-codes', 'timeout'], /NAME=CODE/],
  [['wait', 'k', '--exit-codes', 'timeout=1,'], /NAME=CODE/],
  [['wait', 'k', '--exit-codes', ''], /NAME=CODE/],
  [['signal', 'k', '--expire', '0'], /--expire must be greater than 0/],
  [['signal', 'k', '--expire', 'soon'], /--expire "soon" is not a duration: write 500ms/],
  [['signal', 'k', '--hold', '--ttl', '0'], /--ttl must be greater than 0/],
  [['signal', 'k', '--hold', '--ttl', '1y'], /--ttl "1y" is not a duration: write 500ms/],
  [['signal', 'k', '--hold', '--grace', 'x'], /--grace "x" is not a duration: write 500ms/],
  [['signal', 'k', '--hold', '--on-loss', 'cry'], /rejoin, stop/],
  [['signal', 'k', 'a\nb'], /control character: leave it out/],
  [['wait', 'http://localhost:1', '--http-status', '99'], /write 200 or 200-299/],
  [['wait', 'http://localhost:1', '--http-status', '300-200'], /write 200 or 200-299/],
  [['wait', 'http://localhost:1', '--http-header', 'nocolon'], /write "Name: value"/],
  [['wait', 'http://localhost:1', '--http-body-match', '('], /not a regular expression/],
]

const COMBINATIONS: readonly Row[] = [
  [['signal', 'k', '--states-from', '-'], /--states-from needs --hold/],
  [['signal', 'k', '--on-success', 'up'], /--on-success needs --hold/],
  [['signal', 'k', '--on-failure', 'down'], /--on-failure needs --hold/],
  [['signal', 'k', '--on-loss', 'stop'], /--on-loss needs --hold/],
  [['signal', 'k', '--ttl', '5s'], /--ttl needs --hold/],
  [['signal', 'k', '--grace', '1s'], /--grace needs --hold/],
  [['signal', 'k', '--', 'true'], /COMMAND needs --hold/],
  [['signal', 'k', '--hold', '--expire', '5s'], /--hold.*cannot.*--expire/],
  [['signal', 'k', '--hold', '--states-from', 'file'], /one of: -/],
  [['signal', 'k', '--hold', '--states-from', '-', '--', 'cat'], /leave out one of them/],
  [['signal', 'k', '--hold', '--on-success', 'up'], /needs a COMMAND: write -- COMMAND/],
  [['signal', 'k', '--hold', '--on-failure', 'down'], /needs a COMMAND: write -- COMMAND/],
]

const NAMES: readonly [name: string, says: RegExp][] = [
  ['/', /empty part: separate the parts by single slashes/],
  ['/a', /begins with a slash: leave that out/],
  ['a//b', /empty part/],
  ['.', /part "\." or "\.\."/],
  ['..', /part "\." or "\.\."/],
  ['a/./b', /part "\." or "\.\."/],
  ['a/../b', /part "\." or "\.\."/],
  ['a\nb', /"a\\nb" has a control character: leave it out/],
  ['a\tb', /control character/],
  ['a\u007fb', /control character/],
  ['a\u0085b', /control character/],
  ['_a', /reserved: choose another name/],
  [long, /longer than 512 bytes: shorten it/],
  ['é'.repeat(257), /longer than 512 bytes: shorten it/],
]

/** The commands that take a key, with names that are not keys. */
const KEYS: readonly Row[] = [
  ...NAMES.flatMap(([name, says]): Row[] => [
    [['signal', name], says],
    [['wait', name === '/' || name === '/a' ? 'a//' : name], name === '/a' ? /empty part/ : says],
  ]),
  [['get', 'a//b'], /empty part/],
  [['get', 'a/'], /ends with a slash, which marks a group/],
  [['get', 'a//'], /empty part/],
  [['clear', 'a//b'], /empty part/],
  [['clear', 'a/'], /"a\/" is a group: write rdv clear a --recursive/],
  [['clear', 'a//'], /empty part/],
  [['list', 'a//b'], /empty part/],
  [['list', '_a/'], /reserved/],
  [['signal', 'a=b'], /has an "=": leave it out/],
  [['get', 'a=b'], /has an "=": leave it out/],
  [['signal', 'tcp://h:1'], /is a URL, not a key/],
  [['signal', 'exec:ls'], /marks a command: choose another name/],
  [['get', 'k', '--namespace', 'a=b'], /the namespace "a=b" has an "="/],
  [['wait', 'k', '--namespace', '_a'], /the namespace "_a" begins with "_"/],
]

/** Counters, wait groups and barriers. */
const COUNTING: readonly Row[] = [
  [['counter'], /counter needs one of .*inc/],
  [['counter', 'frob', 'n'], /counter needs one of .*inc/],
  [['waitgroup', '--quiet'], /waitgroup needs one of/],
  [['counter', 'inc'], /NAME is missing/],
  [['counter', 'inc', ''], /the counter "" is empty/],
  [['counter', 'get', 'a//b'], /empty part/],
  [['counter', 'inc', 'n', '5'], /unexpected argument "5"/],
  [['counter', 'inc', 'n', '--by', ''], /--by "" is not an integer of 64 bits/],
  [['counter', 'inc', 'n', '--by', '1.5'], /not an integer of 64 bits/],
  [['counter', 'inc', 'n', '--by', '1e3'], /not an integer of 64 bits/],
  [['counter', 'inc', 'n', '--by', '0x10'], /not an integer of 64 bits/],
  [['counter', 'inc', 'n', '--by', '9223372036854775808'], /not an integer of 64 bits/],
  [['counter', 'dec', 'n', '--by', '-9223372036854775809'], /not an integer of 64 bits/],
  [['counter', 'inc', 'n', '--by'], /--by expects a value/],
  [['counter', 'inc', 'n', '--idempotency-key', ''], /idempotency key is empty/],
  [['counter', 'inc', 'n', '--idempotency-key', 'x'.repeat(257)], /longer than 256 bytes/],
  [['counter', 'set', 'n'], /VALUE is missing/],
  [['counter', 'set', 'n', ''], /the value "" is not an integer/],
  [['counter', 'set', 'n', 'five'], /the value "five" is not an integer/],
  [['counter', 'set', 'n', '-x'], /unknown flag -x/],
  [['counter', 'set', 'n', '1', '--if-equals', 'x'], /--if-equals "x" is not an integer/],
  [['counter', 'set', 'n', '1', '--', 'true'], /counter set takes no COMMAND/],
  [['counter', 'inc', 'n', '--', 'true'], /counter inc takes no COMMAND/],
  [['counter', 'wait', 'n'], /write --at-least N, --at-most N or --equals N/],
  [['counter', 'wait', 'n', '--at-least', '1', '--equals', '1'], /write --at-least N/],
  [['counter', 'wait', 'n', '--at-most', 'x'], /--at-most "x" is not an integer/],
  [['counter', 'wait', 'n', '--equals', '1', '--'], /COMMAND is missing after --/],
  [['waitgroup', 'add'], /NAME is missing/],
  [['waitgroup', 'add', 'w', '-1'], /-1 is negative/],
  [['waitgroup', 'add', 'w', 'x'], /the count "x" is not an integer/],
  [['waitgroup', 'done', 'w', '2'], /unexpected argument "2"/],
  [['waitgroup', 'wait', 'w', '--expect', '-1'], /--expect -1 is negative/],
  [['waitgroup', 'wait', 'w', '--expect', 'x'], /--expect "x" is not an integer/],
  [['barrier', 'b'], /parties/],
  [['barrier', '--parties', '2'], /NAME is missing/],
  [['barrier', '', '--parties', '2'], /the barrier "" is empty/],
  [['barrier', 'b', '--parties', '0'], /integer of at least 1/],
  [['barrier', 'b', '--parties', '-1'], /integer of at least 1/],
  [['barrier', 'b', '--parties', 'x'], /integer of at least 1/],
  [['barrier', 'b', '--parties', '2', '--ttl', '0'], /--ttl must be greater than 0/],
  [['barrier', 'b', '--parties', '2', '--timeout', 'x'], /is not a duration/],
]

const TARGETS: readonly Row[] = [
  [['wait', 'host:5432'], /write tcp:\/\/host:5432/],
  [['wait', '127.0.0.1:80'], /write tcp:\/\/127\.0\.0\.1:80/],
  [['wait', 'k', '--fail-if', 'tcp:4000'], /write tcp:\/\/localhost:4000/],
  [['probe', 'tcp:4000'], /is not the URL of a probe: write tcp:\/\/localhost:4000/],
  [['wait', 'redis:ready'], /write redis:\/\/ready, or name the key redis\/ready/],
  [['wait', 'kafka:9092'], /write tcp:\/\/kafka:9092/],
  [
    ['signal', 'tcp:4000'],
    /which rdv wait does not accept as a key: write a name such as deploy\/node1/,
  ],
  [['signal', 'redis:ready', '--hold'], /write redis\/ready/],
  [['get', 'file:s.py'], /which rdv wait does not accept as a key/],
  [['wait', '[::1]:80'], /write tcp:\/\/\[::1\]:80/],
  [['wait', 'k', '--fail-if', 'host:1'], /write tcp:\/\/host:1/],
  [['probe', 'host:5432'], /write tcp:\/\/host:5432/],
  [['probe', 'k'], /write one such as tcp:\/\/HOST:PORT/],
  [['wait', 'tpc://h:1'], /scheme tpc.*tcp/],
  [['wait', 'tcp://h'], /no port: write tcp:\/\/HOST:PORT/],
  [['wait', 'tcp://'], /write tcp:\/\/HOST:PORT/],
  [['probe', 'tcp://h:99999'], /write tcp:\/\/HOST:PORT/],
  [['probe', 'postgres://'], /write postgres:\/\//],
  [['probe', 'http://'], /write http/],
  [['probe', 'redis://h/x/y'], /write redis:\/\//],
  [['probe', 'unix://relative'], /write unix:\/\/\//],
  [['probe', 'file://relative'], /write file:\/\/\//],
  [['probe', 'dns://'], /write dns:\/\//],
  [['probe', 'exec:'], /write exec:/],
]

/** URLs that are not backend URLs. For these, nothing is looked up and nothing is opened. */
const BACKENDS: readonly Row[] = [
  ...['sqlite', 'mem', 'redis://h', 'file:///x', '://', ':', 'SQLITE:'].map(
    (url): Row => [
      ['signal', 'k', '--backend', url],
      /not a backend URL: begin it with one of sqlite/,
    ],
  ),
  ...[
    'sqlite:x',
    'sqlite://rel',
    'sqlite:///',
    'sqlite:///x/',
    'sqlite:///%zz',
    'sqlite:///a%00b',
  ].map((url): Row => [['signal', 'k', '--backend', url], /write sqlite: or sqlite:\/\/\/path/]),
  ...['memory:x', 'memory://h'].map(
    (url): Row => [['signal', 'k', '--backend', url], /write memory:/],
  ),
  ...['http:', 'http://', 'http://a b', 'http://h:99999', 'https://'].map(
    (url): Row => [['signal', 'k', '--backend', url], /write http:\/\/HOST:PORT/],
  ),
  ...['etcd:', 'etcd://', 'etcd://h:x', 'etcd://h/p', 'etcds://h,,h'].map(
    (url): Row => [['signal', 'k', '--backend', url], /etcd:\/\/host:2379/],
  ),
  ...['consul:', 'consul://', 'consul://h:x', 'consuls://'].map(
    (url): Row => [['signal', 'k', '--backend', url], /write consul:\/\/host:8500/],
  ),
  [['wait', 'k', '--backend', 'foo://h'], /not a backend URL/],
  [['signal', 'k', '--hold', '--backend', 'foo://h', '--', 'true'], /not a backend URL/],
]

describe.each([
  ['commands and flags', COMMANDS],
  ['what is missing or empty', MISSING],
  ['what is too much', SURPLUS],
  ['values', VALUES],
  ['flags that do not go together', COMBINATIONS],
  ['keys and namespaces', KEYS],
  ['counters, wait groups and barriers', COUNTING],
  ['targets and probe URLs', TARGETS],
  ['backend URLs', BACKENDS],
])('a usage error in one sentence, and nothing done: %s', (_, rows) => {
  for (const [argv, says] of rows) {
    test.concurrent(`rdv ${argv.map(shown).join(' ')}`, async () => {
      const place = new Place()
      const { code, stdout, stderr } = await place.rdv(...argv)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(lines(stderr)).toEqual([expect.stringMatching(/^rdv: \S.*$/)])
      expect(stderr).toMatch(/^[^\n]+\n$/)
      expect(stderr).toMatch(says)
      expect(existsSync(place.directory)).toBe(false)
    })
  }
})

test.concurrent.each([
  'foo://u:hunter2@h',
  'etcd://u:hunter2@h:x',
  'etcd://u:hunter2@',
  'http://u:hunter2@h:99999',
  'https://:hunter2@',
  'consul://u:hunter2@h:x',
])('the secret in the malformed %s is not told', async (url) => {
  const { code, stdout, stderr } = await new Place().rdv('get', 'k', '--backend', url)
  expect(code).toBe(2)
  expect(stdout + stderr).not.toContain('hunter2')
})

const shown = (word: string): string => {
  const cut = word.length > 40 ? `${word.slice(0, 10)}…` : word
  return /^[\w./:=-]+$/.test(cut) ? cut : JSON.stringify(cut)
}
