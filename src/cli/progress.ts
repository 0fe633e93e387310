/** A progress bar on stderr. It draws only if stderr is a terminal. */
const widthCells = 30
const intervalMs = 100

export class ProgressBar {
  private readonly label: string
  private readonly quiet: boolean
  private last = 0
  private drawn = false

  constructor(label: string, quiet = false) {
    this.label = label
    this.quiet = quiet || !process.stderr.isTTY
  }

  /** Redraws the bar. A `total` of 0 means that it is unknown. */
  update(done: number, total: number, note = ''): void {
    if (this.quiet || (performance.now() - this.last < intervalMs && done !== total)) return
    this.last = performance.now()
    this.drawn = true
    const share = total > 0 ? Math.min(1, done / total) : 0
    const filled = Math.round(share * widthCells)
    const bar =
      total > 0
        ? `[${'█'.repeat(filled)}${'░'.repeat(widthCells - filled)}] ${Math.round(share * 100)}% `
        : ''
    const of = total > 0 ? ` of ${total.toLocaleString('en')}` : ''
    process.stderr.write(`\r\x1b[2K${this.label} ${bar}${done.toLocaleString('en')}${of} ${note}`)
  }

  /** Removes the bar from the terminal. */
  end(): void {
    if (this.drawn) process.stderr.write('\r\x1b[2K')
  }
}
