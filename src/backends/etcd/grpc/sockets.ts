import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

const current = new AsyncLocalStorage<Sockets>()

/**
 * The sockets of one connection. gRPC sets no limit to how long connecting and the TLS handshake may take, and
 * forgets such a socket when its channel is closed: it would stay open, and keep the process alive.
 */
export class Sockets {
  readonly #open = new Set<Socket>()

  /** Knows all sockets that `body`, and whatever it leaves running, opens from now on. */
  during<T>(body: () => T): T {
    notice()
    return current.run(this, body)
  }

  add(socket: Socket): void {
    this.#open.add(socket)
    socket.once('close', () => this.#open.delete(socket))
  }

  destroy(): void {
    for (const socket of this.#open) socket.destroy()
  }
}

let noticing = false

const notice = (): void => {
  if (noticing) return
  noticing = true
  subscribe('net.client.socket', (message) => {
    current.getStore()?.add((message as { socket: Socket }).socket)
  })
}
