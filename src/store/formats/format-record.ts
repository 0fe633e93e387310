/**
 * The record that says in which format a store lies: the number of its layout (see database/layout.ts), and the version
 * of Causeway that wrote it so. While a migration is under way, the number is 0, which no version reads, so that no
 * earlier one misreads a store of which a part has been migrated.
 */
import { CausewayError } from '../../base/errors.ts'
import { version } from '../../base/version.ts'

/** The number of the layout that this version reads and writes. */
export const storeFormat = 3

/** The oldest format that this version migrates. */
const oldestFormat = 1

/** How far a migration is. */
export interface MigrationMark {
  readonly from: number
  readonly to: number
  /** The last key that was migrated, in hex; '' before the first. */
  readonly after: string
}

interface FormatRecord {
  readonly format: number
  /** The version that made or migrated the store. Stores of early versions do not say it. */
  readonly version?: string
  /** Of a store of which a part has been migrated. */
  readonly migration?: MigrationMark
}

/** Returns the value of the record of a store in the present format. */
export function encodeFormat(): Buffer {
  return Buffer.from(JSON.stringify({ format: storeFormat, version } satisfies FormatRecord))
}

/** Returns the value of the record of a store that is being migrated. */
export function encodeMark(migration: MigrationMark): Buffer {
  return Buffer.from(JSON.stringify({ format: 0, version, migration } satisfies FormatRecord))
}

/**
 * Returns where the migration of a store goes on, or undefined if it has the present format. Throws STORE_FORMAT if this
 * version can neither read nor migrate it, and an ordinary error if the record is damaged.
 */
export function readFormat(record: Buffer): MigrationMark | undefined {
  const { format, version: writer, migration } = JSON.parse(record.toString()) as FormatRecord
  if (typeof format !== 'number') throw new Error('it holds no number')
  if (migration !== undefined) {
    if (migration.to === storeFormat) return migration
    throw unreadable(
      migration.to,
      `The store is being migrated from format ${migration.from} to ${migration.to}${by(writer)}`,
      'start that version again, which ends the migration',
    )
  }
  if (format === storeFormat) return undefined
  if (format > storeFormat)
    throw unreadable(
      format,
      `The store has the newer format ${format}${by(writer)}`,
      `run ${writer === undefined ? 'a newer version' : `version ${writer} or a later one`}, or restore a backup into another folder`,
    )
  if (Number.isInteger(format) && format >= oldestFormat) return { from: format, to: storeFormat, after: '' }
  throw unreadable(format, `The store has the unknown format ${format}`, 'restore a backup')
}

const by = (writer: string | undefined) => (writer === undefined ? '' : ` of Causeway ${writer}`)

function unreadable(format: number, what: string, remedy: string): CausewayError {
  const reads = `this version, ${version}, reads the formats ${oldestFormat} to ${storeFormat}`
  return new CausewayError('STORE_FORMAT', `${what}, and ${reads}: ${remedy}.`, {
    data: { format, expected: storeFormat },
  })
}
