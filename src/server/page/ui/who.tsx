/** Who did something, on one line; all of it when it is pointed at. */
export const Who = ({ text }: { text: string }) =>
  text === '' ? null : (
    <bdi class="person" title={text}>
      {text}
    </bdi>
  )
