type Kind = 'i32' | 'u64' | 'ptr'

type Signatures = Readonly<
  Record<string, { readonly args: readonly Kind[]; readonly returns: Kind }>
>

/** As much of bun's foreign functions as we call. */
interface ForeignFunctions {
  dlopen(library: string, functions: Signatures): { readonly symbols: unknown }
}

/** Functions of the C library, for the executable: only bun can call them. */
export const openCLibrary = <T>(functions: Signatures): T => {
  const name = process.platform === 'darwin' ? 'libSystem.B.dylib' : 'libc.so.6'
  const ffi = process.getBuiltinModule('bun:ffi') as unknown as ForeignFunctions
  return ffi.dlopen(name, functions).symbols as T
}
