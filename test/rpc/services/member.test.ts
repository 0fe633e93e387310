/**
 * A member of a tree in any language: a key and the generated client, with nothing of this project beside. It proves its
 * key by a token that it makes itself, has an entry prepared, checks and signs it, and sends it.
 */
import { strict as assert } from 'node:assert'
import { createHash, createPrivateKey, randomUUID, sign } from 'node:crypto'
import { describe, it } from 'node:test'
import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { createClient } from '@connectrpc/connect'
import { createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-node'
import { ed25519 } from '@noble/curves/ed25519.js'
import { EntryBodySchema, Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { TreeService } from '../../../gen/causeway/v1/tree_pb.ts'
import { ServingNode } from '../../kit/serving-node.ts'

const text = new TextEncoder()
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const base64url = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')

const seed = createHash('sha256').update('a member').digest()
const key = ed25519.getPublicKey(seed)

/** A token for one call, made as docs/clients.md says, with Node's own cryptography. */
function token(node: string): string {
  const [d, x] = [seed, key].map((part) => Buffer.from(part).toString('base64url')) as [string, string]
  const privateKey = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d, x }, format: 'jwk' })
  const exp = Math.floor(Date.now() / 1000) + 60
  const claims = { iss: hex(key), aud: node, exp, jti: randomUUID(), binding: '' }
  const signed = `${base64url({ alg: 'EdDSA' })}.${base64url(claims)}`
  return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`
}

describe('A member with a key and generated stubs', () => {
  for (const createTransport of [createConnectTransport, createGrpcWebTransport])
    it(`writes and reads by ${createTransport.name.slice('create'.length)}`, async () => {
      await using serving = await ServingNode.start()
      const { node } = serving
      await node.grant(await node.createTree('shared'), hex(key) as never, Permission.WRITE)
      const trees = createClient(
        TreeService,
        createTransport({
          baseUrl: serving.address,
          httpVersion: '1.1',
          interceptors: [
            (next) => (request) => {
              request.header.set('authorization', `Bearer ${token(node.peer)}`)
              return next(request)
            },
          ],
        }),
      )

      const [found] = (await trees.listTrees({})).trees
      const { id: tree, sequence } = found!
      assert.equal(found!.name, 'shared')
      const changes = [{ store: 'log', kind: 'note', payload: text.encode('written by nobody’s stub') }]
      const { body } = await trees.prepareCommit({ tree, changes })

      // What it checks before it signs: canonical, and what it asked for.
      const read = fromBinary(EntryBodySchema, body)
      assert.deepEqual(Buffer.from(toBinary(EntryBodySchema, read)), Buffer.from(body))
      assert.deepEqual(hex(read.author), hex(key))
      assert.deepEqual(hex(read.tree), hex(tree))
      assert.equal(hex(read.changes[0]!.payload), hex(changes[0]!.payload))

      const signature = ed25519.sign(Buffer.concat([text.encode('causeway.entry.v1\0'), body]), seed)
      const { added, at } = await trees.submitEntries({ tree, entries: [{ body, signature }], durable: true })
      assert.equal(added, 1)
      const id = createHash('sha256').update(signature).update(body).digest('hex')
      assert.deepEqual(at.map(hex), [id])

      const { entries } = await trees.getEntries({ ids: at })
      assert.equal(hex(entries[0]!.signed!.body), hex(body))
      const listed = await trees.listEntries({ tree, newestFirst: true, pageSize: 1 })
      assert.equal(hex(listed.entries[0]!.id), id)
      for await (const message of trees.watchTree({ tree, afterSequence: sequence })) {
        assert.deepEqual(
          message.entries.map((entry) => hex(entry.id)),
          [id],
        )
        break
      }
    })
})
