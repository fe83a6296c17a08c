import type { ServerFacts } from '../../activity/protocol.ts'
import type { Connection } from '../model/follow.ts'
import { fullText } from '../model/times.ts'
import { ThemeSwitch } from './theme.tsx'
import { Age } from './time.tsx'
import { useNow } from './use-session.ts'
import { Visible } from './visible.tsx'

interface HeaderProps {
  readonly server: ServerFacts | undefined
  readonly connection: Connection
}

export const Header = ({ server, connection }: HeaderProps) => (
  <header class="top">
    <h1>rendezvous</h1>
    <ConnectionState connection={connection} />
    {server ? <Facts server={server} /> : null}
    <ThemeSwitch />
  </header>
)

const Facts = ({ server }: { server: ServerFacts }) => (
  <ul class="facts" aria-label="Server">
    <li title="Store">
      <Visible text={server.backend} />
    </li>
    <li>
      namespace <Visible text={server.namespace} />
    </li>
    <li>{server.durable ? 'durable' : 'not durable'}</li>
    <li title={`since ${fullText(server.startedAt)}`}>
      up <Age since={server.startedAt} />
    </li>
    <li>version {server.version}</li>
  </ul>
)

const ConnectionState = ({ connection }: { connection: Connection }) => (
  <span class={`connection ${connection.state}`} role="status">
    {connection.state === 'lost' ? <Lost {...connection} /> : TEXTS[connection.state]}
  </span>
)

const TEXTS = { connecting: 'connecting', live: 'live', locked: 'needs a token' } as const

const Lost = ({ reason, again }: { reason: string; again: number }) => {
  useNow(1_000)
  const seconds = Math.ceil((again - Date.now()) / 1_000)
  return (
    <span>
      {reason}
      <span aria-hidden="true">{seconds > 0 ? `, retry in ${seconds} s` : ', connecting'}</span>
    </span>
  )
}
