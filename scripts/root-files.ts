import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readElf } from '../src/child/elf.ts'
import type { Entry } from './tar.ts'

/** Who runs the image's programs: nobody special. */
export const USER = 1000

/** Where the image's user may write, and a volume can be. */
export const DATA = '/var/lib/rendezvous'

/** The packages of Debian from which the image has what is not ours. */
export const PACKAGES = ['libc6', 'tini', 'ca-certificates']

/** What bun's runtime is linked against. All of it is part of the C library. */
const LIBRARIES = ['libc.so.6', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0']

/**
 * The C library looks here for where its stack is, and bun gives up if it finds nothing. Containers have the kernel's file in
 * its place; in a folder that is only entered with chroot this one says that the stack may be anywhere.
 */
const STACK = '0-ffffffffffffffff rw-p 00000000 00:00 0\n'

/**
 * Everything in the image: an executable of ours, an init for it, and what both need. There is no shell in it.
 *
 * @param debian the folder below which the packages are unpacked
 */
export const rootFiles = (executable: string, debian: string): Entry[] => [
  program('usr/bin/rdv', executable),
  // The static one, which needs nothing.
  program('usr/bin/tini', unpacked(debian, 'usr/bin/tini-static')),
  ...libraries(executable, debian),
  text('etc/passwd', `root:x:0:0::/:/bin/false\nrdv:x:${USER}:${USER}::${DATA}:/bin/false\n`),
  text('etc/group', `root:x:0:\nrdv:x:${USER}:\n`),
  text('etc/nsswitch.conf', 'hosts: files dns\n'),
  text('etc/ssl/certs/ca-certificates.crt', certificates(debian)),
  ...PACKAGES.map((name) => licence(name, debian)),
  text('proc/self/maps', STACK),
  { path: 'tmp', mode: 0o1777 },
  { path: DATA.slice(1), mode: 0o700, owner: USER },
]

const program = (path: string, file: string): Entry => ({
  path,
  mode: 0o755,
  contents: readFileSync(file),
})

const text = (path: string, contents: string): Entry => ({
  path,
  mode: 0o644,
  contents: Buffer.from(contents),
})

/** The loader, where the executable looks for it, and the libraries, where the loader does. */
const libraries = (executable: string, debian: string): Entry[] => {
  const head = readFileSync(executable)
  const { loader = '' } = readElf(head, head)
  const loaderFile = unpacked(debian, `{usr/,}lib/*/${basename(loader)}`)
  const found = LIBRARIES.map((name) => {
    const file = unpacked(debian, `{usr/,}lib/*/${name}`)
    return program(`usr/lib/${file.split('/').at(-2)}/${name}`, file)
  })
  return [program(loader.slice(1), loaderFile), ...found]
}

/** As Debian's own bundle of them is made. */
const certificates = (debian: string): string => {
  const files = globSync(join(debian, 'usr/share/ca-certificates/mozilla/*.crt')).sort()
  return files.map((file) => readFileSync(file, 'utf8')).join('')
}

const licence = (name: string, debian: string): Entry => {
  const path = `usr/share/doc/${name}/copyright`
  return text(path, readFileSync(join(debian, path), 'utf8'))
}

const unpacked = (debian: string, path: string): string => {
  const [file] = globSync(join(debian, path))
  if (file === undefined) throw new Error(`no ${path} is in the packages ${PACKAGES.join(', ')}`)
  return file
}
