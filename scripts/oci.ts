import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { type Entry, tar } from './tar.ts'

interface Blob {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly contents: Buffer
}

/** The settings with which the program of an image runs, named as in the OCI image specification. */
export interface ImageConfig {
  readonly User: string
  readonly Env: readonly string[]
  readonly Entrypoint: readonly string[]
  readonly Cmd: readonly string[]
  readonly ExposedPorts: Readonly<Record<string, object>>
  readonly Volumes: Readonly<Record<string, object>>
}

/** An image with one layer, as an OCI archive. Docker, Podman, skopeo and containerd can read it. */
export const ociArchive = (layer: Buffer, config: ImageConfig, tag: string): Buffer => {
  const layerBlob = blob('layer.v1.tar+gzip', gzipSync(layer))
  const configBlob = json('config.v1+json', {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
  })
  const manifest = json('manifest.v1+json', {
    schemaVersion: 2,
    mediaType: typeNamed('manifest.v1+json'),
    config: descriptor(configBlob),
    layers: [descriptor(layerBlob)],
  })
  const annotations = { 'org.opencontainers.image.ref.name': tag }
  const index = { schemaVersion: 2, manifests: [{ ...descriptor(manifest), annotations }] }
  return tar([
    file('oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}')),
    file('index.json', Buffer.from(JSON.stringify(index))),
    ...[layerBlob, configBlob, manifest].map(({ digest, contents }) =>
      file(`blobs/${digest.replace(':', '/')}`, contents),
    ),
  ])
}

const typeNamed = (name: string): string => `application/vnd.oci.image.${name}`

const blob = (type: string, contents: Buffer): Blob => ({
  mediaType: typeNamed(type),
  digest: digestOf(contents),
  size: contents.length,
  contents,
})

const json = (type: string, value: object): Blob => blob(type, Buffer.from(JSON.stringify(value)))

const descriptor = ({ mediaType, digest, size }: Blob) => ({ mediaType, digest, size })

const digestOf = (contents: Buffer): string =>
  `sha256:${createHash('sha256').update(contents).digest('hex')}`

const file = (path: string, contents: Buffer): Entry => ({ path, mode: 0o644, contents })
