/** What a shell script begins with whose programs may not write against the mode of a file, which root may. */
export const HUMBLE =
  process.getuid?.() === 0 ? 'setpriv --bounding-set=-dac_override --inh-caps=-dac_override' : ''
