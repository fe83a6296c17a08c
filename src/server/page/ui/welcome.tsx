import { CurlLine, curlLine } from './curl-line.tsx'
import { Panel } from './panel.tsx'

/** The content for an empty server: command lines to try. Each line appears on the page when it is run. */
export const Welcome = ({ locked }: { locked: boolean }) => {
  const line = (path: string, ...flags: string[]) => (
    <CurlLine words={curlLine(path, locked, ...flags)} />
  )
  return (
    <Panel title="No activity yet">
      <ol class="welcome">
        <li>
          <p>In a terminal, wait until db is ready. A bar appears here and grows.</p>
          {line('/db')}
        </li>
        <li>
          <p>In another terminal, signal that db is ready. The bar ends.</p>
          {line('/db', '-X PUT')}
        </li>
        <li>
          <p>Wait until a port accepts connections.</p>
          {line('/_port/127.0.0.1/5432')}
        </li>
        <li>
          <p>Wait until a group has at least three members and all of them are ready.</p>
          {line('/deploy/?min=3')}
        </li>
      </ol>
    </Panel>
  )
}
