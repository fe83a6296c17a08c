import { visible, visiblePieces } from '../model/text.ts'

/** A name of at least this many characters may be cut, so its title has the whole name. */
const LONG = 24

/** A name or state that a user chose. Its invisible characters are shown as escapes. */
export const Visible = ({ text }: { text: string }) => (
  <bdi class="name" title={text.length >= LONG ? visible(text) : undefined}>
    {visiblePieces(text).map(({ text, escaped }) =>
      escaped ? <span class="escape">{text}</span> : text,
    )}
  </bdi>
)
