/**
 * What is known to be damaged in a store, durably: what LevelDB dropped at an opening, the records that were dropped
 * since their checksums were wrong, and the trees that are set aside. A note stays until a repair. A note that was
 * repaired is kept for a while, since LevelDB's own word of it may be read again.
 */
import { limits } from '../../base/limits.ts'
import type { TreeId } from '../../dag/id.ts'
import { isSealed, seal, seedOfKey } from '../database/checksum.ts'
import { storeError } from '../database/errors.ts'
import type { Database } from '../database/open.ts'
import type { BatchOperation } from '../engine/engine.ts'

/** One thing that is damaged. */
export interface DamageNote {
  /** `log`: LevelDB dropped records. `record`: a record was dropped. `tree`: a tree is set aside. */
  readonly kind: 'log' | 'record' | 'tree'
  /** For people. */
  readonly message: string
  /** Of a tree that is set aside. */
  readonly tree?: TreeId
  /** Of a record: the name of its kind. */
  readonly records?: string
  /** Of what LevelDB dropped: whether the trees were looked at since. */
  readonly examined?: true
  /** Of a tree whose repair has begun: the number under which it is built anew, and those from which it is taken. */
  readonly target?: number
  readonly sources?: readonly number[]
  readonly repaired?: true
}

const open = new WeakMap<Database, Promise<DamageNotes>>()

/** The notes of one store. */
export class DamageNotes {
  private readonly db: Database
  private readonly sublevel
  private readonly notes = new Map<string, DamageNote>()

  private constructor(db: Database) {
    this.db = db
    this.sublevel = db.sublevel<Buffer, Buffer>('damage', { keyEncoding: 'buffer', valueEncoding: 'buffer' })
  }

  /** Returns the notes of an open database, which has one such object. Throws STORE_CORRUPT. */
  static of(db: Database): Promise<DamageNotes> {
    const known = open.get(db)
    if (known !== undefined) return known
    const notes = new DamageNotes(db)
    const reading = notes.read().then(() => notes)
    open.set(db, reading)
    return reading
  }

  private async read(): Promise<void> {
    const damaged: Buffer[] = []
    try {
      for await (const [key, value] of this.sublevel.iterator())
        if (isSealed(value, seedOfKey(key))) this.notes.set(key.toString(), decode(value))
        else damaged.push(key)
    } catch (error) {
      throw storeError(error, 'The notes of damage could not be read')
    }
    if (damaged.length > 0)
      await this.write(
        [['record:damage', { kind: 'record', records: 'damage', message: 'Notes of damage were damaged.' }]],
        damaged.map((key) => ({ type: 'del', key, sublevel: this.sublevel })),
      )
  }

  /** Returns the notes of what is not repaired, those of trees last. */
  list(): DamageNote[] {
    const notes = [...this.notes.values()].filter(({ repaired }) => repaired === undefined)
    return [...notes.filter(({ kind }) => kind !== 'tree'), ...notes.filter(({ kind }) => kind === 'tree')]
  }

  /** Returns the note of a tree that is set aside, or undefined. */
  ofTree(tree: TreeId): DamageNote | undefined {
    const note = this.notes.get(treeKey(tree))
    return note?.repaired ? undefined : note
  }

  /** Returns whether records of this name were dropped and the store was not repaired since. */
  hasDropped(records: string): boolean {
    return this.list().some((note) => note.records === records)
  }

  /** Whether LevelDB dropped something, and the store was not repaired since. */
  get hasLostLog(): boolean {
    return this.list().some(({ kind }) => kind === 'log')
  }

  /** Whether LevelDB dropped something, and the trees were not looked at since. */
  get unexamined(): boolean {
    return this.list().some(({ kind, examined }) => kind === 'log' && examined === undefined)
  }

  /** Notes what LevelDB dropped, a line of its own each; lines that were noted before are known. */
  async addLog(lines: readonly string[]): Promise<void> {
    const fresh = lines.filter((line) => !this.notes.has(`log:${line}`))
    await this.write(fresh.map((line) => [`log:${line}`, { kind: 'log', message: `LevelDB: ${line}` }]))
  }

