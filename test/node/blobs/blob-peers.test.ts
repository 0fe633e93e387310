/** Which peers are asked for chunks, and in which order. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { systemClock } from '../../../src/base/clock.ts'
import { CausewayError } from '../../../src/base/errors.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import { findBlobPeers } from '../../../src/node/blobs/blob-peers.ts'
import { defaultSettings } from '../../../src/peer/links.ts'

const link = (peer: string, lastSuccessMs = 0, settings = {}) => ({
  ...{ tree: 't', peer, lastSuccessMs },
  settings: { ...defaultSettings, ...settings },
})

it('asks linked peers that may read the tree and can be dialled, the latest first', async () => {
  const dialled: string[] = []
  const find = findBlobPeers({
    links: {
      ofTree: () => [
        link('old', 1),
        link('late', 9),
        link('paused', 8, { paused: true }),
        link('push only', 8, { pull: false }),
        link('blocked', 8),
        link('nowhere', 8),
        link('unknown', 8),
        link('may not', 8),
        link('away', 8),
      ],
    },
    book: {
      get: (peer: string) =>
        peer === 'unknown'
          ? undefined
          : { blocked: peer === 'blocked', addresses: peer === 'nowhere' ? [] : [{ address: 'a' }] },
    },
    guard: {
      withholdReason: async (_: TreeId, peer: string) =>
        peer === 'may not' ? new CausewayError('FORBIDDEN', 'no') : undefined,
    },
    dialler: {
      async connect(peer: string) {
        dialled.push(peer)
        if (peer === 'away') throw new CausewayError('UNREACHABLE', 'away')
        return { blobs: () => peer }
      },
    },
    clock: systemClock,
  } as never)
  const found: unknown[] = []
  const stop = new AbortController()
  for await (const peer of find('t' as TreeId, stop.signal)) found.push(peer)
  assert.deepEqual(found, ['late', 'old'])
  assert.deepEqual(dialled, ['late', 'away', 'old'])
  stop.abort()
  for await (const peer of find('t' as TreeId, stop.signal)) assert.fail(String(peer))
})
