import { describe, expect, test } from 'vitest'
import { Place } from './rdv.ts'

/** Arguments that a user of another tool types by habit, and the advice in the one sentence. */
type Row = readonly [argv: readonly string[], says: string]

const WAIT_FOR_IT: readonly Row[] = [
  [['db:5432', '-t', '5', '--', 'true'], 'write rdv wait tcp://db:5432'],
  [['wait', 'tcp://db:5432', '-t', '5'], 'unknown flag -t: write --timeout 5'],
  [['wait', 'tcp://db:5432', '-t5'], 'unknown flag -t: write --timeout 5'],
  [['-t', '5', 'wait', 'k'], 'unknown flag -t: write --timeout 5'],
  [['wait', 'k', '-q'], 'write --quiet'],
  [['wait', 'k', '-s'], 'leave it out'],
  [['wait', '--host=db', '--port=5432'], 'tcp://HOST:PORT'],
  [['wait', ':8080'], 'write tcp://localhost:8080'],
]

const DOCKERIZE: readonly Row[] = [
  [['wait', '-wait', 'tcp://db:5432'], 'write the target without a flag'],
  [['wait', 'tcp://db:5432', '-timeout', '5s'], 'did you mean --timeout?'],
  [['wait', 'http://h', '-wait-http-header', 'A: b'], 'write --http-header'],
  [['wait', 'k', '-wait-retry-interval', '5s'], 'leave it out'],
  [['dockerize', '-wait', 'tcp://h:1'], 'write rdv wait TARGET'],
]

const WAIT4X: readonly Row[] = [
  [['tcp', '127.0.0.1:80'], 'tcp://HOST:PORT'],
  [['mysql', 'u:p@tcp(h:3306)/d'], 'tcp://HOST:PORT'],
  [['wait', 'tcp://h:1', '--interval', '5s'], 'checked again'],
  [['wait', 'tcp://h:1', '--invert-check'], 'write --not'],
  [['wait', 'http://h', '--expect-status-code', '200'], 'write --http-status 200'],
  [['wait', 'u:p@tcp(h:3306)/d'], 'write tcp://h:3306'],
]

const WAIT_ON: readonly Row[] = [
  [['wait', 'tcp:4000'], 'write tcp://localhost:4000'],
  [['wait', 'tcp:db:4000'], 'write tcp://db:4000'],
  [['wait', 'http-get://localhost/x'], 'write http://localhost/x'],
  [['wait', 'http-get:localhost/x'], 'write http://localhost/x'],
  [['wait', 'socket:/run/s'], 'write unix:///run/s'],
  [['wait', 'http://unix:/run/s:/x'], 'write unix:///run/s'],
  [['wait', 'file:s.py'], 'write file://$PWD/s.py'],
  [['wait', '/tmp/s.py'], 'write file:///tmp/s.py'],
  [['wait', 'http://h', '--delay', '5'], 'leave it out'],
  [['wait', 'http://h', '-r'], 'write --not'],
]

const FLOCK: readonly Row[] = [
  [['flock', '/tmp/x', 'true'], 'write rdv lock NAME'],
  [['lock', '/tmp/x', '--', 'true'], 'begins with a slash: leave that out'],
  [['lock', 'x', '-n', '--', 'true'], 'write --try'],
  [['lock', 'x', '-w', '5', '--', 'true'], 'write --timeout 5'],
  [['lock', 'x', '-x', '--', 'true'], 'leave it out'],
  [['lock', 'x', '-s', '--', 'true'], '--slots N'],
  [['lock', 'x', '-E', '7', '--', 'true'], 'write --exit-codes no=N'],
  [['lock', 'x', '-c', 'true'], "write -- sh -c 'COMMAND'"],
  [['unlock', 'x'], 'rdv status shows the holder'],
]

const ETCDCTL_AND_CONSUL: readonly Row[] = [
  [['lock', 'x', './cmd'], 'write -- before COMMAND, as in rdv lock x -- ./cmd'],
  [['lock', 'x', './cmd', '--flag'], 'write -- before COMMAND, as in rdv lock x -- ./cmd'],
  [['once', 'x', './cmd'], 'write -- before COMMAND, as in rdv once x -- ./cmd'],
  [['elect', 'x', 'node1'], 'write --id before the name of a candidate, or --'],
  [['lock', 'x', '-n=3', '--', 'true'], 'write --slots 3'],
  [['lock', 'x', '-try', '5s', '--', 'true'], 'write --timeout 5s'],
  [['lock', 'x', '-child-exit-code', '--', 'true'], 'leave it out'],
  [['get', 'k', '--endpoints', 'h:2379'], 'write --backend URL'],
  [['get', 'k', '-http-addr', 'h:8500'], 'write --backend URL'],
  [['get', 'k', '-token', 'x'], 'set RDV_TOKEN'],
  [['put', 'k', 'v'], 'write rdv signal KEY'],
  [['del', 'k'], 'write rdv clear KEY'],
  [['clear', 'deploy/'], 'write rdv clear deploy --recursive'],
  [['clear', 'deploy', '-recurse'], 'write --recursive'],
  [['watch', 'k'], 'write rdv list --watch'],
]

const ANYWHERE: readonly Row[] = [
  [['man'], 'write rdv help'],
  [['incr', 'n'], 'write rdv counter inc NAME'],
  [['counter', 'inc', 'n', '3'], 'write --by 3'],
  [['counter', 'dec', 'n', '3'], 'write --by 3'],
  [['counter', 'wait', 'n', '3'], 'write --at-least 3'],
  [['waitgroup', 'wait', 'n', '3'], 'write --expect 3'],
  [['barrier', 'b', '3'], 'write --parties 3'],
  [['barrier', 'b'], '--parties is missing: write --parties N'],
  [['pipe', 'receive', 'p', 'g'], 'write --group g'],
  [['subscribe', 't', '-f'], 'leave it out'],
  [['subscribe', 't', '-n', '3'], 'write --count 3'],
  [['serve', '8080'], 'write --listen 127.0.0.1:8080'],
  [['serve', '-p', '8080'], 'write --listen 127.0.0.1:8080'],
  [['wait', 'k', '--json=yes'], '--json takes no value: write --json'],
  [['wait', 'db', 'sh', '-c', 'true'], 'write -- before COMMAND'],
  [['wait', 'db', '/bin/echo', 'hi'], 'write -- before it'],
  [['signal', 'k', 'up', 'true', '--hold'], 'write -- before COMMAND, as in rdv signal k -- true'],
  [['get'], 'write rdv get KEY'],
  [['nonsense', '--help'], 'unknown command "nonsense"'],
]

describe.each([
  ['wait-for-it', WAIT_FOR_IT],
  ['dockerize', DOCKERIZE],
  ['wait4x', WAIT4X],
  ['wait-on', WAIT_ON],
  ['flock', FLOCK],
  ['etcdctl and consul', ETCDCTL_AND_CONSUL],
  ['other commands of any kind', ANYWHERE],
])('who is used to %s is told what to write', (_, rows) => {
  for (const [argv, says] of rows) {
    test.concurrent(`rdv ${argv.join(' ')}`, async () => {
      const { code, stdout, stderr } = await new Place().rdv(...argv)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toMatch(/^rdv: [^\n]+\n$/)
      expect(stderr).toContain(says)
    })
  }
})
