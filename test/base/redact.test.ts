import { expect, test } from 'vitest'
import { printable, quoteRedacted, redact, redactMalformed } from '../../src/base/redact.ts'

test.each([
  ['http://me:hidden@h/', 'http://me:***@h/'],
  ['http://me:hi@dden:hidden@h/', 'http://me:***@h/'],
  ['postgres://me@corp:hidden@h/d', 'postgres://me@corp:***@h/d'],
  ['postgres://app@db/app', 'postgres://app@db/app'],
  ['ssh://git@h/x', 'ssh://git@h/x'],
  ['https://hidden@h/x', 'https://***@h/x'],
  ['https://hidden:@h/x', 'https://***@h/x'],
  ['https://hidden:x-oauth-basic@h/x', 'https://***@h/x'],
  ['nats://hidden@h:4222', 'nats://***@h:4222'],
  ['http://h/?access_token=hidden&a=b', 'http://h/?access_token=***&a=b'],
  ['http://h/?a=b&pwd=hidden', 'http://h/?a=b&pwd=***'],
  ['http://h/?key=hidden', 'http://h/?key=***'],
  ['http://h/?api-key=hidden&x=1', 'http://h/?api-key=***&x=1'],
  ['http://h/?X-Amz-Signature=hidden', 'http://h/?X-Amz-Signature=***'],
  ['http://h/?pass%77ord=hidden', 'http://h/?pass%77ord=***'],
  ['http://h/?sig=hidden', 'http://h/?sig=***'],
  ['http://h/#access_token=hidden', 'http://h/#access_token=***'],
  ['postgres://h/d?sslpassword=hidden', 'postgres://h/d?sslpassword=***'],
  ['jdbc:sqlserver://h;user=sa;password=hidden;more', 'jdbc:sqlserver://h;user=sa;password=***'],
  ['host=h password=hidden user=me', 'host=h password=*** user=me'],
  ["host=h password='hid den' user=me", 'host=h password=*** user=me'],
  ['at http://a:hidden@h and http://b:hidden@h', 'at http://a:***@h and http://b:***@h'],
  ['http://h:8080/a@b?signal=1&author=me', 'http://h:8080/a@b?signal=1&author=me'],
  ['postgres://h/d?target_session_attrs=any', 'postgres://h/d?target_session_attrs=any'],
])('%s is shown as %s', (text, shown) => {
  expect(redact(text)).toBe(shown)
})

test.each([
  ['redis://:hidden', 'redis://:***'],
  ['postgres://me:hidden/db', 'postgres://me:***'],
  ['postgres://me:12/hidden@h/d', 'postgres://***@h/d'],
  ['me:hidden@tcp(h:3306)/d', '***@tcp(h:3306)/d'],
  ['http://h:99999/?token=hidden', 'http://h:99999/?token=***'],
  ['tcp://h:65536', 'tcp://h:65536'],
  ['tcp://[::1:80', 'tcp://[::1:80'],
  ['etcd://h1:2379,h2:2380', 'etcd://h1:2379,h2:2380'],
  ['://', '://'],
])('the malformed %s is shown as %s', (text, shown) => {
  expect(redactMalformed(text)).toBe(shown)
})

test.each([
  ['deploy/node1', '"deploy/node1"'],
  ['me@host', '"me@host"'],
  ['exec:PW=hidden true', '"exec:…"'],
  [' EXEC:hidden', '"exec:…"'],
  ['me:hidden@h', '"***@h"'],
  ['a\n\u001b[31m', '"a\\n\\u001b[31m"'],
])('%j in a message is %s', (word, shown) => {
  expect(quoteRedacted(word)).toBe(shown)
})

test('a long word is cut, and so is a long line', () => {
  expect(quoteRedacted('k'.repeat(1000)).length).toBeLessThan(70)
  expect(printable('k'.repeat(1000))).toHaveLength(200)
})
