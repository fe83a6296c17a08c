import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { executable } from '../commands/executable.ts'
import { findProgram } from '../services/fetch.ts'
import { freePorts } from '../services/ports.ts'

/** The folder of the checkout. */
export const root = join(import.meta.dirname, '../..')

export interface ShellRun {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs `sh` in the environment of a user who has installed rdv, on a new store. `PORT` is a free port. */
export const runShell = async (args: (port: number) => readonly string[]): Promise<ShellRun> => {
  const folder = await mkdtemp(join(tmpdir(), 'rdv-examples-'))
  const [port = 0] = await freePorts(1)
  try {
    const env = { ...(await environmentIn(folder)), PORT: String(port) }
    return await run(args(port), env, folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** The environment of a user who has installed rdv. The programs and the store are put into `folder`. */
export const environmentIn = async (folder: string): Promise<NodeJS.ProcessEnv> => {
  const bin = join(folder, 'bin')
  await mkdir(bin)
  await symlink(executable, join(bin, 'rdv'))
  for (const name of ['curl', 'wget', 'psql'] as const) {
    await writeFile(join(bin, name), wrapperOf(name), { mode: 0o755 })
  }
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('RDV_'))
  const path = [bin, dirname(process.execPath), process.env.PATH].join(delimiter)
  return { ...Object.fromEntries(inherited), PATH: path, RDV_DATA_DIR: join(folder, 'data') }
}

/**
 * A script for the machine's program, or for the one that the tests have fetched, with the libraries that the machine
 * lacks.
 */
const wrapperOf = (name: 'curl' | 'wget' | 'psql'): string => {
  const { path, libraries } = findProgram(name)
  const setting = libraries === undefined ? '' : `LD_LIBRARY_PATH='${libraries}' `
  return `#!/bin/sh\n${setting}exec '${path}' "$@"\n`
}

const run = (args: readonly string[], env: NodeJS.ProcessEnv, cwd: string): Promise<ShellRun> =>
  new Promise((resolve) => {
    execFile('sh', args, { env, cwd, timeout: 200_000 }, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : error ? 1 : 0
      resolve({ code, stdout, stderr })
    })
  })
