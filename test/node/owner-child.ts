/** A process of owner.test.ts: a node on the database of its parent, which commits when it is told to. */

import type { TreeId } from '../../src/dag/id.ts'
import { createNode } from '../../src/node/node.ts'
import { testIdentity } from '../kit/entries.ts'
import { limited } from '../kit/limited.ts'
import { openFromParent } from '../kit/shared-level.ts'

const [lease] = process.argv.slice(2)
limited({ ownerLeaseMs: Number(lease) })
const say = (said: unknown) => process.send!({ said })
const code = (error: { code?: string }) => error.code ?? String(error)
process.on('disconnect', () => process.exit(1))

try {
  const node = await createNode({ database: openFromParent(), identity: testIdentity(1), background: false })
  process.on(
    'message',
    async ({ commit, close }: { commit?: { tree: TreeId; text: string }; close?: boolean }) => {
      if (commit !== undefined)
        await node
          .commit(commit.tree, [{ store: 'log', kind: 'text', payload: Buffer.from(commit.text) }])
          .then(
            ({ id }) => say(id),
            (error) => say(code(error)),
          )
      if (close) await node.close().then(() => say('closed'))
    },
  )
  say(node.store.trees()[0]?.tree ?? (await node.createTree('shared')))
} catch (error) {
  say(code(error as { code?: string }))
}
