import { visible, visiblePieces } from '../model/text.ts'

/** From so many characters on a name may be cut, so all of it is told when it is pointed at. */
const LONG = 24

/** A name or state that somebody chose: what cannot be seen in it is shown as an escape. */
export const Visible = ({ text }: { text: string }) => (
  <bdi class="name" title={text.length >= LONG ? visible(text) : undefined}>
    {visiblePieces(text).map(({ text, escaped }) =>
      escaped ? <span class="escape">{text}</span> : text,
    )}
  </bdi>
)
