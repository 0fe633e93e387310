/** The deadlines of calls: a longer one than a node keeps is capped, in every protocol, and a malformed one is refused. */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { createClient, type Transport } from '@connectrpc/connect'
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node'
import { PublicAccess } from '../../../../gen/causeway/v1/entry_pb.ts'
import { SyncService } from '../../../../gen/causeway/v1/sync_pb.ts'
import { TreeService } from '../../../../gen/causeway/v1/tree_pb.ts'
import { limits } from '../../../../src/base/limits.ts'
import { capDeadline } from '../../../../src/rpc/server/head/deadline.ts'
import { limited } from '../../../kit/limited.ts'
import { fails } from '../../../kit/rpc-errors.ts'
import { ServingNode } from '../../../kit/serving-node.ts'
import { Sessions } from '../../../kit/sessions.ts'

const capped = (name: string, value: string): string | null => {
  const headers = new Headers({ [name]: value })
  capDeadline(headers)
  return headers.get(name)
}

describe('A deadline', () => {
  it('is capped if it is longer than the bound, and otherwise left as it is', () => {
    const most = limits.callTimeoutMs
    for (const [name, given, expected] of [
      ['connect-timeout-ms', `${most}`, `${most}`],
      ['connect-timeout-ms', `${most + 1}`, `${most}`],
      ['connect-timeout-ms', '9999999999', `${most}`],
      ['connect-timeout-ms', '99999999999', '99999999999'],
      ['connect-timeout-ms', '0', '0'],
      ['connect-timeout-ms', 'soon', 'soon'],
      ['grpc-timeout', '1H', '1H'],
      ['grpc-timeout', '99999999H', `${most}m`],
      ['grpc-timeout', '3601S', `${most}m`],
      ['grpc-timeout', '99999999u', '99999999u'],
      ['grpc-timeout', '-1S', '-1S'],
    ] as const)
      assert.equal(capped(name, given), expected, `${name}: ${given}`)
    const none = new Headers()
    capDeadline(none)
    assert.deepEqual([...none], [])
  })

  const kinds: Record<string, (options: never) => Transport> = {
    Connect: createConnectTransport,
    gRPC: createGrpcTransport,
  }
  for (const [name, make] of Object.entries(kinds))
    it(`of a day is served with ${name}, and ends a watch at the bound`, async () => {
      await using serving = await ServingNode.start()
      const tree = Buffer.from(await serving.node.createTree('open', PublicAccess.READ), 'hex')
      const { address: baseUrl } = serving
      const transport = make({ baseUrl, httpVersion: '2', sessionManager: new Sessions(baseUrl) } as never)
      const timeoutMs = 86_400_000
      await createClient(TreeService, transport).listTrees({}, { timeoutMs })
      using _ = limited({ callTimeoutMs: 50 })
      await fails(
        createClient(SyncService, transport).watch({ trees: [{ tree }] }, { timeoutMs }),
        'TIMEOUT',
        'DeadlineExceeded',
      )
    })
})
