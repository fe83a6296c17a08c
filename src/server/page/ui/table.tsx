import type { ComponentChild } from 'preact'
import { useState } from 'preact/hooks'

export interface Column<T> {
  readonly title: string
  readonly cell: (row: T) => ComponentChild
  /** `right`: numbers and ages. `long`: sentences. */
  readonly kind?: 'right' | 'long'
}

interface TableProps<T> {
  readonly caption: string
  readonly columns: readonly Column<T>[]
  readonly rows: readonly T[]
  readonly keyOf: (row: T) => string
}

/** So many at first: thousands of rows would make the page slow. */
const SHOWN = 50

/** The first column names the row. */
export const Table = <T,>({ caption, columns, rows, keyOf }: TableProps<T>) => {
  const [limit, setLimit] = useState(SHOWN)
  const more = rows.length - limit
  return (
    <>
      <table>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ title, kind }) => (
              <th scope="col" class={kind}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, limit).map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ cell, kind }, index) =>
                index === 0 ? <th scope="row">{cell(row)}</th> : <td class={kind}>{cell(row)}</td>,
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {more > 0 ? (
        <button type="button" class="more" onClick={() => setLimit(limit + 10 * SHOWN)}>
          {more} more
        </button>
      ) : null}
    </>
  )
}
