/** A hint for a surplus argument, as the end of a sentence. */
export const argumentHint = (id: string, word: string): string | undefined => {
  const isNumber = /^[+-]?\d+$/.test(word)
  if (id === 'waitgroup:done') return 'each call marks one piece of work as done'
  if (id === 'serve' && isNumber) return `write --listen 127.0.0.1:${word}`
  if (id === 'serve' && /:\d+$/.test(word)) return `write --listen ${word}`
  const flag = isNumber ? NUMBERS[id] : NAMES[id]
  if (flag === undefined) return undefined
  return flag.startsWith('--') ? `write ${flag} ${shown(word)}` : flag
}

const shown = (word: string): string => (/^[\w./:+-]{1,60}$/.test(word) ? word : 'VALUE')

/** By command: the flag for a surplus number. */
const NUMBERS: Readonly<Record<string, string>> = {
  barrier: '--parties',
  'counter:dec': '--by',
  'counter:inc': '--by',
  'counter:set': '--if-equals',
  'counter:wait': '--at-least',
  id: '--count',
  lock: '--slots',
  subscribe: '--count',
  'waitgroup:wait': '--expect',
}

/** By command: the flag for any other surplus word, or the end of a sentence. */
const NAMES: Readonly<Record<string, string>> = {
  elect: 'write --id before the name of a candidate, or -- before COMMAND',
  doctor: 'write --backend and a URL for another store',
  get: 'get reads one key',
  leader: 'leader reads one election',
  list: 'list takes one group',
  'pipe:receive': '--group',
  'pipe:send': '--group',
  signal: 'signal takes one key and one state; put a state of several words in quotes',
  status: 'status shows everything',
  subscribe: 'subscribe reads one topic',
}
