import { describe, expect, test } from 'vitest'
import { put } from '../../src/backends/operations.ts'
import { freePorts } from '../services/ports.ts'
import { namespaceOf, numbers, startTool, text, untilMembers, urlOf } from './pipes.ts'
import { lines, Place, type Running } from './rdv.ts'

/** The arguments with which nanomsg's tools receive from an address. */
const receivers = [
  ['nngcat', (url: string) => ['--pull0', '--dial', url, '--quoted']],
  ['nanocat', (url: string) => ['--pull', '--connect', url, '--quoted']],
] as const

/** The lines that the tools print. nngcat ends lines only if they are quoted. */
const unquoted = (stdout: string): string[] => lines(stdout.replaceAll('"', ''))

/** The arguments with which the tools send a text from an address on which they listen. */
const senders = [
  [
    'nngcat',
    (url: string, data: string) => ['--push0', '--listen', url, '--data', data, '--interval', '1'],
  ],
  [
    'nanocat',
    (url: string, data: string) => ['--push', '--bind', url, '--data', data, '--interval', '1'],
  ],
] as const

describe.each(receivers)('%s as a receiver', (name, args) => {
  test('gets the lines of a group that was declared, until the sender ends', async () => {
    const here = new Place()
    const sender = here.startWithInput('pipe', 'send', 'jobs', '--group', 'g')
    const url = await urlOf(await namespaceOf(here), 'jobs', 'g')
    expect(url).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/)
    const tool = startTool(here, name, ...args(url))
    sender.stdin.end(text(numbers(1, 100)))
    await tool.says(/^"100"$/m)
    expect(await sender.ended).toMatchObject({ code: 0, stderr: '' })
    tool.kill('SIGKILL')
    expect(unquoted((await tool.ended).stdout)).toEqual(numbers(1, 100))
  })

  test('shares with a member of ours', async () => {
    const here = new Place()
    const namespace = await namespaceOf(here)
    const sender = here.startWithInput('pipe', 'send', 'jobs', '--group', 'g')
    const tool = startTool(here, name, ...args(await urlOf(namespace, 'jobs', 'g')))
    const member = here.start('pipe', 'receive', 'jobs', '--group', 'g')
    await untilMembers(namespace, 'jobs', 'g', 1)
    let count = 0
    for (const running of [tool, member]) count = await feedUntil(sender, running, count)
    sender.stdin.end()
    await sender.ended
    tool.kill('SIGKILL')
    const got = [...unquoted((await tool.ended).stdout), ...lines((await member.ended).stdout)]
    expect(
      got
        .map(Number)
        .sort((a, b) => a - b)
        .map(String),
    ).toEqual(numbers(1, count))
  })
})

/** Sends line after line until a receiver has got one. Returns the number of lines so far. */
const feedUntil = async (sender: Running, running: Running, count: number): Promise<number> => {
  let fed = count
  const timer = setInterval(() => sender.stdin.write(`${++fed}\n`), 20)
  await running.says(/^"?\d+"?$/m)
  clearInterval(timer)
  return fed
}

describe.each(senders)('%s as a sender', (name, args) => {
  test('feeds the members of a group whose address it was written to', async () => {
    const here = new Place()
    const namespace = await namespaceOf(here)
    const [port] = await freePorts(1)
    const url = `tcp://127.0.0.1:${port}`
    const member = here.start('pipe', 'receive', 'jobs', '--group', 'g', '--count', '2')
    await untilMembers(namespace, 'jobs', 'g', 1)
    await namespace.backend.commit([], [put('rdv/pipe/jobs/g/url', url)])
    startTool(here, name, ...args(url, 'from elsewhere'))
    expect(await member.ended).toMatchObject({
      code: 0,
      stdout: 'from elsewhere\nfrom elsewhere\n',
      stderr: '',
    })
  })
})
