/** A node and a program prove their keys over plain HTTP that leaves the machine only if they accept that themselves. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { connectStores } from '../../../src/node/dialling/connect-stores.ts'
import { createNode } from '../../../src/node/node.ts'
import { createHttpTransport } from '../../../src/transport/http.ts'
import type { Transport } from '../../../src/transport/transport.ts'
import { testIdentity } from '../../kit/entries.ts'
import { code } from '../../store/expect.ts'

const http = { host: '127.0.0.1', port: 0 }

/** A transport over loopback that looks as one over a network does: its addresses begin with plain:. */
function exposed(transport: Transport): Transport {
  const protection = { kind: 'none' } as const
  const plain = (address: string) => address.replace(/^http:/, 'plain:')
  return {
    name: 'plain',
    canHandleAddress: (address) => address.startsWith('plain:'),
    dial: async (address, options) => ({
      ...(await transport.dial(address.replace(/^plain:/, 'http:'), options)),
      protection,
    }),
    listen: (accept) => transport.listen((channel) => accept({ ...channel, protection })),
    stop: () => transport.stop(),
    addresses: () => transport.addresses().map(plain),
    close: () => transport.close(),
  }
}

it('a caller says nothing over plain HTTP before it has accepted that, whatever the peer has', async () => {
  await using serving = await createNode({
    http: { ...http, insecure: true },
    transports: [exposed(createHttpTransport({ listen: http }))],
    background: false,
  })
  const tree = await serving.createTree('shared', PublicAccess.WRITE)
  await serving.listen()
  const calls: string[] = []
  serving.on('call', ({ method }) => calls.push(method))
  const address = serving.addresses().find((each) => each.startsWith('plain:'))!
  const dialling = () => exposed(createHttpTransport())
  for (const insecure of [false, true]) {
    await using node = await createNode({ transports: [dialling()], background: false, insecure })
    const syncing = node.sync(tree, address)
    await using stores = connectStores(address, testIdentity(1), { transports: [dialling()], insecure })
    const reading = stores.open(tree, 'notes').get('greeting')
    if (insecure) {
      assert.equal((await syncing).equal, true)
      assert.equal(await reading, undefined)
      assert.notEqual(calls.length, 0)
    } else {
      await assert.rejects(syncing, /plain HTTP that leaves this machine/)
      await assert.rejects(reading, code('UNREACHABLE'))
      assert.deepEqual(calls, [])
    }
  }
  // What is accepted for serving is accepted for dialling, unless it is told otherwise.
  await using both = await createNode({
    transports: [dialling()],
    http: { ...http, insecure: true },
    background: false,
  })
  assert.equal((await both.sync(tree, address)).equal, true)
})
