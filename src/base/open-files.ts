import { readFileSync } from 'node:fs'

interface Limit {
  readonly soft: number
  readonly hard: number
}

/** The limits of open files of a process; `undefined` where they cannot be read. */
export const openFileLimit = (process: number | 'self'): Limit | undefined => {
  try {
    const limits = readFileSync(`/proc/${process}/limits`, 'latin1')
    const [, soft, hard] = /^Max open files +(\S+) +(\S+)/m.exec(limits) ?? []
    return { soft: amount(soft), hard: amount(hard) }
  } catch {
    return undefined
  }
}

const amount = (text: string | undefined): number =>
  text === 'unlimited' ? Infinity : Number(text)
