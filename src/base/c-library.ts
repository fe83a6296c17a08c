/** As much of bun's foreign functions as we call. */
interface ForeignFunctions {
  dlopen(library: string, functions: object): { readonly symbols: object }
}

/** Functions of the C library, within bun: there alone they can be called. */
export const cLibrary = <Functions>(
  functions: Readonly<Record<keyof Functions, { args: readonly string[]; returns: string }>>,
): Functions => {
  const name = process.platform === 'darwin' ? 'libSystem.B.dylib' : 'libc.so.6'
  const ffi = process.getBuiltinModule('bun:ffi') as unknown as ForeignFunctions
  return ffi.dlopen(name, functions).symbols as Functions
}
