import type { ComponentChild } from 'preact'
import { useFirst } from './more.tsx'

export interface Column<T> {
  readonly title: string
  readonly cell: (row: T) => ComponentChild
  /** `right`: numbers and ages. `long`: sentences, of which at most three lines are shown. */
  readonly kind?: 'right' | 'long'
}

interface TableProps<T> {
  readonly caption: string
  readonly columns: readonly Column<T>[]
  readonly rows: readonly T[]
  readonly keyOf: (row: T) => string
}

/** A table whose first column names the row. */
export const Table = <T,>({ caption, columns, rows, keyOf }: TableProps<T>) => {
  const { shown, more } = useFirst(rows)
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
          {shown.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ cell, kind }, index) =>
                index === 0 ? (
                  <th scope="row">{cell(row)}</th>
                ) : (
                  <td class={kind}>
                    {kind === 'long' ? <div class="clamped">{cell(row)}</div> : cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {more}
    </>
  )
}
