/** The health service: each service's state is the node's readiness, watched to the end, for anybody and within bounds. */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from '../../../../gen/grpc/health/v1/health_pb.ts'
import { limits } from '../../../../src/base/limits.ts'
import { createHealthService } from '../../../../src/rpc/services/grpc/health-service.ts'
import { Readiness } from '../../../../src/rpc/services/grpc/readiness.ts'
import { limited } from '../../../kit/limited.ts'
import { fails } from '../../../kit/rpc-errors.ts'
import { protocols, ServingNode, transports } from '../../../kit/serving-node.ts'
import { VirtualClock } from '../../../kit/virtual-clock.ts'

const names = [
  '',
  'causeway.v1.NodeService',
  'causeway.v1.StoreService',
  'causeway.v1.SyncService',
  'causeway.v1.TreeService',
  'grpc.health.v1.Health',
  'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
]

/** Watches a service whose node is not there. Returns a function that returns the next status, and ends the watch. */
function watched(readiness: Readiness, clock: VirtualClock) {
  const call = new AbortController()
  const { watch } = createHealthService({ readiness, clock }, ['a'])
  const answers = watch({ service: 'a' } as never, call as never)[Symbol.asyncIterator]()
  return {
    next: async (): Promise<Status | undefined> => (await answers.next()).value?.status,
    leave: () => call.abort(),
  }
}

describe('The health of a node', () => {
  for (const protocol of protocols)
    it(`is told to anybody, for all services and each, with ${protocol}`, async () => {
      await using serving = await ServingNode.start()
      const health = (await serving.dialAs(undefined, protocol)).connection.client(Health)
      for (const service of names) assert.equal((await health.check({ service })).status, Status.SERVING)
      const { statuses } = await health.list({})
      assert.deepEqual(Object.keys(statuses).sort(), names)
      assert.ok(Object.values(statuses).every(({ status }) => status === Status.SERVING))
      await fails(health.check({ service: 'causeway.v1.Nothing' }), 'UNIMPLEMENTED', 'NotFound')
      for (const [service, status] of [
        ['causeway.v1.TreeService', Status.SERVING],
        ['causeway.v1.Nothing', Status.SERVICE_UNKNOWN],
      ] as const)
        for await (const answer of health.watch({ service })) {
          assert.equal(answer.status, status)
          break
        }
    })

  it('is watched until the node stops', async () => {
    await using serving = await ServingNode.start()
    const health = (await serving.dialAs(undefined)).connection.client(Health)
    const seen: Status[] = []
    for await (const { status } of health.watch({})) {
      seen.push(status)
      if (seen.length === 1) void serving.node.close(10_000)
    }
    assert.deepEqual(seen, [Status.SERVING, Status.NOT_SERVING])
  })

  it('is always answered to strangers, whatever their other calls used up', async () => {
    using _ = limited({
      ...{ strangerRequestBurst: 1, strangerRequestsPerSecond: 0.000_1 },
      ...{ strangerCalls: 0, strangerBytesBurst: 1, strangerBytesPerSecond: 1_000_000 },
    })
    await using serving = await ServingNode.start()
    const { connection, trees } = await serving.dialAs(undefined)
    const health = connection.client(Health)
    for (let count = 0; count < 3; count++) assert.equal((await health.check({})).status, Status.SERVING)
    await fails(trees.listTrees({}), 'RESOURCE_EXHAUSTED', 'ResourceExhausted')
    await fails(health.watch({}), 'RESOURCE_EXHAUSTED', 'ResourceExhausted')
    const service = 'x'.repeat(limits.briefRequestBytes)
    await fails(health.check({ service }), 'RESOURCE_EXHAUSTED', 'ResourceExhausted')
  })

  it('of a node that does not listen yet is not serving, and a change is told at once', async () => {
    const [readiness, clock] = [new Readiness(), new VirtualClock()]
    const { next } = watched(readiness, clock)
    assert.equal(await next(), Status.NOT_SERVING)
    const changed = next()
    readiness.state = 'ready'
    assert.equal(await changed, Status.SERVING)
    // A sign of life, so that nobody takes the connection for dead.
    assert.equal(await clock.runUntil(next()), Status.SERVING)
    assert.ok(clock.monotonic() <= limits.signOfLifeMs)
    const last = next()
    readiness.state = 'stopping'
    assert.equal(await last, Status.NOT_SERVING)
    assert.equal(await next(), undefined)
    readiness.state = 'ready'
    assert.equal(readiness.state, 'stopping')
    assert.equal(clock.pendingTimers, 0)
  })

  it('is watched for nobody who has left', async () => {
    const clock = new VirtualClock()
    const { next, leave } = watched(new Readiness(), clock)
    await next()
    const waiting = next()
    await clock.settle()
    assert.equal(clock.pendingTimers, 1)
    leave()
    assert.equal(await waiting, undefined)
    assert.equal(clock.pendingTimers, 0)
  })

  it('is told over QUIC too', async () => {
    await using serving = await ServingNode.start(transports.find(({ name }) => name === 'QUIC'))
    const health = (await serving.dialAs(undefined)).connection.client(Health)
    assert.equal((await health.check({})).status, Status.SERVING)
  })
})
