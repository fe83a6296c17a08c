import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readElf } from '../src/child/elf.ts'
import type { Entry } from './tar.ts'

/** The user id with which the image's program runs. It has no special rights. */
export const USER = 1000

/** The folder in which the image's user may write. A volume can be mounted there. */
export const DATA = '/var/lib/rendezvous'

/** The packages of Debian from which the image has all files that are not rdv's. */
export const PACKAGES = ['libc6', 'tini', 'ca-certificates']

/** The libraries to which bun's runtime is linked. All of them are part of the C library. */
const LIBRARIES = ['libc.so.6', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0']

/**
 * The contents of /proc/self/maps. The C library reads the address of its stack there, and bun aborts if there is none.
 * In a container, the kernel's file covers this one. In a folder that is entered with chroot only, this file says that
 * the stack may be at any address.
 */
const STACK = '0-ffffffffffffffff rw-p 00000000 00:00 0\n'

/**
 * All files of the image: an executable of rdv, an init process, and the files that both need. There is no shell.
 *
 * @param debian The folder below which the packages are unpacked.
 */
export const rootFiles = (executable: string, debian: string): Entry[] => [
  program('usr/bin/rdv', executable),
  // The static variant, which needs no libraries.
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

/** The loader, at the path that the executable names, and the libraries, in the folder in which the loader looks. */
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

/** The bundle of certificates, made as Debian makes it. */
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
  if (file === undefined) throw new Error(`the packages ${PACKAGES.join(', ')} have no ${path}`)
  return file
}
