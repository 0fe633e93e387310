/**
 * One simulated tree with many members: `SIM_MEMBERS=300 npm run sim:members` prints how it went, SIM_SEED sets the seed. It
 * runs in a process of its own, since the test runner's hooks on every promise cost half the time.
 */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { limits } from '../../../src/base/limits.ts'
import { verifyOnTheSpot } from '../cluster.ts'
import { Members } from './members.ts'

const file = fileURLToPath(import.meta.url)

interface Outcome {
  readonly lines: readonly string[]
  readonly error?: string
}

/** Simulates so many members in another process. Returns what was measured. Throws if something does not hold. */
export async function simulateMembers(size: number, seed: number): Promise<readonly string[]> {
  const env = { ...process.env, SIM_MEMBERS: `${size}`, SIM_SEED: `${seed}` }
  const { NODE_TEST_CONTEXT: _, ...own } = env as NodeJS.ProcessEnv
  const child = fork(file, { env: own })
  const { lines, error } = await new Promise<Outcome>((resolve) => {
    child.once('message', (outcome: Outcome) => resolve(outcome))
    child.once('exit', (code) => resolve({ lines: [], error: `The simulation ended with ${code}.` }))
  })
  child.kill()
  if (error !== undefined) throw new Error([...lines, error].join('\n'))
  return lines
}

async function simulate(size: number, seed: number, say: (line: string) => void): Promise<void> {
  const restore = verifyOnTheSpot()
  const members = new Members(size, seed)
  await members.start()
  await members.pass(6 * limits.meshTickMs)
  await spread(members, say)
  await removal(members, say)
  await partition(members, say)
  await members.stop()
  restore()
}

/** Each has at most 8 live links, and a commit reaches 99.9 % in 7 steps with at most 2 copies a member. */
async function spread(members: Members, say: (line: string) => void): Promise<void> {
  const size = members.up.length
  assert.ok(members.mostLive() <= limits.neighboursMax, `${members.mostLive()} live links`)
  // Each author shows which directions bring its entries twice.
  for (let entry = 0; entry < 10; entry++) await members.writeAndPass(3_000)
  const before = members.copies()
  let hops = 0
  for (let entry = 0; entry < 10; entry++) {
    const id = await members.writeAndPass(3_000)
    assert.equal(members.reached(id), size)
    hops = Math.max(hops, members.hopsOf(id))
  }
  const copies = (members.copies() - before) / 10 / (size - 1)
  say(`${members.mostLive()} live links at most; ${hops} steps; ${copies.toFixed(2)} copies a member`)
  assert.ok(hops <= 7, `${hops} steps`)
  assert.ok(copies <= 2, `${copies} copies`)
}

/** A fifth of them is removed at once: the others converge. */
async function removal(members: Members, say: (line: string) => void): Promise<void> {
  await members.remove(0.2)
  for (let entry = 0; entry < 5; entry++) await members.write()
  say(`a fifth removed: equal after ${await members.converge(600_000)} s`)
  await members.pass(limits.neighbourLostMs + 4 * limits.meshTickMs)
  const last = await members.writeAndPass(3_000)
  assert.equal(members.reached(last), members.up.length)
  assert.ok(members.mostLive() <= limits.neighboursMax, `${members.mostLive()} live links`)
}

/** For a minute, half of them does not hear the other half: they converge after it. */
async function partition(members: Members, say: (line: string) => void): Promise<void> {
  members.partition()
  for (let entry = 0; entry < 6; entry++) await members.writeAndPass(10_000)
  assert.equal(await members.isConverged(), false)
  members.cluster.network.heal()
  say(`parted for a minute: equal after ${await members.converge(600_000)} s`)
  await members.pass(60_000)
  const last = await members.writeAndPass(3_000)
  assert.equal(members.reached(last), members.up.length)
}

if (process.argv[1] === file) {
  const [size, seed] = [Number(process.env.SIM_MEMBERS ?? 300), Number(process.env.SIM_SEED ?? 1)]
  const begun = performance.now()
  const lines: string[] = []
  const say = (line: string) => {
    const text = `${((performance.now() - begun) / 1_000).toFixed(0)} s: ${line}`
    lines.push(text)
    if (process.send === undefined) console.log(text)
  }
  const error = await simulate(size, seed, say).then(
    () => undefined,
    (thrown: Error) => `SIM_MEMBERS=${size} SIM_SEED=${seed}: ${thrown.stack}`,
  )
  say(`${size} members, seed ${seed}: ${error === undefined ? 'all holds' : 'failed'}`)
  if (error !== undefined) process.exitCode = 1
  if (process.send !== undefined) process.send({ lines, ...(error !== undefined && { error }) })
  else if (error !== undefined) console.error(error)
}
