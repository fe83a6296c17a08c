import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { temporaryFolder } from '../services/watchdog.ts'
import { type Ended, Place, type Running } from './rdv.ts'

/** Whether this user may mount a file system, in a new namespace. */
export const mayMount =
  spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'full', '/mnt']).status === 0

/** A place whose data directory is on a small file system. Only processes that run inside see the file system. */
export class SmallDisk {
  readonly place: Place
  readonly #folder: string
  readonly #keeper: Running

  private constructor(place: Place, folder: string, keeper: Running) {
    this.place = place
    this.#folder = folder
    this.#keeper = keeper
  }

  static async mount(settings: NodeJS.ProcessEnv = {}): Promise<SmallDisk> {
    const folder = temporaryFolder('small-disk')
    const place = new Place({ RDV_DATA_DIR: join(folder, 'data'), ...settings })
    const script = 'mount -t tmpfs -o size=600k small "$1" && echo mounted && exec sleep 100000'
    const keeper = place.startSh('exec unshare -rm sh -c "$1" sh "$2"', script, folder)
    await keeper.says(/mounted/)
    return new SmallDisk(place, folder, keeper)
  }

  /** Starts rdv inside. */
  start(...args: string[]): Running {
    return this.place.startSh(`exec ${this.#inside} rdv "$@"`, ...args)
  }

  /** Runs rdv inside, to its end. */
  rdv(...args: string[]): Promise<Ended> {
    return this.start(...args).ended
  }

  /** Fills the file system. */
  async fill(): Promise<void> {
    await this.sh('dd if=/dev/zero of="$1/fill" bs=1k', this.#folder)
  }

  /** Frees the space that `fill` has taken. */
  async free(): Promise<void> {
    await this.sh('rm "$1/fill"', this.#folder)
  }

  /** Makes the file system read-only. No process may have a file open in it. */
  async forbidWriting(): Promise<void> {
    await this.sh('exec mount -o remount,ro "$1"', this.#folder)
  }

  /** Runs a shell script inside, to its end. */
  sh(script: string, ...args: string[]): Promise<Ended> {
    return this.place.sh(`exec ${this.#inside} sh -c "$@"`, script, 'sh', ...args)
  }

  get #inside(): string {
    return `nsenter -t ${this.#keeper.pid} -U -m --preserve-credentials`
  }
}
