/**
 * A node takes another key: at rest, through a running node, where only somebody else can grant it access, and killed with
 * SIGKILL at any moment. KILL_RUNS sets how often it is killed (`npm run test:kills`: 20), and SEED the moments.
 */
import { strict as assert } from 'node:assert'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { parseId } from '../../../src/dag/id.ts'
import { createIdentity, type PeerId } from '../../../src/dag/identity.ts'
import { createNode } from '../../../src/node/node.ts'
import { Sandbox, type Served } from '../../kit/command.ts'
import { prng } from '../../kit/entries.ts'

interface Rotated {
  readonly state: 'planned' | 'waiting' | 'restart' | 'changed'
  readonly from: string
  readonly to: string
  readonly keptKey: string
  readonly toGrant: { tree: string; permission: string }[]
  readonly toAsk: { tree: string; permission: string }[]
  readonly asked: { tree: string; peer: string | null; problem: string | null }[]
  readonly waiting: { peer: string }[]
}
interface Policy {
  readonly own: string
  readonly keys: { peer: string; permission: string; revoked: boolean }[]
}

const idOf = async (box: Sandbox, name: string) => (await box.json<{ peer: string }>(name, ['id'])).peer
const policyOf = (box: Sandbox, name: string, tree: string) => box.json<Policy>(name, ['policy', tree])
const create = async (box: Sandbox, name: string, tree: string) =>
  (await box.json<{ tree: string }>(name, ['tree', 'create', tree])).tree
const commit = (box: Sandbox, name: string, tree: string, text: string) =>
  box.json<{ id: string }>(name, ['commit', tree, '--store', 'log'], text)

/** Stops a node, which has to end well. */
async function stop({ child, closed }: Served): Promise<void> {
  child.kill('SIGTERM')
  assert.deepEqual(await closed, [0, null])
}

/** Resolves when a running node says that new entries of a tree are there, `count` times. */
function arrivals({ lines }: Served, tree: string, count = 1): Promise<void> {
  let rest = count
  return new Promise((resolve) => {
    lines.on('line', (line) => {
      const event = JSON.parse(line) as { event: string; tree?: string }
      if (event.event === 'entries' && event.tree === tree && --rest === 0) resolve()
    })
  })
}

