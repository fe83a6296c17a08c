/** The name of a process or client, on one line. Its title has the whole name. */
export const Who = ({ text }: { text: string }) =>
  text === '' ? null : (
    <bdi class="person" title={text}>
      {text}
    </bdi>
  )
