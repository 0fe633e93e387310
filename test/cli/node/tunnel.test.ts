/** `causeway tunnel TICKET` leads to the ticket's issuer, whatever address the ticket names, or ends. */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import { formatTicket } from '../../../src/peer/ticket.ts'
import { Sandbox } from '../../kit/command.ts'
import { ServingNode, transports } from '../../kit/serving-node.ts'

const [http, , quic] = transports

describe('causeway tunnel', () => {
  let box: Sandbox
  let issuer: ServingNode
  let other: ServingNode
  let local: ServingNode
  let tree: TreeId
  before(async () => {
    box = await Sandbox.create()
    issuer = await ServingNode.start(quic)
    other = await ServingNode.start(quic)
    local = await ServingNode.start(http)
    tree = await issuer.node.createTree('open', PublicAccess.READ)
  })
  after(async () => {
    await box[Symbol.asyncDispose]()
    for (const serving of [issuer, other, local]) await serving[Symbol.asyncDispose]()
  })

  const ticket = (...addresses: string[]) => formatTicket({ tree, peer: issuer.node.peer, addresses })
  const args = (target: string) => ['tunnel', target, '--listen', '127.0.0.1:0', '--relay', 'off', '--json']

  it('leads to the issuer of a ticket', async () => {
    const child = box.spawn('a', args(ticket(local.address, issuer.address)))
    const [line] = await once(createInterface({ input: child.stdout! }), 'line')
    const { peer, url } = JSON.parse(line as string) as { peer: string; url: string }
    assert.equal(peer, issuer.node.peer)
    const headers = { 'content-type': 'application/json', authorization: await issuer.authorization() }
    const list = () =>
      fetch(`${url}/causeway.v1.TreeService/ListTrees`, { method: 'POST', headers, body: '{}' })
    assert.match(await (await list()).text(), /"open"/)
    child.kill()
    await once(child, 'close')
  })

  for (const [name, address] of [
    ['another node over QUIC', () => other.address],
    ['a port of this machine, where nobody proves a key', () => local.address],
  ] as const)
    it(`ends if the address of a ticket leads to ${name}`, async () => {
      const child = box.spawn('b', args(ticket(address())))
      let stderr = ''
      child.stderr!.on('data', (chunk) => (stderr += chunk))
      child.stdout!.on('data', (line) => {
        stderr = `It forwards: ${line}`
        child.kill()
      })
      const [code] = await once(child, 'close')
      assert.notEqual(code, 0)
      assert.match(stderr, /WRONG_PEER/)
      assert.ok(stderr.includes(`not to the ticket's issuer ${issuer.node.peer}`), stderr)
    })
})
