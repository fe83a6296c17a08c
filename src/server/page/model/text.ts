/** Characters that show nothing, or turn the order of others around: somebody may hide something with them. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

export interface Piece {
  readonly text: string
  /** Stands for a character that shows nothing by itself. */
  readonly escaped: boolean
}

/** A text in pieces of which each can be seen. */
export const visiblePieces = (text: string): Piece[] => {
  const pieces: { text: string; escaped: boolean }[] = []
  for (const character of text) {
    const escaped = HIDDEN.test(character)
    const shown = escaped ? escapeOf(character) : character
    const last = pieces.at(-1)
    if (last?.escaped === escaped) last.text += shown
    else pieces.push({ text: shown, escaped })
  }
  return pieces
}

/** The same as one string. */
export const visible = (text: string): string =>
  visiblePieces(text)
    .map((piece) => piece.text)
    .join('')

const escapeOf = (character: string): string => {
  const code = character.codePointAt(0) ?? 0
  if (character === '\n') return '\\n'
  if (character === '\t') return '\\t'
  return `\\u{${code.toString(16)}}`
}
