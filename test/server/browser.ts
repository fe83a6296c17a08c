import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { findProgram } from '../services/fetch.ts'
import { type Program, programEnvironment } from '../services/programs.ts'
import { temporaryFolder } from '../services/watchdog.ts'

/** Starts a Chromium without a window. The caller closes it. */
export const startBrowser = (): Promise<Browser> => {
  const program = findProgram('chromium')
  return chromium.launch({
    executablePath: program.path,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
    env: { ...programEnvironment(program), ...fontsOf(program) } as Record<string, string>,
  })
}

/** A fetched Chromium uses the fonts that were fetched with it, because the machine may have none. */
const fontsOf = ({ folder }: Program): NodeJS.ProcessEnv => {
  if (folder === undefined) return {}
  const own = temporaryFolder('fonts')
  const config = join(own, 'fonts.conf')
  writeFileSync(
    config,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<dir>${join(folder, 'root/usr/share/fonts')}</dir><cachedir>${own}</cachedir>
<alias><family>sans-serif</family><prefer><family>DejaVu Sans</family></prefer></alias>
<alias><family>system-ui</family><prefer><family>DejaVu Sans</family></prefer></alias>
<alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias></fontconfig>`,
  )
  return { FONTCONFIG_FILE: config, HOME: own }
}

/** The forbidden events on a page so far: errors, violations of its policy, requests to other origins. */
export const misdeeds = (page: Page, origin: string): string[] => {
  const found: string[] = []
  page.on('pageerror', (error) => found.push(`error: ${error.stack}`))
  page.on('console', (message) => {
    const text = message.text()
    if (/Content Security Policy|Refused to/i.test(text)) found.push(text)
  })
  page.on('dialog', (dialog) => {
    found.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(`${origin}/`) && !/^(data|blob):/.test(url)) found.push(`request: ${url}`)
  })
  return found
}
