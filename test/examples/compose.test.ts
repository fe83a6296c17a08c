import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { application, database, freePort, readYaml, Stage } from './stage.ts'

interface Container {
  readonly environment?: Readonly<Record<string, string>>
  readonly entrypoint?: readonly string[]
  readonly command: readonly string[]
  readonly healthcheck?: { readonly test: readonly [string, ...string[]] }
}

type Name = 'rendezvous' | 'db' | 'migrate' | 'app' | 'worker'

const { services } = readYaml('examples/deploy/compose.yaml') as {
  readonly services: Readonly<Record<Name, Container>>
}

/** Everything but the database, the last one first. */
const start = async (folder: string) => {
  const { POSTGRES_PASSWORD = '', POSTGRES_DB = '' } = services.db.environment ?? {}
  const db = await database(POSTGRES_PASSWORD, POSTGRES_DB)
  const server = `127.0.0.1:${await freePort()}`
  const port = await freePort()
  const stage = await Stage.with([
    ['0.0.0.0:8080', server],
    ['localhost:8080', server],
    ['rendezvous:8080', server],
    ['@db/', `@127.0.0.1:${db.port}/`],
    ['3000', port],
    ['$$', '$'],
  ])
  const here = stage.where(['/var/lib/rendezvous', join(stage.folder, 'volume')])
  const run = (name: Name) => {
    const { entrypoint = [], command, environment } = services[name]
    return here.start([...entrypoint, ...command], environment, folder)
  }
  const app = run('app')
  const worker = run('worker')
  const migrate = run('migrate')
  const rendezvous = run('rendezvous')
  const isHealthy = (name: Name) => here.run(services[name].healthcheck?.test.slice(1) ?? [])
  return { db, stage: here, app, worker, migrate, rendezvous, isHealthy }
}

test('the applications start when the database is migrated', async () => {
  const { db, stage, app, worker, migrate, isHealthy } = await start(application)
  await app.says(/serving on/)
  expect(await migrate.ended).toMatchObject({ code: 0 })
  expect(await worker.ended).toMatchObject({ code: 0, stdout: '{"ok":true}working\n' })
  await isHealthy('rendezvous')
  await isHealthy('app')
  await stage.run(['psql', db.url, '--command', 'INSERT INTO visit DEFAULT VALUES'])
  app.kill('SIGTERM')
  expect(await app.ended).toMatchObject({ code: 0 })
})

test('none of them starts when the migration has failed', async () => {
  const broken = join((await Stage.with([])).folder, 'app')
  cpSync(application, broken, { recursive: true })
  writeFileSync(join(broken, 'migrate.sql'), 'CREATE TABLE;\n')
  const { app, worker, migrate } = await start(broken)
  expect((await migrate.ended).code).toBe(3)
  expect(await app.ended).toMatchObject({ code: 1, stdout: '' })
  expect(await worker.ended).toMatchObject({ code: 22, stdout: '' })
})
