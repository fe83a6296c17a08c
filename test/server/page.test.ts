import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, type ClientRequest, get } from 'node:http'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Activity } from '../../src/server/activity/protocol.ts'
import { Place } from '../commands/rdv.ts'
import type { Service } from '../services/service.ts'
import { misdeeds, startBrowser } from './browser.ts'
import { curl, untilWaiting } from './curl.ts'
import { type ServeOptions, startServe } from './fixtures/serve-process.ts'

const HTML = ['-H', 'Accept: text/html,application/xhtml+xml,*/*;q=0.8']

describe('the page', () => {
  let browser: Browser
  const running: { stop(): Promise<unknown> }[] = []
  let found: string[] = []

  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser.close())
  afterEach(async () => {
    for (const one of running.splice(0).reverse()) await one.stop()
    expect(found).toEqual([])
    found = []
  })

  const serve = async (options: ServeOptions = { store: 'memory' }): Promise<Service> => {
    const server = await startServe(options)
    running.push(server)
    return server
  }

  const open = async (server: Service, options: BrowserContextOptions = {}): Promise<Page> => {
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options })
    running.push({ stop: () => context.close() })
    const page = await context.newPage()
    found = misdeeds(page, server.url)
    await page.goto(server.url)
    return page
  }

  const live = (page: Page) => page.getByRole('status').getByText('live', { exact: true }).waitFor()
  const row = (page: Page, name: RegExp) => page.getByRole('option', { name })
  const panel = (page: Page, name: string) => page.getByRole('region', { name, exact: true })

  const saved = async (page: Page, button: string): Promise<string> => {
    const downloading = page.waitForEvent('download')
    await page.getByRole('button', { name: button }).click()
    const download = await downloading
    return readFileSync(await download.path(), 'utf8')
  }

  test('is what a browser gets; everybody else gets JSON', async () => {
    const { url } = await serve()
    const page = await curl(...HTML, `${url}/`)
    expect(page.status).toBe(200)
    expect(page.headers).toMatchObject({
      'content-type': ['text/html; charset=utf-8'],
      'cache-control': ['no-cache'],
      'x-content-type-options': ['nosniff'],
      'referrer-policy': ['no-referrer'],
      vary: ['accept'],
    })
    expect(page.headers['content-security-policy']?.[0]).toContain("default-src 'none'")
    const [etag = ''] = page.headers.etag ?? []
    const again = await curl(...HTML, '-H', `If-None-Match: ${etag}`, `${url}/`)
    expect(again.status).toBe(304)
    expect((await curl(`${url}/`)).body).toEqual({ ok: true, waiting_and_failed: [], marked: [] })
  })

  test('has files that may be kept for ever, and no others', async () => {
    const { url } = await serve()
    const { body } = await curl(...HTML, `${url}/`)
    const names = [...String(body).matchAll(/(?:src|href)="(\/_page\/[^"]+)"/g)].map(([, it]) => it)
    expect(names.length).toBe(2)
    for (const name of names) {
      const file = await curl(`${url}${name}`)
      expect(file.status).toBe(200)
      expect(file.headers['cache-control']?.[0]).toContain('immutable')
      expect(file.headers['x-content-type-options']).toEqual(['nosniff'])
      expect(file.headers['content-type']?.[0]).toMatch(/^text\/(javascript|css); charset=utf-8$/)
    }
    for (const name of ['nothing.js', '..%2fpackage.json', '%2e%2e', '__proto__']) {
      expect((await curl(`${url}/_page/${name}`)).status).toBe(404)
    }
  })

  test('of an empty server teaches what to type', async () => {
    const server = await serve()
    const page = await open(server)
    await live(page)
    await page.getByText(`curl -fsS -X PUT ${server.url}/db`).waitFor()
  })

  test('shows a wait as it begins, and as it ends, with what released it', async () => {
    const server = await serve()
    const page = await open(server)
    await live(page)
    const waiting = curl(`${server.url}/db`)
    await row(page, /^db,.*waiting/).waitFor()
    await panel(page, 'Waiting').getByRole('rowheader', { name: 'db' }).waitFor()
    await curl('-X', 'PUT', `${server.url}/db`)
    expect((await waiting).status).toBe(200)
    await row(page, /^db,.*released/).hover()
    await page.getByText('released by').waitFor()
    await panel(page, 'Signals').getByRole('rowheader', { name: 'db' }).waitFor()
    expect(await row(page, /^db,/).locator('.end.mark').count()).toBe(1)
  })

  test('tells timed-out and failed waits apart, also without colours', async () => {
    const server = await serve()
    await curl(`${server.url}/slow?timeout=100ms`)
    await curl('-X', 'PUT', `${server.url}/job?state=failed`)
    await curl(`${server.url}/job?fail-state=failed`)
    const page = await open(server)
    await row(page, /^slow,.*timed out/)
      .locator('.shape.timeout .hatch')
      .waitFor()
    await row(page, /^job.*failed/)
      .locator('.shape.failed .hatch')
      .waitFor()
  })

  test('shows locks with token and queue, leaders, counters, topics, groups', async () => {
    const server = await serve()
    const place = new Place({ RDV_BACKEND: server.url })
    const holder = place.start('lock', 'deploy')
    const [, token] = (await holder.says(/^\S+ (\d+)$/m)) ?? []
    place.start('lock', 'deploy', '--', 'true')
    await place.start('elect', 'chief', '--id', 'first').says(/^first \d+$/m)
    await place.rdv('counter', 'inc', 'orders', '--by', '42')
    await place.rdv('publish', 'news', 'a', 'b')
    await place.rdv('signal', 'nodes/one')
    const page = await open(server)
    const locks = panel(page, 'Locks')
    await locks.getByText('waits').waitFor()
    await locks.getByText(`token ${token}`).waitFor()
    await panel(page, 'Leaders').getByText('first').waitFor()
    await panel(page, 'Counters').getByText('42').waitFor()
    await panel(page, 'Topics').getByText('1 to 2').waitFor()
    await panel(page, 'Groups').getByText('1 of 1 ready').waitFor()
  })

  test('shows what somebody has made up as text', async () => {
    const server = await serve()
    const hostile = '<img src=x onerror=alert(1)>'
    const state = encodeURIComponent(hostile)
    const key = encodeURIComponent('<svg onload>\u202efdp')
    const waiting = curl(`${server.url}/${key}?state=${state}`)
    await untilWaiting(server.url, `/${decodeURIComponent(key)}`)
    const page = await open(server)
    await row(page, /^<svg onload>\\u\{202e\}fdp/).waitFor()
    await curl('-X', 'PUT', `${server.url}/${key}?state=${state}`)
    await waiting
    await panel(page, 'Signals').getByText(hostile).waitFor()
    const svg = await saved(page, 'Save SVG')
    expect(svg).toContain('&lt;svg onload&gt;\\u{202e}fdp')
    expect(await page.locator('#page img').count()).toBe(0)
  })

  test('is light or dark as the system, or as it is told, and remembers that', async () => {
    const page = await open(await serve(), { colorScheme: 'light' })
    const ground = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
    const light = await ground()
    await page.emulateMedia({ colorScheme: 'dark' })
    const dark = await ground()
    expect(dark).not.toBe(light)
    await page.getByText('light', { exact: true }).click()
    await expect.poll(ground).toBe(light)
    await page.reload()
    await live(page)
    expect(await ground()).toBe(light)
  })

  test('can be used by keyboard alone', async () => {
    const server = await serve()
    for (const key of ['a', 'b', 'c']) await curl(`${server.url}/${key}?timeout=10ms`)
    const page = await open(server)
    await row(page, /^c,/).waitFor()
    const chart = page.getByRole('listbox')
    const chosen = () => page.getByRole('option', { selected: true }).getAttribute('aria-label')
    const focused = () => page.evaluate<string>('document.activeElement.getAttribute("role")')
    while ((await focused()) !== 'listbox') await page.keyboard.press('Tab')
    await expect.poll(chosen).toMatch(/^a,/)
    await page.keyboard.press('ArrowDown')
    await expect.poll(chosen).toMatch(/^b,/)
    await page.keyboard.press('End')
    await expect.poll(chosen).toMatch(/^c,/)
    const id = await page.getByRole('option', { selected: true }).getAttribute('id')
    expect(await chart.getAttribute('aria-activedescendant')).toBe(id)
    await page.keyboard.press('/')
    await page.keyboard.type('b')
    await row(page, /^c,/).waitFor({ state: 'detached' })
    await row(page, /^b,/).waitFor()
    await page.keyboard.press('Escape')
    await row(page, /^c,/).waitFor()
  })

  test('fits on 400 pixels', async () => {
    const server = await serve()
    const long = `${'services/'.repeat(9)}${'x'.repeat(120)}`
    await curl(`${server.url}/${long}?timeout=10ms`)
    await curl('-X', 'PUT', `${server.url}/${long}?state=${'y'.repeat(200)}`)
    const page = await open(server, { viewport: { width: 400, height: 800 } })
    await row(page, /^services/).waitFor()
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
    expect(await page.evaluate(overflow)).toBe(0)
  })

  test('saves the waterfall as a file of its own with a bar for each wait', async () => {
    const server = await serve()
    const keys = Array.from({ length: 40 }, (_, index) => `key${index}`)
    for (const key of keys) await curl(`${server.url}/${key}?timeout=1ms`)
    const page = await open(server, { viewport: { width: 1200, height: 500 } })
    await row(page, /^key0,/).waitFor()
    const text = await saved(page, 'Save SVG')
    // a page without a policy: this one's lets no document of its own have styles
    const reader = await page.context().newPage()
    const [error, bars, targets] = await reader.evaluate<[boolean, number, string[]]>(`(() => {
      const svg = new DOMParser().parseFromString(${JSON.stringify(text)}, 'image/svg+xml')
      const all = (selector) => [...svg.querySelectorAll(selector)]
      const targets = all('[data-wait] .target').map((one) => one.textContent)
      return [all('parsererror').length > 0, all('[data-wait] .bar').length, targets]
    })()`)
    expect(error).toBe(false)
    expect(bars).toBe(keys.length)
    expect(targets).toEqual(keys)
    expect(text).not.toMatch(
      /var\(|light-dark\(|href|@import|https?:\/\/(?!www\.w3\.org\/2000\/svg)/,
    )
  })

  test('saves what it shows as JSON, as the server tells it', async () => {
    const server = await serve()
    await curl(`${server.url}/a?timeout=1ms`)
    await curl('-X', 'PUT', `${server.url}/b`)
    const page = await open(server)
    await row(page, /^a,/).waitFor()
    const { server: facts, ...rest } = JSON.parse(await saved(page, 'Save JSON')) as Activity
    const told = (await curl(`${server.url}/_activity`)).body as Activity & { ok?: true }
    const { server: toldFacts, ok: _, ...toldRest } = told
    expect({ ...facts, now: 0 }).toEqual({ ...toldFacts, now: 0 })
    expect(rest).toMatchObject(toldRest)
  })

  test('says that the server is out of reach, and follows it again when it is back', async () => {
    const server = await serve({ store: 'file' })
    await curl(`${server.url}/before?timeout=1ms`)
    const page = await open(server)
    await row(page, /^before,/).waitFor()
    await server.kill()
    await page
      .getByRole('status')
      .getByText(/cannot be reached|has ended/)
      .waitFor()
    expect(await row(page, /^before,/).count()).toBe(1)
    await server.restart()
    await live(page)
    await row(page, /^before,/).waitFor({ state: 'detached' })
    const waiting = curl(`${server.url}/after`)
    await row(page, /^after,/).waitFor()
    await curl('-X', 'PUT', `${server.url}/after`)
    await waiting
  })

  test('asks for the token, and keeps it while the tab is open', async () => {
    const server = await serve({ store: 'memory', token: 'secret' })
    expect((await curl(`${server.url}/_activity`)).status).toBe(401)
    const page = await open(server)
    await page.getByLabel('Token').fill('wrong')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').waitFor()
    await page.getByLabel('Token').fill('secret')
    await page.keyboard.press('Enter')
    await live(page)
    await page.getByText('Authorization: Bearer $RDV_TOKEN').first().waitFor()
    await page.reload()
    await live(page)
    expect(await page.evaluate('localStorage.length + document.cookie')).toBe('1')
  })

  test('stays quick with thousands of waits: it draws those in sight', async () => {
    const server = await serve()
    const agent = new Agent({ keepAlive: true })
    const requests: ClientRequest[] = Array.from({ length: 2_000 }, (_, index) =>
      get(`${server.url}/many${index % 20}`, { agent }).on('error', () => {}),
    )
    running.push({
      stop: async () => {
        for (const request of requests) request.destroy()
      },
    })
    const answers = requests.map((request) => once(request, 'response'))
    await untilWaiting(server.url, '/many19')
    const page = await open(server)
    await row(page, /^many/).first().waitFor()
    expect(await row(page, /^many/).count()).toBeLessThan(100)
    for (let index = 0; index < 20; index++) await curl('-X', 'PUT', `${server.url}/many${index}`)
    await Promise.all(answers)
    await page.getByRole('listbox').focus()
    await page.keyboard.press('End')
    await page.getByRole('option', { name: /released/, selected: true }).waitFor()
    agent.destroy()
  })
})
