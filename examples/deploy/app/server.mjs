// Stands for an application: says where it listens, answers, and ends when it is told to.
import { createServer } from 'node:http'

const server = createServer((_, response) => response.end('hello\n'))
const port = Number(process.env.PORT ?? 3000)
server.listen(port, () => console.log(`serving on ${port}`))
process.once('SIGTERM', () => server.close())
