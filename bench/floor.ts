/**
 * The floor under a bootstrap: the bare cost of hashing, verifying and writing the same entries, as parallel as the
 * machine allows, with everything read into memory before the clock starts. There is no network, no decoding and no
 * checks, so nothing that does the same work can be faster.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { limits } from '../src/base/limits.ts'
import { sha256Hex } from '../src/dag/crypto.ts'
import { entryBytes, entryDomain, readEntry, type VerifiedEntry } from '../src/dag/entry.ts'
import type { EntryId, TreeId } from '../src/dag/id.ts'
import { withDomain } from '../src/dag/identity.ts'
import { TreePolicy } from '../src/dag/policy/tree-policy.ts'
import { openFolder } from '../src/store/database/open.ts'
import { writeOperations } from '../src/store/database/write.ts'
import type { BatchOperation } from '../src/store/engine/engine.ts'
import { LevelPage } from '../src/store/engine/leveldb/level-page.ts'
import type { IndexRecord } from '../src/store/engine/records.ts'
import { planPage } from '../src/store/page.ts'
import { DagStore } from '../src/store/store.ts'
import { emptyRecord } from '../src/store/tree-state.ts'

/** The number of verifications queued at once: the thread pool must never be idle. */
const inFlight = 512
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex')

interface Check {
  readonly key: KeyObject
  readonly message: Uint8Array
  readonly signature: Uint8Array
  readonly hashed: Uint8Array
}

export async function measureFloor(folder: string, scratch: string, tree: TreeId) {
  const { checks, batches } = await load(folder, tree)
  const db = await openFolder(scratch)
  const cpu = process.cpuUsage()
  const started = performance.now()
  const write = async () => {
    const begun = performance.now()
    for (const operations of batches) await writeOperations(db, operations, false)
    return performance.now() - begun
  }
  const [verifySeconds, writeSeconds] = await Promise.all([hashAndVerify(checks), write()])
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  await db.close()
  return {
    entries: checks.length,
    seconds,
    perSecond: checks.length / seconds,
    cpuSeconds: (user + system) / 1e6,
    verifySeconds: verifySeconds / 1000,
    writeSeconds: writeSeconds / 1000,
  }
}

/** Reads a whole tree into memory, with the same batches that the store would write. */
async function load(folder: string, tree: TreeId): Promise<{ checks: Check[]; batches: BatchOperation[][] }> {
  const store = await DagStore.open(await openFolder(folder))
  const keys = new Map<string, KeyObject>()
  const checks: Check[] = []
  const batches: BatchOperation[][] = []
  const indexRecords = new Map<EntryId, IndexRecord>()
  const tips = new Map<EntryId, number>()
  const policy = new TreePolicy()
  let pointsStored = 0
  let record = emptyRecord(0)
  for await (const page of store.scan(tree)) {
    const entries = page.map(({ signed }) => readEntry(signed) as VerifiedEntry)
    for (const { signed, body } of entries) {
      let key = keys.get(body.author)
      if (key === undefined) {
        const der = Buffer.concat([spkiPrefix, Buffer.from(body.author, 'hex')])
        key = createPublicKey({ key: der, format: 'der', type: 'spki' })
        keys.set(body.author, key)
      }
      const hashed = new Uint8Array(entryBytes(signed))
      hashed.set(signed.signature)
      hashed.set(signed.body, signed.signature.length)
      checks.push({ key, message: withDomain(entryDomain, signed.body), signature: signed.signature, hashed })
    }
    const draft = new LevelPage(record.number)
    const base = {
      tree,
      draft,
      record,
      tips,
      indexRecords,
      policy,
      pointsStored,
      stale: false,
      authors: new Map(),
      treeOf: () => tree,
    }
    const plan = await planPage(base, entries)
    pointsStored = plan.pointsStored
    for (const [id, record] of plan.newIndexRecords) indexRecords.set(id, record)
    for (const id of plan.tipsGone) tips.delete(id)
    for (const [id, height] of plan.tipsAdded) tips.set(id, height)
    record = plan.record
    batches.push(draft.operations)
  }
  await store.close()
  if (batches.length > 1 && checks.length / batches.length > limits.pageEntries)
    throw new Error('The floor must write pages as the store does.')
  return { checks, batches }
}

function hashAndVerify(checks: readonly Check[]): Promise<number> {
  const begun = performance.now()
  return new Promise((resolve, reject) => {
    let next = 0
    let done = 0
    const start = () => {
      const { key, message, signature, hashed } = checks[next++]!
      sha256Hex(hashed)
      verify(null, message, key, signature, (error, valid) => {
        if (error !== null || !valid) return reject(error ?? new Error('A signature does not hold.'))
        if (++done === checks.length) resolve(performance.now() - begun)
        else if (next < checks.length) start()
      })
    }
    while (next < Math.min(inFlight, checks.length)) start()
  })
}
