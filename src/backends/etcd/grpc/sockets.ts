import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

const current = new AsyncLocalStorage<Sockets>()

/**
 * The sockets of one connection. gRPC does not limit the time for connecting and for the TLS handshake, and forgets
 * such a socket when its channel is closed. The socket would stay open, and keep the process alive.
 */
export class Sockets {
  readonly #open = new Set<Socket>()

  /** Records all sockets that `body`, and everything that it leaves running, opens from now on. */
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
