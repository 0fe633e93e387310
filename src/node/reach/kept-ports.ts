/**
 * The ports on which a node listened last, in a note in its data folder. After a restart it takes the same ones, so that
 * peers that know its addresses find it there.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { limits } from '../../base/limits.ts'

/** The transports whose ports stay, by the names of their ports in the note. */
export type KeptPort = 'http' | 'quic'

type Note = { readonly [transport in KeptPort]?: number }

export class KeptPorts {
  private readonly path: string | undefined
  private note: Note

  private constructor(path: string | undefined, note: Note) {
    this.path = path
    this.note = note
  }

  /** Reads the note of a data folder. One that is missing or damaged is no note, and so is that of a node in memory. */
  static async read(folder: string | undefined): Promise<KeptPorts> {
    if (folder === undefined) return new KeptPorts(undefined, {})
    const path = join(folder, 'ports.json')
    const text = await readFile(path, 'utf8').catch(() => '{}')
    return new KeptPorts(path, parseNote(text))
  }

  /** Returns the port that a transport had last. */
  last(transport: KeptPort): number | undefined {
    return this.note[transport]
  }

  /** Returns the ports to try in turn: that of the last time, the default and those after it, and any free one. */
  candidates(transport: KeptPort): number[] {
    const defaults = Array.from({ length: limits.defaultPorts }, (_, index) => limits.defaultPort + index)
    return [...new Set([this.note[transport] ?? limits.defaultPort, ...defaults, 0])]
  }

  /** Notes the port that a transport listens on. A note that cannot be written only costs the port. */
  async keep(transport: KeptPort, port: number | undefined): Promise<void> {
    if (port === undefined || this.note[transport] === port) return
    this.note = { ...this.note, [transport]: port }
    if (this.path === undefined) return
    try {
      // A new file, as for holder.ts.
      await rm(`${this.path}.new`, { force: true })
      await writeFile(`${this.path}.new`, `${JSON.stringify(this.note)}\n`, { mode: 0o600, flag: 'wx' })
      await rename(`${this.path}.new`, this.path)
    } catch {
      // A full disk, for example: the node serves all the same.
    }
  }
}

function parseNote(text: string): Note {
  try {
    const note = JSON.parse(text) as Record<string, unknown> | null
    const entries = (['http', 'quic'] as const).map((name) => [name, note?.[name]] as const)
    return Object.fromEntries(entries.filter(([, port]) => isPort(port)))
  } catch {
    return {}
  }
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536
}
