/**
 * Loads a module of Node. Node may warn at each start that the module is experimental; the warning is suppressed,
 * because it does not concern users of rdv.
 */
export const quietBuiltin = <T>(name: string): T => {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return process.getBuiltinModule(name) as T
  } finally {
    process.emitWarning = emitWarning
  }
}
