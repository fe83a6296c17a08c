/** The part of bun's foreign function interface that is used here. */
interface ForeignFunctions {
  dlopen(library: string, functions: object): { readonly symbols: object }
}

/** Functions of the C library. Only bun can call them. */
export const cLibrary = <Functions>(
  functions: Readonly<Record<keyof Functions, { args: readonly string[]; returns: string }>>,
): Functions => {
  const name = process.platform === 'darwin' ? 'libSystem.B.dylib' : 'libc.so.6'
  const ffi = process.getBuiltinModule('bun:ffi') as unknown as ForeignFunctions
  return ffi.dlopen(name, functions).symbols as Functions
}