describe('causeway key rotate', () => {
  it('says what it would do, gives the new key all rights, and keeps the old one', async () => {
    await using box = await Sandbox.create()
    const from = await idOf(box, 'a')
    const trees = [await create(box, 'a', 'notes'), await create(box, 'a', 'photos')]
    const plan = await box.json<Rotated>('a', ['key', 'rotate', '--dry-run'])
    assert.deepEqual([plan.state, plan.from, plan.to], ['planned', from, null])
    assert.deepEqual(plan.toGrant.map(({ tree }) => tree).sort(), [...trees].sort())
    assert.equal(await idOf(box, 'a'), from)
    const { stdout } = await box.run('a', ['key', 'rotate', '--dry-run'])
    assert.ok(
      stdout.includes(`\n  ${trees[0]}  notes\n`) || stdout.endsWith(`\n  ${trees[0]}  notes\n`),
      stdout,
    )

    const seed = await readFile(join(box.folder('a'), 'identity.key'), 'utf8')
    const done = await box.json<Rotated>('a', ['key', 'rotate'])
    assert.equal(done.state, 'changed')
    assert.equal(await idOf(box, 'a'), done.to)
    const kept = join(box.folder('a'), done.keptKey)
    assert.equal(await readFile(kept, 'utf8'), seed)
    assert.equal(((await stat(kept)).mode & 0o777).toString(8), '600')
    for (const tree of trees) {
      const { own, keys } = await policyOf(box, 'a', tree)
      assert.deepEqual([own, keys.length, keys.some(({ revoked }) => revoked)], ['admin', 2, false])
      await commit(box, 'a', tree, 'by the new key')
    }
    assert.deepEqual((await readdir(box.folder('a'))).sort(), [done.keptKey, 'identity.key', 'store'].sort())
    assert.equal((await box.run('none', ['key', 'rotate'])).code, 2)
  })

  it('leaves a thief of the old key nothing that counts, though it is the author of the tree', async () => {
    await using box = await Sandbox.create()
    const from = (await idOf(box, 'a')) as PeerId
    const tree = await create(box, 'a', 'notes')
    await commit(box, 'a', tree, 'by the old key')
    await cp(box.folder('a'), box.folder('thief'), { recursive: true })
    const { to } = await box.json<Rotated>('a', ['key', 'rotate', '--revoke-old'])
    const { keys } = await policyOf(box, 'a', tree)
    assert.deepEqual(
      keys.map(({ peer, revoked }) => [peer, revoked]).sort(),
      [
        [from, true],
        [to, false],
      ].sort(),
    )
    await using thief = await createNode({ data: box.folder('thief'), background: false })
    await using node = await createNode({ data: box.folder('a'), background: false })
    const id = parseId(tree)
    const other = createIdentity(new Uint8Array(32).fill(9)).peer
    const written = [
      await thief.commit(id, [{ store: 'log', kind: 'add', payload: Buffer.from('beside') }]),
      await thief.grant(id, other, Permission.ADMIN),
    ]
    await node.store.append(id, written)
    const shown: string[] = []
    for await (const page of node.entries(id)) for (const entry of page) shown.push(entry.id)
    assert.equal(shown.length, 4, 'the root, an entry, a grant and a revocation by the old key')
    assert.equal((await node.policy(id))!.permission(from), Permission.UNSPECIFIED)
    assert.equal((await node.policy(id))!.permission(other), Permission.UNSPECIFIED)
    await node.commit(id, [{ store: 'log', kind: 'add', payload: Buffer.from('by the new key') }])
    // What docs/operating.md does not promise: the thief of the author's key takes the right of the new key, not for itself.
    await node.store.append(id, [await thief.revoke(id, to as PeerId)])
    const policy = (await node.policy(id))!
    assert.deepEqual([policy.permission(to as PeerId), policy.permission(from)], [0, 0])
  })

  it('prepares a running node, which takes the key when it starts again, and its peers follow', async () => {
    await using box = await Sandbox.create()
    let a = await box.serve('a')
    const tree = await create(box, 'a', 'notes')
    const b = await box.serve('b')
    const { ticket } = await box.json<{ ticket: string }>('a', ['ticket', tree, '--invite', 'write'])
    await box.json('b', ['join', ticket, '--permission', 'write'])
    const { state, to } = await box.json<Rotated>('a', ['key', 'rotate', '--revoke-old'])
    assert.equal(state, 'restart')
    assert.equal(await idOf(box, 'a'), a.ready.peer)
    assert.equal((await policyOf(box, 'b', tree)).keys.find(({ peer }) => peer === to)?.permission, 'admin')
    // A tree that nobody shares does not stop the change.
    const late = await create(box, 'a', 'late')
    await stop(a)

    const revoked = arrivals(b, tree)
    a = await box.serve('a')
    assert.equal(a.ready.peer, to)
    await revoked
    for (const [at, there] of [
      ['a', b],
      ['b', a],
    ] as const) {
      const arrived = arrivals(there, tree)
      await commit(box, at, tree, `after the change, at ${at}`)
      await arrived
    }
    assert.equal((await policyOf(box, 'a', late)).own, 'admin')
    const { links } = await box.json<{ links: { peer: string }[] }>('b', ['status'])
    assert.ok(links.some(({ peer }) => peer === to))
    assert.equal(existsSync(join(box.folder('a'), 'rotation.json')), false)
  })

  it('waits for linked peers that do not know the key, unless it is told not to', async () => {
    await using box = await Sandbox.create()
    const a = await box.serve('a')
    const tree = await create(box, 'a', 'notes')
    const { ticket } = await box.json<{ ticket: string }>('a', ['ticket', tree, '--invite', 'read'])
    const b = await box.serve('b')
    await box.json('b', ['join', ticket])
    await stop(b)
    await stop(a)
    const { code, stdout } = await box.run('a', ['key', 'rotate', '--timeout', '1', '--json'])
    const waits = JSON.parse(stdout) as Rotated
    assert.deepEqual(
      [code, waits.state, waits.waiting.map(({ peer }) => peer)],
      [1, 'waiting', [b.ready.peer]],
    )
    // The node starts with the key that it had.
    const again = await box.serve('a')
    assert.equal(again.ready.peer, a.ready.peer)
    await stop(again)
    const done = await box.json<Rotated>('a', ['key', 'rotate', '--now'])
    assert.deepEqual([done.state, done.to], ['changed', waits.to])
  })

  it('asks where it is no admin', async () => {
    await using box = await Sandbox.create()
    const b = await box.serve('b')
    const tree = await create(box, 'b', 'shared')
    const { ticket } = await box.json<{ ticket: string }>('b', ['ticket', tree, '--invite', 'write'])
    await box.json('a', ['join', ticket, '--permission', 'write'])
    const plan = await box.json<Rotated>('a', ['key', 'rotate', '--dry-run'])
    assert.deepEqual([plan.toGrant, plan.toAsk], [[], [{ tree, permission: 'write' }]])
    const { to, asked } = await box.json<Rotated>('a', ['key', 'rotate'])
    assert.deepEqual(
      asked.map(({ tree, peer, problem }) => [tree, peer, problem]),
      [[tree, b.ready.peer, null]],
    )
    const { requests } = await box.json<{ requests: { id: string; peer: string; permission: string }[] }>(
      'b',
      ['requests'],
    )
    assert.deepEqual(
      requests.map(({ peer, permission }) => [peer, permission]),
      [[to, 'write']],
    )
    await box.json('b', ['approve', requests[0]!.id])
    await box.json('a', ['sync', tree, b.ready.addresses[0]!])
    await commit(box, 'a', tree, 'by the new key')
  })

  it('says what is wrong with a note or a key that is not there', async () => {
    await using box = await Sandbox.create()
    const a = await box.serve('a')
    await create(box, 'a', 'notes')
    const { to } = await box.json<Rotated>('a', ['key', 'rotate'])
    await stop(a)
    const note = join(box.folder('a'), 'rotation.json')
    const text = await readFile(note, 'utf8')
    await writeFile(note, '{}')
    for (const command of [['key', 'rotate'], ['serve']]) {
      const { code, stderr } = await box.run('a', command)
      assert.deepEqual(
        [code, /The note .*rotation\.json .*cannot be read.*STORE_CORRUPT/.test(stderr)],
        [1, true],
      )
    }
    await writeFile(note, text)
    await writeFile(join(box.folder('a'), 'identity.next.key'), `${'07'.repeat(32)}\n`)
    const { code, stderr } = await box.run('a', ['serve'])
    assert.deepEqual([code, /are not those of the rotation/.test(stderr)], [1, true], stderr)
    assert.notEqual(await idOf(box, 'a'), to)
  })
})

