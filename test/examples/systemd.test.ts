import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Running } from '../commands/rdv.ts'
import { root } from './shell.ts'
import { application, freePort, Stage } from './stage.ts'

/** The settings of a unit's service. A setting may have several values. */
const service = (unit: string): ((name: string) => string[]) => {
  const text = readFileSync(join(root, 'examples/deploy/systemd', unit), 'utf8')
  const lines = text.slice(text.indexOf('[Service]')).split('\n')
  return (name) =>
    lines.flatMap((line) => (line.startsWith(`${name}=`) ? [line.slice(name.length + 1)] : []))
}

/** Starts a unit as systemd does. Resolves to its main process once the unit counts as started. */
const start = async (stage: Stage, unit: string): Promise<Running> => {
  const settings = service(unit)
  const env = Object.fromEntries(
    settings('Environment').map((line) => line.split('=') as [string, string]),
  )
  const words = (line: string) => line.split(' ')
  for (const line of settings('ExecStartPre')) await stage.run(words(line), env, application)
  const [main] = settings('ExecStart').map((line) => stage.start(words(line), env, application))
  if (!main) throw new Error(`${unit} starts nothing`)
  for (const line of settings('ExecStartPost')) await stage.run(words(line), env, application)
  return main
}

test('the application starts after the migration, and is known to be up until it ends', async () => {
  const server = `127.0.0.1:${await freePort()}`
  const bare = await Stage.with(
    [
      ['127.0.0.1:8080', server],
      ['3000', await freePort()],
      ['/usr/local/bin/', ''],
    ],
    { RDV_BACKEND: `http://${server}` },
  )
  // biome-ignore lint/suspicious/noTemplateCurlyInString: systemd's
  const stage = bare.where(['${STATE_DIRECTORY}', join(bare.folder, 'state')])

  const rendezvous = await start(stage, 'rendezvous.service')
  const starting = start(stage, 'app.service')
  await stage.run(['rdv', 'signal', 'database', 'migrated'])
  const app = await starting
  await app.says(/serving on/)
  app.kill('SIGTERM')
  expect(await app.ended).toMatchObject({ code: 0 })
  await stage.run(['rdv', 'wait', 'app', '--once', '--not'])
  rendezvous.kill('SIGTERM')
  expect(await rendezvous.ended).toMatchObject({ code: 0 })
})
