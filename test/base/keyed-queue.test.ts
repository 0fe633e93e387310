/** The keyed queue: tasks of one key run one after the other, and it says how many wait. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { KeyedQueue } from '../../src/base/keyed-queue.ts'

it('counts the tasks that wait, by one key or by several, and those that fail as well', async () => {
  const queue = new KeyedQueue<string>()
  const ends: (() => void)[] = []
  const task = () => new Promise<void>((resolve) => ends.push(resolve))
  const first = queue.run('a', task)
  const failing = queue.run('a', () => Promise.reject(new Error('task')))
  const both = queue.runAll(['a', 'b'], task)
  const alone = queue.run('c', task)
  assert.equal(queue.waiting, 2)
  ends.shift()!()
  await first
  await assert.rejects(failing, /task/)
  // Both keys are free now.
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(queue.waiting, 0)
  for (const end of ends) end()
  await Promise.all([both, alone, queue.idle()])
  assert.equal(queue.waiting, 0)
})
