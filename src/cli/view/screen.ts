/**
 * A screen of its own on the terminal, which what stood there before comes back after. It is drawn anew when something has
 * changed, each second, since it shows ages, and when the terminal gets another size.
 */
import { cut } from './table.ts'

const enter = '\x1b[?1049h\x1b[?25l'
const leave = '\x1b[?25h\x1b[?1049l'
/** Shortest time between two drawings: nobody reads faster. */
const redrawMs = 100
const ageMs = 1000

interface Size {
  readonly columns: number
  readonly rows: number
}

/** The part of a terminal that a screen needs. */
export interface Terminal extends Partial<Size> {
  write(text: string): unknown
  on(event: 'resize', listener: () => void): unknown
  off(event: 'resize', listener: () => void): unknown
}

export class Screen implements Disposable {
  private readonly terminal: Terminal
  private readonly lines: (width: number) => readonly string[]
  private readonly ages: NodeJS.Timeout
  private soon: NodeJS.Timeout | undefined
  private readonly draw = () => {
    this.soon = undefined
    const { columns = 80, rows = 24 } = this.terminal
    this.terminal.write(screenText(this.lines(columns), { columns, rows }))
  }

  /** `lines` returns what to show, in lines of at most a number of characters. */
  constructor(terminal: Terminal, lines: (width: number) => readonly string[]) {
    this.terminal = terminal
    this.lines = lines
    terminal.write(enter)
    terminal.on('resize', this.draw)
    this.ages = setInterval(this.draw, ageMs)
  }

  /** Draws soon. */
  changed(): void {
    this.soon ??= setTimeout(this.draw, redrawMs)
  }

  [Symbol.dispose](): void {
    clearInterval(this.ages)
    clearTimeout(this.soon)
    this.terminal.off('resize', this.draw)
    this.terminal.write(leave)
  }
}

/** Returns what draws the lines over what is shown: as many as there is room for, and how many more there are. */
export function screenText(lines: readonly string[], { columns, rows }: Size): string {
  const left = lines.length - rows
  const shown = left <= 0 ? lines : [...lines.slice(0, rows - 1), `… ${left + 1} more lines`]
  // Each line is cleared behind its text, so that the whole never flickers.
  return `\x1b[H${shown.map((line) => `${cut(line, columns)}\x1b[K`).join('\r\n')}\x1b[J`
}
