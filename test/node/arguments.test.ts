/**
 * Arguments of a wrong type are refused wherever the library takes some: every method of a node has a row, and each of
 * its parameters refuses what it does not take.
 */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import * as api from '../../src/index.ts'
import { nodeMethods, nodeOptions } from '../../src/node/arguments.ts'
import { createNode, Node } from '../../src/node/node.ts'
import { testIdentity } from '../kit/entries.ts'

const tree = 'ab'.repeat(32)
const peer = 'cd'.repeat(32)
const say = (payload: unknown) => [{ store: 'log', kind: '', payload }]

/** Values of the right type for each parameter. */
const right: Record<string, unknown> = {
  ...{ tree, peer, permission: 1, publicAccess: 1, name: 'a', path: '/nowhere', ticket: 'causeway:?' },
  ...{ changes: say(new Uint8Array(1)), remote: 'http://127.0.0.1:1', details: {}, signal: undefined },
  ...{ blocked: true, what: { tree, peer }, settings: {}, graceMs: 0, options: {} },
}

/** Runs something that should fail, whether it throws or rejects. */
async function refusal(call: () => unknown): Promise<{ code?: string; argument?: unknown; message: string }> {
  try {
    await call()
  } catch (error) {
    const { code, data, message } = error as api.CausewayError
    return { code, argument: data?.argument, message }
  }
  return { message: 'It succeeded.' }
}

describe('Arguments of a wrong type', () => {
  it('have a row for every method', () => {
    const methods = Object.getOwnPropertyNames(Node.prototype).filter(
      (name) => !['constructor', 'shutDown'].includes(name),
    )
    assert.deepEqual(Object.keys(nodeMethods).sort(), methods.sort())
  })

  for (const [method, parameters] of Object.entries(nodeMethods))
    for (const [index, [name]] of parameters.entries())
      it(`are refused by ${method}, as ${name}`, async () => {
        await using node = await createNode({ background: false })
        const call = (node as unknown as Record<string, (...args: unknown[]) => unknown>)[method]!.bind(node)
        for (const wrong of [null, 5n, Symbol('s'), () => {}]) {
          const args: unknown[] = parameters.map(([each]) => right[each])
          args[index] = wrong
          const { code, argument, message } = await refusal(() => call(...args))
          assert.deepEqual([code, argument], ['INVALID_ARGUMENT', name], `${String(wrong)}: ${message}`)
        }
      })

  it('are refused inside changes: a text is no payload, and is signed as nothing', async () => {
    await using node = await createNode({ background: false })
    const notes = await node.createTree('notes')
    for (const payload of ['text', undefined, [1, 2], {}, new ArrayBuffer(4), 7]) {
      const failure = await refusal(() => node.commit(notes, say(payload) as never))
      assert.deepEqual(
        [failure.code, failure.argument],
        ['INVALID_ARGUMENT', 'changes[0].payload'],
        failure.message,
      )
    }
    assert.match(
      (await refusal(() => node.commit(notes, say('text') as never))).message,
      /Uint8Array, got a string/,
    )
    assert.equal(node.store.tree(notes)!.count, 1)
    const identity = testIdentity(1)
    const draft = { tree: notes, parents: [notes], height: 1, createdAtMs: 0, changes: say('text') as never }
    const signed = await refusal(() => api.signEntry(identity, draft))
    assert.deepEqual([signed.code, signed.argument], ['INVALID_ARGUMENT', 'draft.changes[0].payload'])
    await node.commit(notes, say(Buffer.from('a buffer')) as never)
  })

  it('are refused by createNode, for each of its options', async () => {
    const [[, check]] = nodeOptions as [(typeof nodeOptions)[0]]
    const members = ['data', 'identity', 'http', 'tls', 'quic', 'transports', 'operators', 'quota', 'clock']
    for (const member of [...members, 'database', 'autoLink', 'background']) {
      const { code, argument } = await refusal(() => createNode({ [member]: 5n } as never))
      assert.deepEqual([code, argument], ['INVALID_ARGUMENT', `options.${member}`])
    }
    assert.equal((await refusal(() => createNode('/folder' as never))).code, 'INVALID_ARGUMENT')
    check({ data: undefined }, 'options')
  })

  it('are refused by the functions and by the desk', async () => {
    await using node = await createNode({ background: false })
    const calls = [
      () => api.formatId(5 as never),
      () => api.formatId('bafkrei' as never),
      () => api.parseId(undefined as never),
      () => api.parseTicket(7 as never),
      () => api.formatTicket({ tree } as never),
      () => api.formatTicket(undefined as never),
      () => api.createIdentity('s'.repeat(32) as never),
      () => api.openFolder(undefined as never),
      () => node.requests.approve(7 as never),
      () => node.requests.approve('ab', 'read' as never),
      () => node.requests.reject('ab', 7 as never),
    ]
    for (const call of calls) assert.equal((await refusal(call)).code, 'INVALID_ARGUMENT', String(call))
  })
})
