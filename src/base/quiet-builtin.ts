/** One of Node's modules. Node may call it experimental at each start: that warning is not for our users. */
export const quietBuiltin = <T>(name: string): T => {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return process.getBuiltinModule(name) as T
  } finally {
    process.emitWarning = emitWarning
  }
}
