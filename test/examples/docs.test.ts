import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { generateDocs } from '../../scripts/docs.ts'
import { COMMANDS } from '../../src/commands/index.ts'
import { root, runShell } from './shell.ts'

const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: root }).sort()
const read = (page: string): string => readFileSync(join(root, page), 'utf8')

describe('what is generated is up to date: else run `node scripts/docs.ts`', async () => {
  for (const [page, text] of await generateDocs()) {
    it(page, () => expect(read(page)).toBe(text))
  }
})

describe('what is marked as runnable runs, and ends with 0', () => {
  for (const page of pages) {
    const blocks = read(page).matchAll(/<!-- runnable -->\n+```sh\n(.*?)```/gs)
    for (const [index, [, block = '']] of [...blocks].entries()) {
      it.concurrent(`${page} ${index + 1}`, async ({ expect }) => {
        // The usual port may be in use on this machine.
        const script = (port: number) => block.replaceAll('8080', String(port))
        const { code, stderr } = await runShell((port) => ['-euc', script(port)])
        expect({ code, stderr }).toMatchObject({ code: 0 })
      })
    }
  }
})

describe('every link leads somewhere', () => {
  for (const page of pages) {
    it(page, () => {
      const links = [...read(page).matchAll(/\]\(([^)#:\s]+)(?:#[^)\s]*)?\)/g)]
      const broken = links
        .map(([, target = '']) => join(root, dirname(page), target))
        .filter((target) => !existsSync(target))
      expect(broken.map((target) => relative(root, target))).toEqual([])
    })
  }
})

describe('every command that is shown exists', () => {
  const known = new Set([...COMMANDS.keys()].map((id) => id.split(':')[0] ?? ''))
  for (const page of pages) {
    it(page, () => {
      const blocks = [...read(page).matchAll(/```(?:sh|console|yaml|dockerfile)\n(.*?)```/gs)]
      const shown = blocks.flatMap(([, text = '']) =>
        [...text.matchAll(/\brdv ([a-z]+)/g)].map(([, name = '']) => name),
      )
      expect(shown.filter((name) => !known.has(name))).toEqual([])
    })
  }
})
