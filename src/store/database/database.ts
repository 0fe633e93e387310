/** The type of the database under a store, which open.ts opens. */
import type { AbstractLevel } from 'abstract-level'

/**
 * The database under a `DagStore`: an open abstract-level database with buffers as keys and values, as `openFolder` and
 * `openMemory` return it.
 */
export type Database = AbstractLevel<Buffer | Uint8Array | string, Buffer, Buffer>
