import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import packageJson from '../package.json' with { type: 'json' }
import { openSuite } from '../test/services/debian.ts'
import { hostTarget } from './bun.ts'
import { type ImageConfig, ociArchive } from './oci.ts'
import { DATA, PACKAGES, rootFiles, USER } from './root-files.ts'
import { tar } from './tar.ts'

const SUITE = 'trixie'

/** The same settings as in the Dockerfile. */
const config: ImageConfig = {
  User: `${USER}:${USER}`,
  Env: ['PATH=/usr/bin', `RDV_DATA_DIR=${DATA}`],
  Entrypoint: ['tini', '--'],
  Cmd: ['rdv', 'serve'],
  ExposedPorts: { '8080/tcp': {} },
  Volumes: { [DATA]: {} },
}

const output = join(import.meta.dirname, '../standalone')

/** The folder of the unpacked packages. The first run unpacks them. */
const debian = (): string => {
  const folder = join(output, `.${SUITE}`)
  if (existsSync(folder)) return folder
  const making = mkdtempSync(join(output, `.${SUITE}-`))
  try {
    openSuite(join(making, 'apt'), SUITE).unpack(PACKAGES, join(making, 'root'))
    renameSync(join(making, 'root'), folder)
  } finally {
    rmSync(making, { recursive: true })
  }
  return folder
}

// root.tar has the files of the image, for `tar -x` and the Dockerfile. image.tar is the image, for `docker load`.
const layer = tar(rootFiles(join(output, `rdv-${hostTarget()}`), debian()))
writeFileSync(join(output, 'root.tar'), layer)
writeFileSync(
  join(output, 'image.tar'),
  ociArchive(layer, config, `rendezvous:${packageJson.version}`),
)
