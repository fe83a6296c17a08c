import { join } from 'node:path'
import type { Running } from '../commands/rdv.ts'
import type { PostgresService } from '../services/postgres.ts'
import { database, freePort, readYaml, Stage } from './stage.ts'

interface Container {
  readonly environment?: Readonly<Record<string, string>>
  readonly entrypoint?: readonly string[]
  readonly command: readonly string[]
  readonly healthcheck?: { readonly test: readonly [string, ...string[]] }
}

type Name = 'rendezvous' | 'db' | 'migrate' | 'app' | 'worker' | 'smoke-test'

const { services } = readYaml('examples/deploy/compose.yaml') as {
  readonly services: Readonly<Record<Name, Container>>
}

/** The example for Compose, with processes as its services. The database already runs. */
export class Compose {
  readonly db: PostgresService
  readonly stage: Stage
  /** The URL of the rendezvous server. */
  readonly url: string
  readonly #folder: string

  private constructor(db: PostgresService, stage: Stage, url: string, folder: string) {
    this.db = db
    this.stage = stage
    this.url = url
    this.#folder = folder
  }

  /** `folder` contains the application. */
  static async in(folder: string): Promise<Compose> {
    const { POSTGRES_PASSWORD = '', POSTGRES_DB = '' } = services.db.environment ?? {}
    const db = await database(POSTGRES_PASSWORD, POSTGRES_DB)
    const server = `127.0.0.1:${await freePort()}`
    const port = await freePort()
    const stage = await Stage.with([
      ['0.0.0.0:8080', server],
      ['localhost:8080', server],
      ['rendezvous:8080', server],
      ['@db/', `@127.0.0.1:${db.port}/`],
      ['_port/app/', '_port/127.0.0.1/'],
      ['http://app:', 'http://127.0.0.1:'],
      ['3000', port],
      ['$$', '$'],
    ])
    const here = stage.where(['/var/lib/rendezvous', join(stage.folder, 'volume')])
    return new Compose(db, here, `http://${server}`, folder)
  }

  start(name: Name): Running {
    const { entrypoint = [], command, environment } = services[name]
    return this.stage.start([...entrypoint, ...command], environment, this.#folder)
  }

  /** Rejects if the service is not healthy. */
  check(name: Name): Promise<unknown> {
    return this.stage.run(services[name].healthcheck?.test.slice(1) ?? [])
  }
}