  /** Notes a tree that is set aside, or how far its repair is. */
  async setTree(tree: TreeId, note: Omit<DamageNote, 'kind' | 'tree'>): Promise<void> {
    await this.write([[treeKey(tree), { ...note, kind: 'tree', tree }]])
  }

  /** Drops damaged records of a kind, and notes it in the same batch. */
  async dropRecords(
    name: string,
    keys: readonly Buffer[],
    deletions: readonly BatchOperation[],
  ): Promise<void> {
    const list = keys.slice(0, limits.damageKeysNamed).map((key) => JSON.stringify(key.toString('latin1')))
    const more = keys.length > list.length ? `, and ${keys.length - list.length} more` : ''
    const message = `Damaged records of ${name} were dropped: ${list.join(', ')}${more}.`
    await this.write([[`record:${name}`, { kind: 'record', records: name, message }]], deletions)
  }

  /** The trees were looked at after what LevelDB dropped. */
  async wereExamined(): Promise<void> {
    const notes = [...this.notes].filter(([, { kind, examined }]) => kind === 'log' && !examined)
    await this.write(notes.map(([key, note]) => [key, { ...note, examined: true }]))
  }

  /** The tree is whole again. */
  async treeRepaired(tree: TreeId): Promise<void> {
    await this.forget([treeKey(tree)])
  }

  /** All is as well as it can be: forgets dropped records and trees, and marks LevelDB's words as dealt with. */
  async allRepaired(): Promise<void> {
    const notes = [...this.notes]
    const logs = notes.filter(([, { kind, repaired }]) => kind === 'log' && !repaired)
    await this.write(logs.map(([key, note]) => [key, { ...note, repaired: true }]))
    await this.forget(notes.flatMap(([key, { kind }]) => (kind === 'record' ? [key] : [])))
  }

  /** Records of this name were made anew. */
  async recordsRebuilt(name: string): Promise<void> {
    await this.forget([`record:${name}`])
  }

  private async forget(keys: readonly string[]): Promise<void> {
    const known = keys.filter((key) => this.notes.has(key))
    await this.write(
      [],
      known.map((key) => ({ type: 'del', key: Buffer.from(key), sublevel: this.sublevel })),
    )
    for (const key of known) this.notes.delete(key)
  }

  private async write(
    notes: readonly (readonly [string, DamageNote])[],
    others: readonly BatchOperation[] = [],
  ): Promise<void> {
    if (notes.length === 0 && others.length === 0) return
    const operations = notes.map(([key, note]): BatchOperation => {
      const bytes = Buffer.from(key)
      const value = Buffer.from(`${JSON.stringify(note)}    `)
      return { type: 'put', key: bytes, value: seal(value, seedOfKey(bytes)), sublevel: this.sublevel }
    })
    // Old lines are dropped, those that were dealt with first: LevelDB keeps the words of two openings only.
    const logs = [...this.notes].filter(
      ([key, { kind }]) => kind === 'log' && !notes.some(([k]) => k === key),
    )
    logs.sort(([, a], [, b]) => Number(b.repaired ?? false) - Number(a.repaired ?? false))
    const excess = logs.slice(0, Math.max(0, logs.length + notes.length - limits.damageNotes))
    for (const [key] of excess)
      operations.push({ type: 'del', key: Buffer.from(key), sublevel: this.sublevel })
    try {
      await this.db.batch([...operations, ...others] as BatchOperation[], { sync: true } as object)
    } catch (error) {
      throw storeError(error, 'A note of damage could not be written')
    }
    for (const [key, note] of notes) this.notes.set(key, note)
    for (const [key] of excess) this.notes.delete(key)
  }
}

function treeKey(tree: TreeId): string {
  return `tree:${tree}`
}

function decode(value: Buffer): DamageNote {
  return JSON.parse(value.toString('utf8', 0, value.length - 4)) as DamageNote
}
