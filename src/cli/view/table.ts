/** A table in text: columns as wide as what is in them, without those that have nothing, in at most a given width. */

export interface Column<Row> {
  readonly title: string
  readonly text: (row: Row) => string
  /** Numbers stand at the right. */
  readonly right?: true
  /** What is cut first if the table is too wide, and to how many characters at least. */
  readonly least?: number
}

const gap = '  '

/** Cuts text to a number of characters, the last of which says so. */
export function cut(text: string, width: number): string {
  const characters = [...text]
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`
}

const lengthOf = (text: string): number => [...text].length

/**
 * Returns the lines of a table, first the titles and then a line a row. Cuts the columns that may be cut, and then the
 * ends of lines, to `width` characters.
 */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width = Number.POSITIVE_INFINITY,
): string[] {
  const filled = columns
    .map(({ text, ...column }) => ({ ...column, cells: rows.map(text) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''))
  const widths = filled.map(({ title, cells }) => Math.max(lengthOf(title), ...cells.map(lengthOf)))
  shrink(widths, filled, width - gap.length * (filled.length - 1))
  const line = (cellOf: (column: number) => string): string => {
    const cells = filled.map(({ right }, column) => {
      const cell = cut(cellOf(column), widths[column]!)
      const space = ' '.repeat(widths[column]! - lengthOf(cell))
      return right ? space + cell : cell + space
    })
    return cut(cells.join(gap).trimEnd(), width)
  }
  return [
    line((column) => filled[column]!.title),
    ...rows.map((_, row) => line((column) => filled[column]!.cells[row]!)),
  ]
}

/** Makes columns narrower, the widest first, until all fit into `width` or none can be cut further. */
function shrink(widths: number[], columns: readonly { readonly least?: number }[], width: number): void {
  let over = widths.reduce((sum, each) => sum + each, 0) - width
  const spare = (column: number) => widths[column]! - (columns[column]!.least ?? widths[column]!)
  // Each turn takes a character from a column.
  for (; over > 0; over--) {
    const widest = widths.reduce(
      (best, each, column) => (spare(column) > 0 && (best < 0 || each > widths[best]!) ? column : best),
      -1,
    )
    if (widest < 0) return
    widths[widest]!--
  }
}
