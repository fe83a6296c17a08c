/** What gRPC makes of a service's description: a method for each of the service's. */
export type Stub = Record<
  string,
  (
    request: unknown,
    metadata: unknown,
    options: object,
    callback: (error: Error | null, response: unknown) => void,
  ) => { cancel(): void }
>

/** One request and its answer. Bounded by the signal alone: a deadline of gRPC's is one of the wall clock. */
export const unary = <T>(
  stub: Stub,
  method: string,
  request: unknown,
  metadata: unknown,
  signal: AbortSignal,
): Promise<T> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const call = stub[method]?.(request, metadata, {}, (error, response) => {
      signal.removeEventListener('abort', cancel)
      if (error) reject(error)
      else resolve(response as T)
    })
    const cancel = () => call?.cancel()
    signal.addEventListener('abort', cancel, { once: true })
  })
