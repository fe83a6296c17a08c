import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TSchema } from 'typebox'
import { FAILURE, JSON_RESULTS } from '../src/commands/json-results.ts'

/** Writes a schema for each command, in JSON Schema 2020-12. It describes each line of the output with `--json`. */
export const writeJsonSchemas = async (dist: string): Promise<void> => {
  const folder = join(dist, 'schemas')
  await mkdir(folder, { recursive: true })
  for (const [id, { schema }] of Object.entries(JSON_RESULTS)) {
    const text = JSON.stringify(jsonSchema(id, schema), withoutClosing, 2)
    await writeFile(join(folder, `${id.replace(':', '-')}.json`), `${text}\n`)
  }
}

/** Omits the limit to these properties, which is for the tests: a later version may print more properties. */
const withoutClosing = (name: string, value: unknown): unknown =>
  name === 'additionalProperties' ? undefined : value

const jsonSchema = (id: string, schema: TSchema): object => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: `rdv ${id.replace(':', ' ')} --json`,
  anyOf: [schema, FAILURE],
})

/** A property of a result, for the documentation. */
interface Field {
  readonly path: string
  readonly type: string
  readonly meaning: string
}

interface Described {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Described[]
  readonly items?: Described
  readonly properties?: Readonly<Record<string, Described>>
  readonly required?: readonly string[]
  readonly description?: string
}

/** The properties of each form of a command's object. Properties of inner objects have a path. */
export const formsOf = (schema: TSchema): Field[][] => {
  const { anyOf = [schema as Described] } = schema as Described
  return anyOf.flatMap((each) => (each.anyOf ? formsOf(each as TSchema) : [propertiesOf(each)]))
}

const propertiesOf = ({ properties = {}, required = [] }: Described, above = ''): Field[] =>
  Object.entries(properties).flatMap(([name, property]) => {
    const path = `${above}${name}`
    const type = `${typeOf(property)}${required.includes(name) ? '' : ', optional'}`
    const field = { path, type, meaning: property.description ?? '' }
    const inner = property.items ?? property
    return [field, ...propertiesOf(inner, property.items ? `${path}[].` : `${path}.`)]
  })

const typeOf = ({ type, const: only, enum: words, anyOf, items }: Described): string => {
  if (only !== undefined) return String(only)
  if (words) return words.join(', ')
  if (anyOf) return anyOf.map(typeOf).join(' or ')
  return items ? `array of ${typeOf(items)}` : (type ?? '')
}
