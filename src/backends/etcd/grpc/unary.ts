/** gRPC's client for a service: a method for each method of the service. */
export type Stub = Record<
  string,
  (
    request: unknown,
    metadata: unknown,
    options: object,
    callback: (error: Error | null, response: unknown) => void,
  ) => { cancel(): void }
>

/** Resolves to the answer to one request. Only the signal limits it: gRPC's deadlines use the wall clock. */
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
