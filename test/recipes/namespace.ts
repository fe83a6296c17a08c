import type { Backend } from '../../src/backends/backend.ts'
import { open } from '../../src/open.ts'
import type { Namespace } from '../../src/recipes/core/namespace.ts'
import { onTestFinished } from '../finished.ts'

/** A namespace of a new store in memory. */
export const memory = async (): Promise<Namespace> => {
  const namespace = await open('memory:')
  onTestFinished(() => namespace.backend.close())
  return namespace
}

/** The same namespace, but the calls in `distortion` replace those of the backend. */
export const distorted = (namespace: Namespace, distortion: Partial<Backend>): Namespace => ({
  ...namespace,
  backend: new Proxy(namespace.backend, {
    get(target, name) {
      const member = Reflect.get(distortion, name) ?? Reflect.get(target, name, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  }),
})
