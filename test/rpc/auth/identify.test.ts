/** The proofs that a connection has presented: how many of them are kept. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createContextValues, type UnaryRequest } from '@connectrpc/connect'
import { limits } from '../../../src/base/limits.ts'
import { Identification } from '../../../src/rpc/auth/identify.ts'
import type { Proofs } from '../../../src/rpc/auth/proof.ts'
import { type Caller, callerKey } from '../../../src/rpc/caller.ts'
import { testIdentity } from '../../kit/entries.ts'

it('a connection that presents proofs without end has the latest of them kept', async () => {
  const { peer } = testIdentity(1)
  const proofs = { spend: async () => peer } as unknown as Proofs
  const identification = new Identification({ proofs, isOperator: () => false, isBlocked: () => false })
  const caller: Caller = { remoteAddress: '192.0.2.1:1', transport: 'test', operator: false }
  const call = identification.interceptor(async () => undefined as never)
  const proofOf = (index: number) => `Bearer a.b.${index}`
  const proofCount = limits.proofsPerConnection + 10
  for (let index = 0; index < proofCount; index++)
    await call({
      contextValues: createContextValues().set(callerKey, caller),
      header: new Headers({ authorization: proofOf(index) }),
    } as UnaryRequest)
  assert.equal(identification.peersOf(caller).length, limits.proofsPerConnection)
  const proven = (index: number) => identification.callerOf(caller, proofOf(index)).caller.peer
  assert.deepEqual([proven(9), proven(10), proven(proofCount - 1)], [undefined, peer, peer])
})
