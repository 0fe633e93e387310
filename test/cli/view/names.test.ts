/** What stands for the id of a tree or a peer: a name, unless there is none or it could mean another one. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { Names } from '../../../src/cli/view/names.ts'

const [alice, bob, carol] = ['aa'.repeat(32), 'bb'.repeat(32), 'cc'.repeat(32)]
const tree = 'bafkreihf47kejy4egzygummvyym3ceopjzunuzbu75cnim2a474mxg22t4'

it('a name stands for its id, and a piece of the id for one without a name', () => {
  const names = new Names()
  names.addTree(tree, 'notes')
  names.addPeer(alice, 'Alice')
  names.addPeer(bob, '')
  assert.deepEqual([names.tree(tree), names.peer(alice), names.peer(bob)], ['notes', 'Alice', 'bbbbbbbb…'])
  assert.deepEqual(
    [names.treeName(tree), names.peerName(alice), names.peerName(bob)],
    ['notes', 'Alice', null],
  )
  assert.equal(names.tree('bafkreiunknown0'), '…unknown0')
})

it('a name that several have comes with a piece of the id, so that nobody passes for another', () => {
  const names = new Names()
  for (const peer of [alice, bob]) names.addPeer(peer, 'Alice')
  assert.deepEqual([names.peer(alice), names.peer(bob)], ['Alice aaaaaaaa…', 'Alice bbbbbbbb…'])
})

it('the first who names a peer wins, and names are safe for the terminal', () => {
  const names = new Names()
  names.addPeer(carol, 'Carol')
  names.addPeer(carol, 'Mallory')
  names.addPeer(alice, 'A\x1b[2J\nlice'.padEnd(100, '!'))
  assert.equal(names.peer(carol), 'Carol')
  assert.doesNotMatch(names.peer(alice), /[\p{Cc}]/u)
  assert.equal(names.peer(alice).length, 40)
})
