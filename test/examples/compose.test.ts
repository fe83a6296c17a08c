import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Compose } from './compose.ts'
import { application, Stage } from './stage.ts'

/** Starts everything but the database, in reverse order. */
const startAll = (compose: Compose) => ({
  smokeTest: compose.start('smoke-test'),
  app: compose.start('app'),
  worker: compose.start('worker'),
  migrate: compose.start('migrate'),
  rendezvous: compose.start('rendezvous'),
})

test('the applications start when the database is migrated', async () => {
  const compose = await Compose.in(application)
  const { app, worker, migrate, smokeTest } = startAll(compose)
  await app.says(/serving on/)
  expect(await migrate.ended).toMatchObject({ code: 0 })
  expect(await worker.ended).toMatchObject({ code: 0, stdout: '{"ok":true}working\n' })
  expect(await smokeTest.ended).toMatchObject({ code: 0, stdout: '{"ok":true}hello\n' })
  await compose.check('rendezvous')
  await compose.check('app')
  const { stage, db } = compose
  await stage.run(['psql', db.url, '--command', 'INSERT INTO visit DEFAULT VALUES'])
  app.kill('SIGTERM')
  expect(await app.ended).toMatchObject({ code: 0 })
})

test('none of them starts when the migration has failed', async () => {
  const broken = join((await Stage.with([])).folder, 'app')
  cpSync(application, broken, { recursive: true })
  writeFileSync(join(broken, 'migrate.sql'), 'CREATE TABLE;\n')
  const { app, worker, migrate } = startAll(await Compose.in(broken))
  expect((await migrate.ended).code).toBe(3)
  expect(await app.ended).toMatchObject({ code: 1, stdout: '' })
  expect(await worker.ended).toMatchObject({ code: 22, stdout: '' })
})
