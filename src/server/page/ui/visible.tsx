import { visiblePieces } from '../model/text.ts'

/** A name or state that somebody chose: what cannot be seen in it is shown as an escape. */
export const Visible = ({ text }: { text: string }) => (
  <bdi class="name">
    {visiblePieces(text).map(({ text, escaped }) =>
      escaped ? <span class="escape">{text}</span> : text,
    )}
  </bdi>
)
