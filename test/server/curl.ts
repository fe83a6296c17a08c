import { type ChildProcess, execFile } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { answerOf } from '../services/answer.ts'
import { findProgram } from '../services/fetch.ts'
import { programEnvironment } from '../services/programs.ts'

interface CurlResult {
  readonly status: number
  /** The parsed value, if the body is JSON. */
  readonly body: unknown
  readonly headers: Readonly<Record<string, readonly string[]>>
  readonly exitCode: number
}

interface RunningCurl extends Promise<CurlResult> {
  readonly child: ChildProcess
  /** Resolves when the first piece of the answer has arrived. */
  readonly answering: Promise<unknown>
}

const MARK = '\n~curl~'

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Runs the real curl. The URL is the last argument. */
export const curl = (...args: readonly string[]): RunningCurl => {
  const { promise, resolve } = Promise.withResolvers<CurlResult>()
  const format = `${MARK}{"status":"%{http_code}","headers":%{header_json}}`
  const program = findProgram('curl')
  const child = execFile(
    program.path,
    ['--silent', '--path-as-is', '--write-out', format, ...args],
    { env: programEnvironment(program) },
    (error, stdout) => {
      const [body = '', facts = '{}'] = stdout.split(MARK)
      const { status = 0, headers = {} } = JSON.parse(facts)
      resolve({
        status: Number(status),
        headers,
        body: parse(body),
        exitCode: Number(error?.code ?? 0),
      })
    },
  )
  const answering = new Promise((arrived) => child.stdout?.once('data', arrived))
  return Object.assign(promise, { child, answering })
}

interface Home {
  readonly ok: boolean
  readonly waiting_and_failed: readonly string[]
  readonly marked: readonly string[]
}

/** The body of a GET once it is answered with 200. It starts no process, so it may be called again and again. */
export const lookAt = async (port: number, path: string): Promise<unknown> => {
  for (;;) {
    const { status, body } = await answerOf(port, path)
    if (status === 200) return JSON.parse(body)
    await delay(20)
  }
}

/** Resolves as soon as the server's home page satisfies the condition. */
export const untilHome = async (url: string, condition: (home: Home) => boolean): Promise<void> => {
  const port = Number(new URL(url).port)
  while (!condition((await lookAt(port, '/')) as Home)) await delay(20)
}

/** Resolves as soon as the server reports a waiter for the path. */
export const untilWaiting = (url: string, path: string): Promise<void> =>
  untilHome(url, (home) => home.waiting_and_failed.includes(path))
