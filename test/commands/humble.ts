/** The beginning of a script whose programs may not write against the mode of a file, which root otherwise may. */
export const HUMBLE =
  process.getuid?.() === 0 ? 'setpriv --bounding-set=-dac_override --inh-caps=-dac_override' : ''
