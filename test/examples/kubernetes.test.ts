import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Running } from '../commands/rdv.ts'
import { application, database, freePort, readDocuments, Stage } from './stage.ts'

interface Variable {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: {
    readonly secretKeyRef?: { readonly name: string; readonly key: string }
    readonly fieldRef?: { readonly fieldPath: 'metadata.name' }
  }
}

interface Container {
  readonly args: readonly string[]
  readonly env?: readonly Variable[]
  readonly restartPolicy?: 'Always'
}

interface Pod {
  readonly initContainers?: readonly Container[]
  readonly containers: readonly Container[]
}

interface Workload {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: { readonly replicas?: number; readonly template: { readonly spec: Pod } }
}

const workload = (kind: string): Workload => {
  const found = (readDocuments('examples/deploy/kubernetes.yaml') as Workload[]).find(
    (document) => document.kind === kind,
  )
  if (!found) throw new Error(`there is no ${kind}`)
  return found
}

const SECRETS: Readonly<Record<string, string>> = {
  'rendezvous/token': 'a-token',
  'database/password': 'secret',
}

/** Starts containers as a kubelet does. */
class Kubelet {
  readonly stage: Stage

  constructor(stage: Stage) {
    this.stage = stage
  }

  /** Resolves to the sidecars and the containers once the init containers have ended. */
  async pod(name: string, { initContainers = [], containers }: Pod): Promise<Running[]> {
    const stage = this.stage.where(['3000', await freePort()])
    const running: Running[] = []
    for (const container of initContainers) {
      const started = this.#start(stage, name, container)
      if (container.restartPolicy === 'Always') running.push(started)
      else expect(await started.ended).toMatchObject({ code: 0 })
    }
    return [...running, ...containers.map((container) => this.#start(stage, name, container))]
  }

  #start(stage: Stage, pod: string, { args, env = [] }: Container): Running {
    const variables = Object.fromEntries(
      env.map((variable) => [variable.name, contentOf(variable, pod)]),
    )
    const expanded = args.map((arg) =>
      arg.replace(/\$\((\w+)\)/g, (_, name) => variables[name] ?? ''),
    )
    return stage.start(expanded, variables, application)
  }
}

const contentOf = ({ value, valueFrom }: Variable, pod: string): string => {
  const secret = valueFrom?.secretKeyRef
  if (secret) return SECRETS[`${secret.name}/${secret.key}`] ?? ''
  return valueFrom?.fieldRef ? pod : (value ?? '')
}

test('pods wait for the migration in an init container, and a sidecar tells that they are up', async () => {
  const db = await database('secret', 'app')
  const server = `127.0.0.1:${await freePort()}`
  const stage = await Stage.with(
    [
      ['0.0.0.0:8080', server],
      ['rendezvous:8080', server],
      ['@db/', `@127.0.0.1:${db.port}/`],
    ],
    { RDV_TOKEN: 'a-token', RDV_BACKEND: `http://${server}` },
  )
  writeFileSync(join(stage.folder, 'token'), 'a-token\n')
  const kubelet = new Kubelet(
    stage.where(
      ['/etc/rendezvous', stage.folder],
      ['/var/lib/rendezvous', join(stage.folder, 'volume')],
    ),
  )
  const { replicas = 1, template } = workload('Deployment').spec
  const [app, [migrate]] = await Promise.all([
    Promise.all(
      Array.from({ length: replicas }, (_, index) => kubelet.pod(`app-${index}`, template.spec)),
    ),
    kubelet.pod('migrate', workload('Job').spec.template.spec),
    kubelet.pod('rendezvous-0', workload('StatefulSet').spec.template.spec),
  ])
  expect(await migrate?.ended).toMatchObject({ code: 0 })
  await stage.run(['psql', db.url, '--command', 'INSERT INTO visit DEFAULT VALUES'])

  await stage.run(['rdv', 'wait', 'deploy/', '--min', String(replicas), '--timeout', '3m'])
  const { stdout } = await stage.run(['rdv', 'list', 'deploy/'])
  expect(stdout.match(/^deploy\/app-\d\tready/gm)).toHaveLength(3)

  for (const container of app[0] ?? []) {
    container.kill('SIGTERM')
    await container.ended
  }
  await stage.run(['rdv', 'wait', 'deploy/app-0', '--not', '--timeout', '2m'])
})
