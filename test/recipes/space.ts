import type { Backend } from '../../src/backends/backend.ts'
import { open } from '../../src/open.ts'
import type { Space } from '../../src/recipes/space.ts'
import { onTestFinished } from '../finished.ts'

/** A namespace of a store of its own, in memory. */
export const memory = async (): Promise<Space> => {
  const space = await open('memory:')
  onTestFinished(() => space.backend.close())
  return space
}

/** The same store, some of whose calls go wrong on their way. */
export const distorted = (space: Space, distortion: Partial<Backend>): Space => ({
  ...space,
  backend: new Proxy(space.backend, {
    get(target, name) {
      const member = Reflect.get(distortion, name) ?? Reflect.get(target, name, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  }),
})
