import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Service } from '../services/service.ts'
import { curl } from './curl.ts'
import { startServe } from './fixtures/serve-process.ts'

interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
}

interface Operation {
  readonly summary: string
  readonly tags: readonly string[]
  readonly parameters?: readonly {
    readonly in: string
    readonly name: string
    readonly required?: boolean
    readonly description?: string
    readonly schema: Schema
  }[]
  readonly requestBody?: { readonly content: object }
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly description: string
        readonly content?: Readonly<Record<string, { schema: Schema }>>
      }
    >
  >
}

interface Document {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

const METHODS = ['get', 'head', 'put', 'post', 'delete']
const TYPES = ['string', 'integer', 'number', 'boolean', 'object', 'array']

const pages = ['server.md', 'curl.md'].map((page) =>
  readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8'),
)

/** Requests such as `GET /_port/{}/{}`, from all table rows that begin with a request. A group counts as a key. */
const documented = (): Set<string> => {
  const cells = pages.flatMap((page) => [...page.matchAll(/^\| (`[A-Z]+ \/[^|]*)\|/gm)])
  const requests = cells.flatMap(([, cell = '']) => [
    ...cell.matchAll(/`(GET|PUT|POST|DELETE) (\/[^`?]*)/g),
  ])
  return new Set(
    requests.flatMap(([, method = '', path = '']) => {
      const single = path === '/GROUP/' ? '/KEY' : path
      const plain = single.replaceAll(/\b(KEY|HOST|PORT|DB|NAME)\b/g, '{}')
      return (method === 'GET' ? ['GET', 'HEAD'] : [method]).map((one) => `${one} ${plain}`)
    }),
  )
}

describe('/_openapi.json', () => {
  let server: Service
  let document: Document
  const operations = () =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    )

  beforeAll(async () => {
    server = await startServe({ store: 'memory' })
    document = (await curl(`${server.url}/_openapi.json`)).body as Document
  })
  afterAll(() => server.stop())

  test('is OpenAPI 3', () => {
    expect(document.openapi).toMatch(/^3\.0\.\d$/)
    expect(document.info).toMatchObject({ title: 'rendezvous', version: expect.any(String) })
    for (const { path, method, operation } of operations()) {
      const what = `${method} ${path}`
      expect(METHODS, what).toContain(method)
      expect(operation.summary, what).toMatch(/\.$/)
      expect(operation.tags, what).toHaveLength(1)
      const { parameters = [], responses } = operation
      const inPath = parameters.filter((one) => one.in === 'path')
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      expect(inPath.map(({ name }) => name).sort(), what).toEqual(named.sort())
      expect(
        inPath.every(({ required }) => required),
        what,
      ).toBe(true)
      const names = parameters.map((one) => `${one.in} ${one.name}`)
      expect(new Set(names).size, what).toBe(names.length)
      for (const { in: place, description, schema } of parameters) {
        expect(['path', 'query', 'header'], what).toContain(place)
        expect(description, what).toMatch(/\.$/)
        checkSchema(schema)
      }
      expect(Object.keys(responses).sort(), what).toEqual(['200', 'default'])
      for (const { description, content = {} } of Object.values(responses)) {
        expect(description, what).toMatch(/\.$/)
        for (const { schema } of Object.values(content)) checkSchema(schema)
      }
    }
  })

  test('tells that HEAD is answered as GET is, without a body', () => {
    for (const { path, method, operation } of operations()) {
      if (method !== 'head') continue
      const { parameters, summary } = document.paths[path]?.get ?? {}
      expect(operation).toMatchObject({ summary, ...(parameters && { parameters }) })
      for (const answer of Object.values(operation.responses)) {
        expect([path, answer.content]).toEqual([path, undefined])
      }
    }
  })

  test('has what the documentation has, and nothing else', () => {
    const described = operations().map(
      ({ method, path }) => `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, '{}')}`,
    )
    expect([...new Set(described)].sort()).toEqual([...documented()].sort())
  })

  test('has the parameters that the documentation has of the recipes', () => {
    const [, curlPage = ''] = pages
    for (const { path, operation } of operations()) {
      const [, kind] = /^\/(_\w+)\/\{name\}$/.exec(path) ?? []
      if (!kind) continue
      const names = (operation.parameters ?? []).filter((one) => one.in === 'query')
      for (const { name } of names) {
        expect(curlPage, `${kind} ${name}`).toMatch(new RegExp(`^\\|.*\`${name}[=\`]`, 'm'))
      }
    }
  })
})

const checkSchema = (schema: Schema): void => {
  expect(TYPES).toContain(schema.type)
  const { properties = {}, required = [], items } = schema
  expect(Object.keys(properties)).toEqual(expect.arrayContaining([...required]))
  for (const property of Object.values(properties)) checkSchema(property)
  if (schema.type === 'array') checkSchema(items as Schema)
}

test('every curl line of the page on curl stands in a block that is run', () => {
  const [, page = ''] = pages
  const run = [...page.matchAll(/<!-- runnable -->\n+```sh\n(.*?)```/gs)].map(([block]) => block)
  const blocks = [...page.matchAll(/(?:<!-- runnable -->\n+)?```sh\n(.*?)```/gs)]
  const shown = blocks.filter(([block]) => /^\s*curl /m.test(block)).map(([block]) => block)
  expect(shown.length).toBeGreaterThan(3)
  expect(shown).toEqual(run)
})
