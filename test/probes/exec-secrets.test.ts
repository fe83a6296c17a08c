import { expect, test } from 'vitest'
import { programIn, withoutSecretsOf } from '../../src/probes/exec-secrets.ts'

test.each([
  ['mysqladmin ping', 'mysqladmin'],
  ['MYSQL_PWD=hidden mysqladmin ping', 'mysqladmin'],
  ["A='x hidden' B=2 /usr/bin/psql -c x", 'psql'],
  ['A="x hidden" psql', 'psql'],
  ['env PGPASSWORD=hidden psql', 'psql'],
  ['exec sudo psql', 'psql'],
  [' A=1\n psql', 'psql'],
  ['curl -u me:hidden h', 'curl'],
  ['true;false', 'true'],
  ['echo>x', 'echo'],
  ['sudo -u hidden psql', 'sudo'],
])('the program of %j is %s', (command, program) => {
  expect(programIn(command)).toBe(program)
})

test.each([
  'A=hidden',
  'A=hidden;psql',
  'A=hidden\\ hidden psql',
  'A="$(cat x)" hidden',
  'A=$(echo hidden) psql',
  'A=`echo hidden` psql',
  'A[0]=hidden psql',
  'A+=hidden psql',
  '"hidden hidden"',
  '$HIDDEN',
  '# hidden',
  '(hidden)',
  'hidden@host',
  'if hidden; then true; fi',
  '! hidden',
  'h'.repeat(101),
])('the program of %j is not certain', (command) => {
  expect(programIn(command)).toBe('sh')
})

test.each([
  ['PGPASSWORD=hidden psql', 'no such role: hidden', 'no such role: ***'],
  ["PGPASSWORD='hid den' psql", 'near hid den', 'near ***'],
  ['psql "password=hidden host=h"', 'password=hidden is wrong', 'password=*** is wrong'],
  ['mysql --password=hidden', 'bad: hidden', 'bad: ***'],
  ['connect "$DB_PASSWORD"', 'sh: 1: from-the-environment: not found', 'sh: 1: ***: not found'],
  ['A=1 B=hidden "x', 'sh: syntax error in `A=1 B=hidden "x\'', ''],
  ['curl http://me:x@h/', 'cannot reach http://me:hidden@h/', 'cannot reach http://me:***@h/'],
  ['A=1 true', '1 error', '1 error'],
])('what %j has said does not have its secrets', (command, said, shown) => {
  expect(withoutSecretsOf(command, said, { DB_PASSWORD: 'from-the-environment' })).toBe(shown)
})
