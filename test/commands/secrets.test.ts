import { describe, expect, test } from 'vitest'
import { Place } from './rdv.ts'

const SECRET = 's3cr3t'
const COMMAND = `exec:MYSQL_PWD=${SECRET} false`

describe('of an exec: target nobody sees more than its program', () => {
  test.each([
    ['wait', COMMAND, '--timeout', '700ms'],
    ['wait', COMMAND, '--timeout', '700ms', '--json'],
    ['wait', COMMAND, '--once', '--json'],
    ['wait', COMMAND, '--not', '--json'],
    ['wait', 'never', '--fail-if', COMMAND, '--timeout', '100ms', '--json'],
    ['wait', 'exec:true', '--fail-if', `exec:MYSQL_PWD=${SECRET} true`],
    ['probe', COMMAND],
    ['probe', COMMAND, '--json'],
    ['probe', `exec:MYSQL_PWD=${SECRET} true`, '--json'],
    ['probe', `exec://MYSQL_PWD=${SECRET} true`],
    ['probe', `EXEC:MYSQL_PWD=${SECRET} false`],
    ['probe', `exec:echo ${SECRET}'`],
    ['wait', ` exec:MYSQL_PWD=${SECRET} false`, '--once'],
    ['signal', `exec:MYSQL_PWD=${SECRET} false`],
    ['get', COMMAND],
    ['lock', COMMAND],
    [COMMAND],
  ])('%j', async (...argv) => {
    const { stdout, stderr } = await new Place().rdv(...argv)
    expect(stdout + stderr).not.toBe('')
    expect(stdout + stderr).not.toContain(SECRET)
  })

  test('and a number, in progress, results and errors', async () => {
    const place = new Place()
    const argv = [`exec:A=${SECRET} sleep 0`, `exec:B=${SECRET} false`]
    const waiting = place.start('wait', ...argv)
    await waiting.says(/waiting for exec:false#2 \(exit code 1\)\n/)
    waiting.kill('SIGTERM')
    await waiting.ended
    const { stdout } = await place.rdv('wait', ...argv, '--any', '--json')
    expect(JSON.parse(stdout)).toEqual({ ok: true, targets: ['exec:sleep#1', 'exec:false#2'] })
    const { stdout: error } = await place.rdv('wait', ...argv, '--json', '--timeout', '2s')
    expect(JSON.parse(error)).toMatchObject({
      pending: [{ target: 'exec:false#2', reason: 'exit code 1' }],
    })
  })

  test('unless --verbose asks for it on stderr', async () => {
    const { stdout, stderr } = await new Place().rdv('probe', COMMAND, '--verbose', '--json')
    expect(stderr).toContain(`rdv: exec:false#1 runs MYSQL_PWD=${SECRET} false\n`)
    expect(stdout).not.toContain(SECRET)
  })

  test('and a status shows no more to others', async () => {
    const place = new Place()
    const waiting = place.start('wait', 'never', COMMAND)
    const watching = place.start('status', '--watch')
    await watching.says(/^wait\texec:false#1\twaits/m)
    for (const running of [watching, waiting]) running.kill('SIGKILL')
    expect((await watching.ended).stdout).not.toContain(SECRET)
  })
})

describe('a secret is not in the error about', () => {
  test.each([
    ['wait', `u:${SECRET}@tcp(h:3306)/d`],
    ['wait', `host=h user=u password=${SECRET}`],
    ['wait', `jdbc:postgresql://h/d?password=${SECRET}`],
    ['wait', `mysql://u:${SECRET}@h/d`],
    ['wait', `postgresql+asyncpg://u:${SECRET}@h/d`],
    ['wait', `http:u:${SECRET}@h`],
    ['wait', `redis:u:${SECRET}@h`],
    ['probe', `redis://:${SECRET}`],
    ['probe', `http://h:x/?token=${SECRET}`],
    ['signal', `u:${SECRET}@tcp(h:3306)/d`],
    ['get', `http://${SECRET}@h`],
    ['lock', `http://u:${SECRET}@h`],
    ['lock', 'x', `--password=${SECRET}`],
    ['lock', 'x', `-p${SECRET}`],
    ['lock', 'x', 'mysqldump', `-p${SECRET}`],
    ['get', 'k', `http://u:${SECRET}@h`],
    ['get', 'k', '--backend', `mysql://u:${SECRET}@h`],
    [`http://u:${SECRET}@h`],
    ['wait', 'http://h', '--http-header', `Authorization ${SECRET}`],
  ])('%j', async (...argv) => {
    const { code, stdout, stderr } = await new Place().rdv(...argv)
    expect(code).toBe(2)
    expect(stdout + stderr).not.toContain(SECRET)
  })
})