const runs = Number(process.env.KILL_RUNS ?? 1)
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
/** Files whose appearance is a moment to kill at. */
const steps = ['identity.next.key', 'rotation.json', 'identity.old-']

describe(`A change of the key that is killed at ${runs + steps.length} moments (SEED=${seed})`, () => {
  const random = prng(seed)

  it('leaves a node that goes on with one of the two keys, and the next run ends it', async (test) => {
    await using box = await Sandbox.create()
    const from = await idOf(box, 'whole')
    const trees: string[] = []
    for (const name of ['one', 'two', 'three']) trees.push(await create(box, 'whole', name))
    for (const tree of trees) await commit(box, 'whole', tree, 'before')
    await cp(box.folder('whole'), box.folder('timed'), { recursive: true })
    const timed = box.spawn('timed', ['key', 'rotate', '--revoke-old'])
    await noteOf(box.folder('timed'))
    const start = performance.now()
    await once(timed, 'close')
    const lastsMs = performance.now() - start
    const keptOld: boolean[] = []
    for (let run = 0; run < runs + steps.length; run++) {
      const name = `run-${run}`
      await cp(box.folder('whole'), box.folder(name), { recursive: true })
      const child = box.spawn(name, ['key', 'rotate', '--revoke-old'])
      const closed = once(child, 'close')
      const step = steps[run]
      if (step === undefined) {
        await noteOf(box.folder(name))
        await runFor(lastsMs * random(), child)
      } else while (!(await readdir(box.folder(name))).some((file) => isStep(file, step)));
      child.kill('SIGKILL')
      await closed
      const id = await idOf(box, name)
      keptOld.push(id === from)
      const isOver = id !== from && !existsSync(join(box.folder(name), 'rotation.json'))
      const to = isOver ? id : (await box.json<Rotated>(name, ['key', 'rotate', '--revoke-old'])).to
      assert.equal(await idOf(box, name), to)
      for (const tree of trees) {
        const { keys } = await policyOf(box, name, tree)
        const seen = keys.map(({ peer, revoked }) => [peer, revoked]).sort()
        assert.deepEqual(
          seen,
          [
            [from, true],
            [to, false],
          ].sort(),
          `run ${run}`,
        )
        await commit(box, name, tree, 'after')
        const { ok, checked } = await box.json<{ ok: boolean; checked: number }>(name, ['verify', tree])
        assert.deepEqual([ok, checked], [true, 5])
      }
      const kept = join(box.folder(name), `identity.old-${from.slice(0, 8)}.key`)
      assert.equal(((await stat(kept)).mode & 0o777).toString(8), '600')
    }
    test.diagnostic(`with the old key: ${keptOld.filter(Boolean).length} of ${keptOld.length}`)
  })
})

/** Resolves once the note of a change is in a folder. */
async function noteOf(folder: string): Promise<void> {
  while (!existsSync(join(folder, 'rotation.json'))) await setTimeout(1)
}

/** Lets a child run for a time, or until it ends: the moment at which it is killed is drawn, not awaited. */
async function runFor(ms: number, child: ChildProcess): Promise<void> {
  const end = performance.now() + ms
  while (child.exitCode === null && performance.now() < end) await setTimeout(1)
}

/** A file that was renamed into place, not one that is being written. */
const isStep = (file: string, step: string): boolean =>
  step.endsWith('-') ? file.startsWith(step) && file.endsWith('.key') : file === step
