import type { FastifyInstance } from 'fastify'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route only refuses methods that its path does not have. */
    refuses?: boolean
  }
}

interface Known {
  readonly path: RegExp
  readonly methods: Set<string>
}

/** The methods of each path, from all routes that are added from now on. */
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

  /** Returns the value of the header `Allow`, or an empty text if the server has no such path. */
  of(url: string): string {
    const [path = ''] = url.split('?')
    const fitting = [...this.#known.values()].filter((known) => known.path.test(path))
    return [...new Set(fitting.flatMap(({ methods }) => [...methods]))].join(', ')
  }
}

/** A path that begins with an underscore is not a key. */
const pathsOf = (pattern: string): RegExp =>
  pattern === '/*'
    ? /^\/[^_]/
    : new RegExp(`^${pattern.replace(/:\w+/g, '[^/]+').replace('*', '.*')}$`)
