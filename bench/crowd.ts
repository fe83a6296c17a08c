// A process that opens many waits on a server, for open-waits.ts. Its arguments are the server's URL and the number of
// waits.
import { connect, type Socket } from 'node:net'

/** The number of connections that are opened at the same time. */
const CONNECTING = 50

const [url = '', count = '0'] = process.argv.slice(2)
const { hostname, port } = new URL(url)

const wait = (): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    socket.once('error', reject)
    const request = 'GET /crowd?timeout=10m HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n'
    socket.once('connect', () => socket.write(request, () => resolve(socket)))
  })

const sockets: Socket[] = []
while (sockets.length < Number(count))
  sockets.push(...(await Promise.all(Array.from({ length: CONNECTING }, wait))))
process.send?.({ open: sockets.length })

let answered = 0
for (const socket of sockets) {
  socket.once('data', (data) => {
    if (!String(data).startsWith('HTTP/1.1 200')) throw new Error(String(data))
    answered++
    if (answered === sockets.length) process.send?.({ answered })
  })
}
