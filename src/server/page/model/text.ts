/** Characters that are invisible, or that change the order of other characters. They may be used to hide something. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

export interface Piece {
  readonly text: string
  /** Whether the text is the escape of characters that are invisible. */
  readonly escaped: boolean
}

/** Splits a text into pieces of which every character is visible. */
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

/** Returns the visible pieces of a text as one string. */
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
