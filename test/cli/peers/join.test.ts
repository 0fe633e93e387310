/** The commands of joining as a user types them: requests, decisions and invitations, with and without a running node. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Ran, Sandbox, type Served } from '../../kit/command.ts'

interface Joined {
  readonly status: string
  readonly request: string | null
  readonly permission: string
  readonly reason: string | null
}

describe('The commands of joining', () => {
  let box: Sandbox
  let alice: Served
  let tree: string
  let ticket: string
  const pending = 4
  before(async () => {
    box = await Sandbox.create()
    tree = (await box.json<{ tree: string }>('alice', ['tree', 'create', 'private'])).tree
    alice = await box.serve('alice')
    ticket = (await box.json<{ ticket: string }>('alice', ['ticket', tree])).ticket
  })
  after(() => box[Symbol.asyncDispose]())
  const list = async () =>
    (await box.json<{ requests: { id: string; permission: string; peer: string }[] }>('alice', ['requests']))
      .requests
  const document = ({ stdout }: Ran) => JSON.parse(stdout) as Joined

  it('work without a running node: pending, approved, synced', async () => {
    const args = ['join', ticket, '--message', 'It is\nBob', '--json']
    const first = await box.run('bob', args)
    assert.equal(first.code, pending, first.stderr)
    const { request } = document(first)
    assert.deepEqual(
      (await list()).map(({ id, permission }) => [id, permission]),
      [[request, 'read']],
    )
    const text = await box.run('alice', ['requests'])
    assert.match(text.stdout, /“It is Bob”/)
    const { links } = await box.json<{ links: { parked: string; lastError: { code: string } }[] }>('bob', [
      'status',
    ])
    assert.match(links[0]!.parked, new RegExp(`${request} waits for an admin`))
    assert.equal(links[0]!.lastError.code, 'ACCESS_PENDING')
    const approved = await box.json<{ approved: string }>('alice', ['approve', request!.slice(0, 8)])
    assert.equal(approved.approved, 'read')
    const joined = await box.json<Joined & { sync: { received: number; equal: boolean } }>(
      'bob',
      args.slice(0, 2),
    )
    assert.deepEqual([joined.status, joined.permission, joined.request], ['granted', 'read', null])
    assert.deepEqual([joined.sync.received, joined.sync.equal], [2, true])
    // Again: what is here counts, not what this session received.
    const again = await box.run('bob', ['join', ticket])
    assert.equal(again.stdout, `Joined ${tree} with read access: 2 entries are here.\n`)
  })

  it('wait for the decision with --wait', async () => {
    const asked = new Promise<{ id: string }>((resolve) => {
      alice.lines.on('line', (line) => {
        const event = JSON.parse(line) as { event: string; id: string }
        if (event.event === 'request') resolve(event)
      })
    })
    const waiting = box.run('carol', ['join', ticket, '--permission', 'write', '--wait', '--json'])
    const { id } = await asked
    await box.json('alice', ['approve', id, '--permission', 'read'])
    const { code, stdout, stderr } = await waiting
    assert.equal(code, 0, stderr)
    assert.equal((JSON.parse(stdout) as Joined).permission, 'read')
  })

  it('report a rejection with its reason', async () => {
    const { request } = document(await box.run('dave', ['join', ticket, '--permission', 'write', '--json']))
    await box.json('alice', ['reject', request!, '--reason', 'who are you?'])
    const refused = await box.run('dave', ['join', ticket, '--permission', 'write', '--json'])
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /who are you\?.*\(ACCESS_REJECTED\)/)
  })

  it('let the first holder of an invitation in; the second waits', async () => {
    const { ticket: invitation } = await box.json<{ ticket: string }>('alice', [
      'ticket',
      tree,
      '--invite',
      'write',
    ])
    assert.match(invitation, /&in=[0-9a-f]{64}&/)
    const joined = await box.json<Joined>('erin', ['join', invitation])
    assert.deepEqual([joined.status, joined.permission], ['granted', 'write'])
    const second = await box.run('frank', ['join', invitation, '--json'])
    assert.equal(second.code, pending)
    assert.match(document(second).reason!, /invitation is not valid/)
  })

  it('save the request if the peer cannot be reached', async () => {
    const [, port] = /pr=http:\/\/127\.0\.0\.1:(\d+)/.exec(ticket)!
    const away = ticket.replace(`:${port}`, ':1')
    const { code, stderr } = await box.run('grace', ['join', away, '--json'])
    assert.equal(code, 3, stderr)
    assert.match(stderr, /keeps asking/)
    const { links } = await box.json<{ links: { parked: string }[] }>('grace', ['status'])
    assert.match(links[0]!.parked, /has not been asked/)
  })

  it('report wrong arguments', async () => {
    for (const args of [
      ['join', 'http://127.0.0.1:1'],
      ['join', ticket, '--permission', 'admin'],
      ['ticket', tree, '--invite', 'admin'],
    ])
      assert.equal((await box.run('alice', args)).code, 2, args.join(' '))
    const { code, stderr } = await box.run('alice', ['approve', '00'.repeat(16)])
    assert.equal(code, 1)
    assert.match(stderr, /UNKNOWN_REQUEST/)
  })
})
