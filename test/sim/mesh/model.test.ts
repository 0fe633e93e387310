/**
 * A tree with hundreds of members, as a model of the decisions that each node makes: MESH_MEMBERS sets their number,
 * MESH_SEED the seed.
 */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import { MeshModel } from './model.ts'

const size = Number(process.env.MESH_MEMBERS ?? 300)
const seed = Number(process.env.MESH_SEED ?? 1)

describe(`${size} members in a model`, () => {
  let model: MeshModel
  before(() => {
    model = new MeshModel(size, seed)
    model.run(limits.neighbourSwapMs)
  })

  /** Lets time pass until all members have the same. Returns how long that took, in seconds. */
  const untilConverged = () => {
    const begunMs = model.queue.nowMs
    while (!model.converged) {
      assert.ok(model.queue.nowMs - begunMs < 600_000, 'The members do not converge.')
      model.run(1_000)
    }
    return (model.queue.nowMs - begunMs) / 1_000
  }

  it('each have at most 8 live links, and a commit reaches 99.9 % in 7 steps with at most 2 copies a member', (context) => {
    // Each author shows which directions bring its entries twice.
    for (let entry = 0; entry < 20; entry++) {
      model.write(model.pick())
      model.run(3_000)
    }
    const entries = Array.from({ length: 20 }, () => {
      const entry = model.write(model.pick())
      model.run(3_000)
      return entry
    })
    const shapes = entries.map((entry) => model.shapeOf(entry))
    const hops = Math.max(...shapes.map((shape) => shape.hops))
    const copies = shapes.reduce((sum, shape) => sum + shape.copies, 0) / shapes.length
    context.diagnostic(
      `${model.mostLinks} links at most; at most ${hops} steps, ${copies.toFixed(2)} copies a member`,
    )
    assert.ok(model.mostLinks <= limits.neighboursMax)
    assert.ok(hops <= 7, `${hops} steps`)
    assert.ok(copies <= 2, `${copies} copies`)
    assert.ok(shapes.every(({ reached }) => reached === size))
  })

  it('converge when a fifth of them is removed at once', (context) => {
    model.kill(0.2)
    for (let entry = 0; entry < 5; entry++) model.write(model.pick())
    context.diagnostic(`equal after ${untilConverged()} s`)
    model.run(limits.neighbourLostMs + 4 * limits.meshTickMs)
    const last = model.write(model.pick())
    model.run(3_000)
    assert.equal(model.shapeOf(last).reached, model.up.length)
  })

  it('converge after a minute in which half of them does not hear the other half', (context) => {
    model.partition()
    for (let entry = 0; entry < 10; entry++) {
      model.write(model.pick())
      model.run(6_000)
    }
    assert.ok(!model.converged)
    model.heal()
    context.diagnostic(`equal after ${untilConverged()} s`)
    model.run(60_000)
    const last = model.write(model.pick())
    model.run(3_000)
    assert.equal(model.shapeOf(last).reached, model.up.length)
  })
})
