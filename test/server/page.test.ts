import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, type ClientRequest, get } from 'node:http'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Activity } from '../../src/server/activity/protocol.ts'
import { Place } from '../commands/rdv.ts'
import type { Service } from '../services/service.ts'
import { announce } from './announce.ts'
import { misdeeds, startBrowser } from './browser.ts'
import { curl, untilWaiting } from './curl.ts'
import { type ServeOptions, startServe } from './fixtures/serve-process.ts'

const HTML = ['-H', 'Accept: text/html,application/xhtml+xml,*/*;q=0.8']

/** The texts of an HTML page whose contrast with their background is below 4.5, which WCAG requires. */
const POOR_CONTRAST = `(() => {
  const context = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })
  const rgba = (colour) => {
    context.clearRect(0, 0, 1, 1)
    context.fillStyle = colour
    context.fillRect(0, 0, 1, 1)
    return [...context.getImageData(0, 0, 1, 1).data]
  }
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    return 0.2126 * x + 0.7152 * y + 0.0722 * z
  }
  const groundOf = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = rgba(getComputedStyle(one).backgroundColor)
      if (colour[3] === 255) return colour
    }
    return [255, 255, 255]
  }
  const texts = [...document.querySelectorAll('body *')].filter((one) =>
    !one.closest('svg, noscript, :disabled') &&
    [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ''))
  return texts.flatMap((one) => {
    const [a, b] = [rgba(getComputedStyle(one).color), groundOf(one)].map(luminance)
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    return contrast < 4.5 ? [contrast.toFixed(2) + ' ' + one.outerHTML.slice(0, 120)] : []
  })
})()`

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
  const row = (page: Page, name: RegExp) => page.getByRole('treeitem', { name })
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
    const taught = page.getByText(`curl -fsS -X PUT ${server.url}/db`)
    await taught.waitFor()
    expect(await taught.isVisible()).toBe(true)
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
    expect(
      await row(page, /^slow,/)
        .locator('.hatch')
        .count(),
    ).toBe(1)
    expect(await row(page, /^job/).locator('.hatch').count()).toBe(1)
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
    expect(await locks.getByText(`token ${token}`).isVisible()).toBe(true)
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
    const chart = page.getByRole('tree')
    const chosen = () => page.getByRole('treeitem', { selected: true }).getAttribute('aria-label')
    const focused = () => page.evaluate<string>('document.activeElement.getAttribute("role")')
    while ((await focused()) !== 'tree') await page.keyboard.press('Tab')
    await expect.poll(chosen).toMatch(/^a,/)
    await page.keyboard.press('ArrowDown')
    await expect.poll(chosen).toMatch(/^b,/)
    await page.keyboard.press('End')
    await expect.poll(chosen).toMatch(/^c,/)
    const id = await page.getByRole('treeitem', { selected: true }).getAttribute('id')
    expect(await chart.getAttribute('aria-activedescendant')).toBe(id)
    await page.keyboard.press('/')
    await page.keyboard.type('b')
    await row(page, /^c,/).waitFor({ state: 'detached' })
    await row(page, /^b,/).waitFor()
    await page.keyboard.press('Escape')
    await row(page, /^c,/).waitFor()
  })

  /** Announces a process that has waited for this time in milliseconds, and continues to wait. */
  const waitedFor = (server: Service, target: string, milliseconds: number, more = {}) =>
    announce(server.url, {
      ...{ targets: [target], host: 'elsewhere', pid: 7, ...more },
      since: new Date(Date.now() - milliseconds).toISOString(),
    })

  /** The widths of these targets' bars in pixels, and the ends at which the bars are cut. */
  const bars = (page: Page, names: readonly string[]) =>
    Promise.all(
      names.map(async (name) => {
        const shape = row(page, new RegExp(`^${name},`)).locator('.shape')
        const width = Number(await shape.locator('.bar').getAttribute('width'))
        return { width, cut: await shape.getAttribute('data-cut') }
      }),
    )

  test('draws all bars to one scale, and marks those that the view cuts', async () => {
    const server = await serve()
    await waitedFor(server, 'first', 125_000)
    await waitedFor(server, 'second', 77_000)
    await waitedFor(server, 'third', 66_000)
    const page = await open(server)
    // they began more than 20 seconds apart, so the newest run begins with the second one
    await row(page, /^first,.*started before this view/).waitFor()
    const [first, second, third] = await bars(page, ['first', 'second', 'third'])
    expect([first?.cut, second?.cut, third?.cut]).toEqual(['start', 'none', 'none'])
    expect((third?.width ?? 0) / (second?.width ?? 0)).toBeCloseTo(66 / 77, 1)
    expect(
      await row(page, /^first,/)
        .locator('.cut')
        .count(),
    ).toBe(1)
    expect(
      await row(page, /^second,/)
        .locator('.cut')
        .count(),
    ).toBe(0)
    await row(page, /^first,/).hover()
    await page.getByText(/^the first 48 s$/).waitFor()
    const svg = await saved(page, 'Save SVG')
    expect(svg.match(/data-cut="start"/g)).toHaveLength(1)
    expect(svg).toContain('started before this view')
    expect(svg).toMatch(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/)

    await page.getByText('All', { exact: true }).click()
    await row(page, /^first,(?!.*before)/).waitFor()
    const [all, part] = await bars(page, ['first', 'second'])
    expect((part?.width ?? 0) / (all?.width ?? 0)).toBeCloseTo(77 / 125, 1)

    await page.getByText('Last minute').click()
    await row(page, /^third,.*started before this view/).waitFor()
    const cut = await bars(page, ['first', 'second', 'third'])
    expect(cut.map((one) => one.cut)).toEqual(['start', 'start', 'start'])
  })

  /** Sends this number of requests that wait for the path. Resolves once all of them wait. */
  const waitMany = async (server: Service, path: string, count: number) => {
    const agent = new Agent({ keepAlive: true })
    const requests = Array.from({ length: count }, () =>
      get(`${server.url}/${path}`, { agent }).on('error', () => {}),
    )
    running.push({
      stop: async () => {
        for (const request of requests) request.destroy()
        agent.destroy()
      },
    })
    for (;;) {
      const { waits, unlisted } = (await curl(`${server.url}/_activity`)).body as Activity
      if (waits.filter(({ target }) => target === path).length + unlisted >= count) return
    }
  }

  test('shows equal waits as one row, which is opened and closed by pointer and keyboard', async () => {
    const server = await serve()
    const page = await open(server)
    await live(page)
    await waitMany(server, 'many', 109)
    const several = row(page, /^many, 109 waits: waiting/)
    await several.waitFor()
    const rows = page.getByRole('treeitem')
    expect(await rows.count()).toBe(1)
    expect(await several.getAttribute('aria-expanded')).toBe('false')
    await panel(page, 'Waterfall').getByText('109', { exact: true }).waitFor()

    await several.click()
    await row(page, /^many, 127\.0\.0\.1: waiting/)
      .first()
      .waitFor()
    expect(await several.getAttribute('aria-expanded')).toBe('true')
    await several.click()
    await expect.poll(() => rows.count()).toBe(1)

    await page.getByRole('tree').focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowRight')
    await expect.poll(() => rows.count()).toBeGreaterThan(4)
    await page.keyboard.press('ArrowDown')
    const chosen = page.getByRole('treeitem', { selected: true })
    await expect.poll(() => chosen.getAttribute('aria-level')).toBe('2')
    await page.keyboard.press('Home')
    await page.keyboard.press('Enter')
    await expect.poll(() => rows.count()).toBe(1)

    const waiting = panel(page, 'Waiting')
    expect(await waiting.getByRole('row').count()).toBe(2)
    await waiting.getByRole('button', { name: '109 waiters' }).click()
    await expect.poll(() => waiting.getByRole('row').count()).toBeGreaterThan(10)

    await curl('-X', 'PUT', `${server.url}/many`)
    await row(page, /^many, 109 waits: released/).waitFor()
    await page
      .getByRole('listitem')
      .filter({ hasText: /^109 released$/ })
      .waitFor()
  })

  test('counts all that wait, wherever it counts, and names what they are short of', async () => {
    const server = await serve()
    const place = new Place({ RDV_BACKEND: server.url })
    const page = await open(server)
    await live(page)
    await place.start('lock', 'deploy').says(/deploy/)
    const queued = place.start('lock', 'deploy', '--', 'true')
    const party = curl('-X', 'POST', `${server.url}/_barrier/start?parties=3&timeout=0`)
    const group = curl(`${server.url}/group/?min=3&timeout=0`)
    const goes = curl(`${server.url}/goes?timeout=0`)
    await curl('-X', 'PUT', `${server.url}/group/one`)
    await curl('-X', 'PUT', `${server.url}/group/two?state=busy`)
    const waiting = panel(page, 'Waiting')
    const cells = (name: string) =>
      waiting.getByRole('row').filter({ has: page.getByRole('rowheader', { name, exact: true }) })
    await cells('lock deploy')
      .getByText(/^held by .* · \d+$/)
      .waitFor()
    await cells('barrier start').getByText('1 of 3 arrived').waitFor()
    await cells('group/').getByText('1 of 3 ready, two is busy').waitFor()
    await cells('goes').waitFor()
    const figure = (text: RegExp) => page.getByRole('listitem').filter({ hasText: text })
    await figure(/^4 waiting$/).waitFor()
    await expect.poll(() => page.title()).toBe('4 waiting · rendezvous')
    expect(await waiting.locator('.count').textContent()).toBe('4')
    await panel(page, 'Groups').getByText('1 of 2 ready, 3 needed').waitFor()

    goes.child.kill('SIGKILL')
    await figure(/^1 went away$/).waitFor()
    await figure(/^3 waiting$/).waitFor()
    await page.getByLabel('Filter').fill('went away')
    await row(page, /^goes,/).waitFor()
    expect(await page.getByRole('treeitem').count()).toBe(1)
    for (const { child } of [party, group]) child.kill('SIGKILL')
    queued.kill('SIGKILL')
  })

  test('names who signalled, and shortens a name that is long', async () => {
    const server = await serve()
    const page = await open(server)
    await live(page)
    await curl('-X', 'PUT', `${server.url}/db`)
    const who = panel(page, 'Signals').getByText(/^curl\S* · 127\.0\.0\.1$/)
    await who.waitFor()
    expect(await who.getAttribute('title')).toMatch(/^curl/)
    const long = 'runner-'.repeat(30)
    await waitedFor(server, 'job', 1_000, { host: long })
    const shown = panel(page, 'Waiting').getByText(long)
    await shown.waitFor()
    const { width = 0 } = (await shown.boundingBox()) ?? {}
    expect(width).toBeLessThan(260)
    expect(await shown.getAttribute('title')).toContain(long)
  })

  /** Starts a busy server whose names have the maximum length. */
  const busy = async (): Promise<Service> => {
    const server = await serve()
    const long = `${'services/'.repeat(20)}${'x'.repeat(330)}`
    await curl(`${server.url}/${long}?timeout=10ms`)
    await curl('-X', 'PUT', `${server.url}/${long}?state=${'y'.repeat(500)}&expire=1h`)
    await waitedFor(server, 'a', 3_000, { targets: [`${'z'.repeat(200)}`], host: 'h'.repeat(255) })
    await waitedFor(server, 'b', 100_000, { targets: Array(16).fill('z'.repeat(200)) })
    for (let index = 0; index < 40; index++)
      await waitedFor(server, `job${index}/${'n'.repeat(150)}`, 1_000 + index)
    await curl('-X', 'POST', `${server.url}/_counter/${'c'.repeat(500)}`)
    await curl('-X', 'POST', `${server.url}/_waitgroup/${'w'.repeat(500)}`)
    await curl('-X', 'POST', `${server.url}/_topic/${'t'.repeat(400)}`)
    for (let index = 0; index < 12; index++)
      void curl('-X', 'POST', `${server.url}/_lock/${'l'.repeat(400)}?timeout=0`)
    void curl('-X', 'POST', `${server.url}/_election/e?id=${'i'.repeat(400)}&timeout=0`)
    void curl('-X', 'POST', `${server.url}/_barrier/${'b'.repeat(400)}?parties=3&timeout=0`)
    return server
  }

  /**
   * Elements that extend beyond the right edge of the window, except those that scroll or are cut within their own
   * place.
   */
  const OUTSIDE = `[...document.querySelectorAll('main *')]
    .filter((one) => !one.closest('svg, .details, .unseen, thead, .name, .person'))
    .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map((one) => one.outerHTML.slice(0, 200))`

  const OVERFLOW = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'

  const HEIGHT = 'document.documentElement.scrollHeight'

  const TALLEST = `Math.max(...[...document.querySelectorAll('tbody tr')].map((one) => one.offsetHeight))`

  test('fits on 320 pixels and more, whatever it shows', async () => {
    const server = await busy()
    for (const width of [320, 400, 640, 1_280]) {
      const page = await open(server, { viewport: { width, height: 800 } })
      await panel(page, 'Barriers').waitFor()
      await panel(page, 'Leaders').waitFor()
      expect([width, await page.evaluate(OVERFLOW)]).toEqual([width, 0])
      expect(await page.evaluate<number>(HEIGHT)).toBeLessThan(3_200)
      const closed = page.locator('.panel > header .opener[aria-expanded="false"]')
      while ((await closed.count()) > 0) await closed.first().click()
      await panel(page, 'Locks').getByRole('rowheader').first().waitFor()
      expect(await page.evaluate(OUTSIDE)).toEqual([])
      expect([width, await page.evaluate(OVERFLOW)]).toEqual([width, 0])
      expect(await page.evaluate<number>(TALLEST)).toBeLessThan(140)
      await page.close()
    }
  })

  test('has as much contrast in the dark as in the light', async () => {
    const server = await busy()
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await open(server, { colorScheme })
      await panel(page, 'Barriers').waitFor()
      const poor = await page.evaluate<string[]>(POOR_CONTRAST)
      expect(poor).toEqual([])
    }
  })

  test('saves the waterfall as a file of its own with a bar for each wait', async () => {
    const server = await serve()
    const keys = Array.from({ length: 40 }, (_, index) => `key${index}`)
    for (const key of keys) await curl(`${server.url}/${key}?timeout=1ms`)
    const page = await open(server, { viewport: { width: 1200, height: 500 } })
    await row(page, /^key0,/).waitFor()
    const text = await saved(page, 'Save SVG')
    // a page without a policy, because this page's policy allows no styles in another document
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
      .getByText(/cannot be reached|closed the connection/)
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
    await page.getByRole('tree').focus()
    await page.keyboard.press('End')
    await page.getByRole('treeitem', { name: /released/, selected: true }).waitFor()
    agent.destroy()
  })
})
