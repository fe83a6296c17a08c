import { useState } from 'preact/hooks'

/** A line to type in a shell, with a button that copies it. */
export const CurlLine = ({ words }: { words: string }) => {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(words)
    setCopied(true)
    window.setTimeout(() => setCopied(false), 1_500)
  }
  return (
    <div class="curl">
      <code>{words}</code>
      {navigator.clipboard ? (
        <button type="button" onClick={copy} aria-label={`Copy: ${words}`}>
          {copied ? 'copied' : 'copy'}
        </button>
      ) : null}
    </div>
  )
}

/** `curl -fsS … http://this.server/PATH`; the shell's variable holds the token. */
export const curlLine = (path: string, locked: boolean, ...flags: string[]): string => {
  const token = locked ? ['-H "Authorization: Bearer $RDV_TOKEN"'] : []
  const url = `${location.origin}${path}`
  // a shell takes a question mark for a pattern
  return ['curl -fsS', ...flags, ...token, url.includes('?') ? `'${url}'` : url].join(' ')
}
