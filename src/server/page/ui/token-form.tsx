import { useState } from 'preact/hooks'

interface TokenFormProps {
  readonly refused: string | undefined
  readonly unlock: (token: string) => void
}

/** Asks for the token that the server requires. */
export const TokenForm = ({ refused, unlock }: TokenFormProps) => {
  const [token, setToken] = useState('')
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (token.trim()) unlock(token.trim())
  }
  return (
    <form class="panel token-form" onSubmit={submit}>
      <h2>This server requires a token</h2>
      <p>
        The tokens are in the file that <code>rdv serve --token-file</code> names. The page keeps
        the token until this tab is closed.
      </p>
      <label>
        Token
        <input
          type="password"
          autocomplete="off"
          value={token}
          onInput={({ currentTarget }) => setToken(currentTarget.value)}
          aria-invalid={refused !== undefined}
          aria-describedby={refused ? 'refused' : undefined}
        />
      </label>
      {refused ? (
        <p id="refused" role="alert">
          {refused}
        </p>
      ) : null}
      <button type="submit">Show activity</button>
    </form>
  )
}
