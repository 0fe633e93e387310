/**
 * The process that crash.test.ts kills. It opens a node on a folder and writes to the stores of its tree as fast as it
 * can: by the node's key and by Ada's, who is revoked, granted her right again, and whose revocations are revoked
 * themselves. It prints a line after each round. The rounds grow, so that pages of all sizes are written.
 */
import { Permission } from '../../gen/causeway/v1/entry_pb.ts'
import { systemClock } from '../../src/base/clock.ts'
import { CausewayError } from '../../src/base/errors.ts'
import type { EntryId, TreeId } from '../../src/dag/id.ts'
import { createIdentity } from '../../src/dag/identity.ts'
import { createNode, type Node } from '../../src/node/node.ts'
import { changeKinds, encodeAdd, encodePut } from '../../src/state/payload.ts'
import { Author } from '../../src/store/author/author.ts'
import { below, type Prng, prng, testIdentity } from '../kit/entries.ts'

const keys = 40
/** A page of so many entries is part of a large transfer for the view. */
const largeRound = 300
const [owner, ada] = [testIdentity(0), testIdentity(1)]

class Writer {
  readonly node: Node
  readonly tree: TreeId
  private readonly random: Prng
  private readonly recent: EntryId[] = []
  private readonly adas: Author

  constructor(node: Node, tree: TreeId, random: Prng) {
    this.node = node
    this.tree = tree
    this.random = random
    this.adas = new Author(node.store, ada, systemClock)
  }

  private key = () => `key ${below(this.random, keys)}`

  private names(): EntryId[] {
    const chosen = new Set<EntryId>()
    for (let count = below(this.random, 3); count > 0 && this.recent.length > 0; count--)
      chosen.add(this.recent[below(this.random, this.recent.length)]!)
    return [...chosen]
  }

  private note(...ids: readonly EntryId[]): void {
    this.recent.push(...ids)
    this.recent.splice(0, this.recent.length - 50)
  }

  private async own(): Promise<void> {
    const at = await this.node.stores.write(this.tree, (batch) => {
      for (let count = 1 + below(this.random, 3); count > 0; count--) {
        const [store, key, lot] = [below(this.random, 2) === 0 ? 'a' : 'b', this.key(), this.random()]
        if (lot < 0.6) batch.put(store, key, String(below(this.random, 1_000)))
        else if (lot < 0.75) batch.delete(store, key)
        else batch.add(store, key, below(this.random, 100))
      }
    })
    this.note(...at)
  }

  private async adaWrites(): Promise<void> {
    const [key, names] = [this.key(), this.names()]
    const value = Buffer.from(String(below(this.random, 1_000)))
    const change =
      this.random() < 0.7
        ? { kind: changeKinds.put, payload: encodePut({ key, value, type: 'text/plain', replaces: names }) }
        : { kind: changeKinds.add, payload: encodeAdd({ key, on: names, delta: 7 }) }
    const { id } = await this.adas.commit(this.tree, [{ store: 'a', ...change }])
    this.note(id)
  }

  /** Lets a new admin revoke Ada with all that she wrote, and mostly makes that void again. */
  private async revoke(): Promise<void> {
    const other = createIdentity()
    await this.node.grant(this.tree, other.peer, Permission.ADMIN)
    const [peer, permission] = [ada.peer, Permission.UNSPECIFIED]
    const others = new Author(this.node.store, other, systemClock)
    await others.changePolicy(this.tree, { keys: [{ peer, permission, revoked: true }] })
    if (this.random() < 0.7) {
      const nodes = new Author(this.node.store, owner, systemClock)
      await nodes.changePolicy(this.tree, { keys: [{ peer: other.peer, permission, revoked: true }] })
    }
    await this.node.grant(this.tree, ada.peer, Permission.WRITE)
  }

  async round(size: number): Promise<void> {
    const writes = Array.from({ length: size }, () => (this.random() < 0.5 ? this.own() : this.adaWrites()))
    if (this.random() < 0.3) writes.push(this.revoke())
    // Ada may lose her right while her entry waits.
    for (const result of await Promise.allSettled(writes))
      if (result.status === 'rejected' && !isRefused(result.reason)) throw result.reason
  }
}

const isRefused = (error: unknown) =>
  error instanceof CausewayError && (error.code === 'FORBIDDEN' || error.code.startsWith('ENTRY_'))

const [folder, seed] = process.argv.slice(2)
if (folder !== undefined) {
  const random = prng(Number(seed))
  const node = await createNode({ data: folder, identity: owner })
  const [known] = await node.trees()
  const tree = known?.tree ?? (await node.createTree('t'))
  await node.grant(tree, ada.peer, Permission.WRITE)
  const writer = new Writer(node, tree, random)
  // Ends when it is killed, or when its parent has gone.
  for (let round = 0; process.stdout.writable; round++) {
    await writer.round(random() < 0.1 ? largeRound : 1 + below(random, 30))
    process.stdout.write(`${round}\n`)
  }
}
