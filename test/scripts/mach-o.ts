import { createHash } from 'node:crypto'

/**
 * Numbers of a load command and of the code directory in the data that it points to: see <mach-o/loader.h> and Apple's
 * code directory.
 */
const CODE_SIGNATURE = 0x1d
const CODE_DIRECTORY = 0xfade0c02

/**
 * The numbers of the pages whose content differs from the signature of a 64-bit Mach-O executable, as macOS compares
 * them; `undefined` if it has no signature.
 */
export const wrongPages = (file: Buffer): number[] | undefined => {
  const signature = signatureIn(file)
  if (!signature) return undefined
  const directory = directoryIn(signature)
  const hashes = directory.readUInt32BE(16)
  const count = directory.readUInt32BE(28)
  const end = directory.readUInt32BE(32)
  const size = directory.readUInt8(36)
  const page = 2 ** directory.readUInt8(39)
  return Array.from({ length: count }, (_, index) => index).filter((index) => {
    const bytes = file.subarray(index * page, Math.min((index + 1) * page, end))
    const at = hashes + index * size
    const hash = createHash('sha256').update(bytes).digest()
    return !hash.equals(directory.subarray(at, at + size))
  })
}

const signatureIn = (file: Buffer): Buffer | undefined => {
  const count = file.readUInt32LE(16)
  let at = 32
  for (let command = 0; command < count; command++) {
    if (file.readUInt32LE(at) === CODE_SIGNATURE) {
      const start = file.readUInt32LE(at + 8)
      return file.subarray(start, start + file.readUInt32LE(at + 12))
    }
    at += file.readUInt32LE(at + 4)
  }
  return undefined
}

const directoryIn = (signature: Buffer): Buffer => {
  const count = signature.readUInt32BE(8)
  for (let index = 0; index < count; index++) {
    const at = signature.readUInt32BE(16 + 8 * index)
    if (signature.readUInt32BE(at) === CODE_DIRECTORY) return signature.subarray(at)
  }
  throw new Error('the signature has no code directory')
}
