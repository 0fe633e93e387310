/**
 * Commits per second through a node, and of the bare work that none can avoid: one signature and one put of the same
 * bytes to LevelDB, equally durable and equally concurrent. Runs in the measured process.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { entryBytes, entryDomain } from '../src/dag/entry.ts'
import { createIdentity } from '../src/dag/identity.ts'
import { createNode } from '../src/node/node.ts'
import { openFolder } from '../src/store/database/open.ts'

export interface CommitsOptions {
  readonly folder: string
  readonly count: number
  readonly durable: boolean
  /** The number of commits under way at once. */
  readonly concurrent: number
}

export async function measureCommits(options: CommitsOptions) {
  const bareBefore = await bare(options, 'before')
  const through = await throughNode(options)
  const bareAfter = await bare(options, 'after')
  const barePerSecond = (2 * options.count) / (bareBefore + bareAfter)
  return { seconds: through, perSecond: options.count / through, barePerSecond }
}

const payload = Buffer.alloc(585, 'commit ')

async function throughNode({ folder, count, durable, concurrent }: CommitsOptions): Promise<number> {
  await using node = await createNode({ data: join(folder, 'node') })
  const tree = await node.createTree('bench')
  return await timed(count, concurrent, () =>
    node.commit(tree, [{ store: 'git', kind: 'commit', payload }], { durable }),
  )
}

async function bare({ folder, count, durable, concurrent }: CommitsOptions, name: string): Promise<number> {
  mkdirSync(join(folder, name))
  const db = await openFolder(join(folder, name))
  const identity = createIdentity()
  let key = 0
  const seconds = await timed(count, concurrent, () => {
    const body = Buffer.concat([payload, Buffer.alloc(120)])
    const signature = identity.sign(entryDomain, body)
    const value = Buffer.allocUnsafe(entryBytes({ body, signature }))
    value.set(signature)
    value.set(body, signature.length)
    const id = Buffer.alloc(45)
    id.writeUInt32BE(key++, 9)
    return db.put(id, value, { sync: durable } as object)
  })
  await db.close()
  return seconds
}

/** Runs `count` tasks, `concurrent` at a time. */
async function timed(count: number, concurrent: number, task: () => Promise<unknown>): Promise<number> {
  let left = count
  const worker = async () => {
    while (left-- > 0) await task()
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: concurrent }, worker))
  return (performance.now() - started) / 1000
}
