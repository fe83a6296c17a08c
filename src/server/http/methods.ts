import type { FastifyInstance } from 'fastify'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** It stands for methods that are not taken. */
    refuses?: boolean
  }
}

interface Known {
  readonly path: RegExp
  readonly methods: Set<string>
}

/** By which methods a path can be asked, of all routes that are made from now on. */
export class Methods {
  readonly #known = new Map<string, Known>()

  constructor(app: FastifyInstance) {
    app.addHook('onRoute', ({ url, method, config }) => {
      if (config?.refuses) return
      const known = this.#known.get(url) ?? { path: pathsOf(url), methods: new Set() }
      for (const one of [method].flat()) known.methods.add(one)
      this.#known.set(url, known)
    })
  }

  /** As `Allow` has them; empty where nothing of the server's is there. */
  of(url: string): string {
    const [path = ''] = url.split('?')
    const fitting = [...this.#known.values()].filter((known) => known.path.test(path))
    return [...new Set(fitting.flatMap(({ methods }) => [...methods]))].join(', ')
  }
}

/** What begins with an underscore is no key. */
const pathsOf = (pattern: string): RegExp =>
  pattern === '/*'
    ? /^\/[^_]/
    : new RegExp(`^${pattern.replace(/:\w+/g, '[^/]+').replace('*', '.*')}$`)
