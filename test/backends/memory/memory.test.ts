import type { Backend } from '../../../src/backends/backend.ts'
import { openBackend } from '../../../src/backends/open.ts'
import { conformance } from '../conformance/index.ts'

/** In this test, a store is one object. All its clients are that object, and closing a client does nothing. */
const shared = (store: Backend): Backend =>
  new Proxy(store, {
    get: (target, name) => {
      if (name === 'close') return async () => {}
      const member = Reflect.get(target, name, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })

conformance(async () => {
  const store = await openBackend('memory:', { env: {} })
  return { connect: async () => shared(store), stop: () => store.close() }
})
