import { useState } from 'preact/hooks'

/** A command line for a shell, with a button that copies it. */
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

/** Returns `curl -fsS … http://this.server/PATH`. The shell's variable RDV_TOKEN holds the token. */
export const curlLine = (path: string, locked: boolean, ...flags: string[]): string => {
  const token = locked ? ['-H "Authorization: Bearer $RDV_TOKEN"'] : []
  const url = `${location.origin}${path}`
  // A shell reads a question mark as a pattern.
  return ['curl -fsS', ...flags, ...token, url.includes('?') ? `'${url}'` : url].join(' ')
}
