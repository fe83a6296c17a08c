import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Activity } from '../../src/server/activity/protocol.ts'
import { misdeeds, startBrowser } from '../server/browser.ts'
import { curl } from '../server/curl.ts'
import { Compose } from './compose.ts'
import { root } from './shell.ts'
import { application } from './stage.ts'

/** If it is set, the picture in the documentation is taken again. */
const { RDV_TAKE_PICTURES } = process.env

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

/** A bar of the waterfall, by its accessible name. */
const bar = (page: Page, name: RegExp) => page.getByRole('treeitem', { name })

test('the start of the Compose example is a waterfall: a bar for each wait, with what released it', async () => {
  const compose = await Compose.in(application)
  compose.start('rendezvous')
  await compose.stage.run(['rdv', 'wait', `${compose.url}/_health`])
  const page = await browser.newPage({ viewport: { width: 1_100, height: 860 } })
  const found = misdeeds(page, compose.url)
  await page.goto(compose.url)

  const app = compose.start('app')
  await bar(page, /^database=migrated,.* waiting/).waitFor()
  compose.start('worker')
  await bar(page, /^database=migrated,.* waiting/)
    .nth(1)
    .waitFor()
  const smokeTest = compose.start('smoke-test')
  await bar(page, /^tcp:\/\/127\.0\.0\.1:\d+,.* waiting/).waitFor()
  const migrate = compose.start('migrate')

  await bar(page, /^database=migrated,.* released/)
    .nth(1)
    .waitFor()
  await bar(page, /^tcp:.* released/).waitFor()
  expect((await migrate.ended).code).toBe(0)
  expect(await smokeTest.ended).toMatchObject({ stdout: '{"ok":true}hello\n' })
  await app.says(/serving on/)

  const { waits, signals } = (await curl(`${compose.url}/_activity`)).body as Activity
  const migrated = signals.find(({ state }) => state === 'migrated')
  expect(migrated).toMatchObject({ key: 'database' })
  const waited = waits.map(({ target, outcome, releasedBy }) => [
    target.replace(/\d+$/, 'PORT'),
    outcome,
    releasedBy,
  ])
  expect(waited).toHaveLength(3)
  expect(waited).toEqual(
    expect.arrayContaining([
      ['database=migrated', 'released', migrated?.id],
      ['database=migrated', 'released', migrated?.id],
      ['tcp://127.0.0.1:PORT', 'released', undefined],
    ]),
  )
  expect(
    await bar(page, /^database=migrated/)
      .locator('.end.mark')
      .count(),
  ).toBe(2)
  await bar(page, /^database=migrated/)
    .first()
    .hover()
  await page.getByText('released by').waitFor()
  if (RDV_TAKE_PICTURES) {
    const waterfall = page.getByRole('region', { name: 'Waterfall' })
    await waterfall.screenshot({ path: join(root, 'docs/images/compose.png') })
  }
  expect(found).toEqual([])
})
