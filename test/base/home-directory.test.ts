import { userInfo } from 'node:os'
import { expect, test } from 'vitest'
import { homeDirectory, homeIn } from '../../src/base/home-directory.ts'

const PASSWD = `root:x:0:0:root:/root:/bin/bash
# a comment: with colons:1000:like:a:/comment
+::::::
broken:x:1000
ann:x:1000:1000:Ann,,,:/home/ann:/bin/sh
also-ann:x:1000:1000::/home/other:/bin/sh
homeless:x:1001:1001:::/bin/sh
`

test('the home directory is that of the system', () => {
  expect(homeDirectory()).toBe(userInfo().homedir)
})

test.each([
  { uid: 0, home: '/root', which: 'of the only line' },
  { uid: 1000, home: '/home/ann', which: 'of the first complete line' },
  { uid: 1001, home: '', which: 'empty if the line names none' },
  { uid: 1002, home: undefined, which: 'missing for another user' },
  { uid: undefined, home: undefined, which: 'missing where there are no user ids' },
])('the home directory of user $uid is $which', ({ uid, home }) => {
  expect(homeIn(PASSWD, uid)).toBe(home)
})
