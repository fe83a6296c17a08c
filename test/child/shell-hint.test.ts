import { expect, test } from 'vitest'
import { CommandNotFoundError } from '../../src/child/errors.ts'
import { shellHint } from '../../src/child/shell-hint.ts'

test.each([
  ['a && b', `sh -c 'a && b'`],
  ['a|b', `sh -c 'a|b'`],
  ['a;b', `sh -c 'a;b'`],
  ['a>b', `sh -c 'a>b'`],
  ['./*.sh', `sh -c './*.sh'`],
  ['$CMD', `sh -c '$CMD'`],
  ['npm start', `write its words as separate arguments, or write sh -c 'npm start'`],
  [`say 'it'`, `sh -c 'say '\\''it'\\'''`],
  ['cd', `cd is part of a shell: write sh -c 'cd …'`],
  ['cd /app && make', `sh -c 'cd /app && make'`],
  ['exit', `sh -c 'exit …'`],
  ['source', `bash -c 'source …'`],
  ['source env.sh', `bash -c 'source env.sh'`],
  ['if', `sh -c 'if …'`],
  ['[[', `bash -c '[[ …'`],
  ['ll', 'write the command itself'],
  ['~/bin/x', '"$HOME/…"'],
  ['FOO=bar', 'write env FOO=… COMMAND…'],
  ['two\nlines', `sh -c '…'`],
])('%j: %s', (name, hint) => {
  expect(shellHint(name)).toContain(hint)
})

test.each(['npm', './run.sh', '/no/such', 'a-b.c', 'tcp://h:1', ''])(
  '%j is only not found',
  (name) => {
    expect(shellHint(name)).toBeUndefined()
  },
)

test.each(['PASSWORD=s3cr3t', 'PASSWORD=s3cr3t cmd', 'curl http://me:s3cr3t@h/'])(
  'the secret in %j is not shown',
  (name) => {
    const { message } = new CommandNotFoundError(name, shellHint(name))
    expect(message).not.toContain('s3cr3t')
  },
)
