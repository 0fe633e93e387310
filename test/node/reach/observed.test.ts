/** A socket counts as this node's own only if two observers of different origin see the node there. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import { Observed } from '../../../src/node/reach/observed.ts'

function observing() {
  const sockets = new Set<string>()
  const observed = new Observed({
    addSocket: async (socket) => void sockets.add(socket),
    removeSocket: async (socket) => void sockets.delete(socket),
  })
  return { observed, sockets }
}

it('is taken over from two of different origin, and not from one', async () => {
  const { observed, sockets } = observing()
  for (let times = 0; times < 3; times++) await observed.told('203.0.113.1', '8.8.4.4:1000')
  assert.deepEqual([...sockets], [])
  await observed.told('203.0.113.2', '8.8.4.4:1000')
  assert.deepEqual([...sockets], ['8.8.4.4:1000'])
})

it('takes the place of the oldest past the bound, and is public', async () => {
  const { observed, sockets } = observing()
  for (const socket of [
    '10.0.0.1:1',
    '127.0.0.1:1',
    '169.254.1.1:1',
    '0.0.0.0:1',
    'example.org:1',
    '8.8.4.4',
    '',
  ]) {
    await observed.told('a', socket)
    await observed.told('b', socket)
  }
  assert.deepEqual([...sockets], [])
  for (let port = 1; port <= limits.observedSockets + 1; port++) {
    await observed.told('a', `8.8.4.4:${port}`)
    await observed.told('b', `8.8.4.4:${port}`)
  }
  assert.equal(sockets.size, limits.observedSockets)
  assert.ok(!sockets.has('8.8.4.4:1'))
})

it('costs no memory, however many one observer tells', async () => {
  const { observed, sockets } = observing()
  for (let port = 1; port <= limits.observedWaiting + 1; port++) await observed.told('a', `8.8.4.4:${port}`)
  await observed.told('b', '8.8.4.4:1')
  assert.equal(sockets.size, 0, 'the first was forgotten')
  await observed.told('b', `8.8.4.4:${limits.observedWaiting + 1}`)
  assert.equal(sockets.size, 1)
})
