import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answerOf } from './answer.ts'
import { findProgram } from './fetch.ts'
import { programEnvironment } from './programs.ts'
import { type Place, portOf, type Service, startService } from './service.ts'

/** The content of a block on the page about proxies. Tests replace ports and limits in it. */
export const documentedProxy = (language: 'nginx' | 'haproxy'): string => {
  const page = readFileSync(new URL('../../docs/proxies.md', import.meta.url), 'utf8')
  const [, block] = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(page) ?? []
  if (block === undefined) throw new Error(`the page has no block ${language}`)
  return block
}

/** A configuration with no setting but the address of the server, as many users have it. */
export const PLAIN_NGINX = `server {
    listen 80;
    location / { proxy_pass http://127.0.0.1:8080; }
}`

interface Proxied {
  /** The server behind the proxy. */
  readonly to: Service
  /** The configuration, from the documentation or from the test. */
  readonly configuration: string
}

const located = ({ to, configuration }: Proxied, listen: string): string =>
  configuration
    .replace(/\blisten 80;/, `listen ${listen};`)
    .replace(/\bbind :80\b/, `bind ${listen}`)
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${to.port}`)

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/** The configuration around a file of conf.d, for one process without root. */
const wholeNginx = (folder: string, block: string): string => `
daemon off; master_process off; pid ${folder}/pid; error_log stderr;
events {}
http {
  access_log off;
  ${TEMPORARY.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  ${block}
}`

const start = (
  name: 'nginx' | 'haproxy',
  write: (place: Place) => string,
  args: (file: string, place: Place) => readonly string[],
): Promise<Service> => {
  const program = findProgram(name)
  return startService({
    name,
    ports: 1,
    url: (place) => `http://127.0.0.1:${portOf(place)}`,
    launch: (place) => {
      const file = join(place.folder, `${name}.conf`)
      mkdirSync(place.folder, { recursive: true })
      writeFileSync(file, write(place))
      return { command: program.path, args: args(file, place), env: programEnvironment(program) }
    },
    ready: async (place) => (await answerOf(portOf(place), '/_health')).status === 200,
  })
}

export const startNginx = (proxied: Proxied): Promise<Service> =>
  start(
    'nginx',
    (place) => wholeNginx(place.folder, located(proxied, `127.0.0.1:${portOf(place)}`)),
    (file, { folder }) => ['-p', folder, '-c', file],
  )

export const startHaproxy = (proxied: Proxied): Promise<Service> =>
  start(
    'haproxy',
    (place) => `${located(proxied, `127.0.0.1:${portOf(place)}`)}\n`,
    (file) => ['-db', '-f', file],
  )
