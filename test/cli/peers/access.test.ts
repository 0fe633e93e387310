/** Access to a node: tokens for other programs, remote operators, TLS, and no plain HTTP beyond the machine by accident. */
import { strict as assert } from 'node:assert'
import { readFile, stat } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { describe, it } from 'node:test'
import { Sandbox } from '../../kit/command.ts'
import { projectFile } from '../../kit/project.ts'

const fixture = (file: string) => projectFile(`test/kit/fixtures/${file}`)

async function getNode(address: string, token?: string): Promise<number> {
  const { status } = await fetch(`${address}/causeway.v1.NodeService/GetNode`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: '{}',
  })
  return status
}

interface Token {
  readonly token: string
  readonly issuer: string
  readonly audience: string
}

describe('Access to a node', () => {
  it('is for its own key and the named operators, and for nobody else', async () => {
    await using box = await Sandbox.create()
    const { peer: friend } = await box.json<{ peer: string }>('friend', ['id'])
    await box.json('stranger', ['id'])
    const { ready } = await box.serve('a', '--operator', friend)
    const [address] = ready.addresses
    const own = await box.json<Token>('a', ['token'])
    assert.deepEqual([own.issuer, own.audience], [ready.peer, ready.peer])
    const tokenOf = async (data: string) =>
      (await box.run(data, ['token', '--audience', ready.peer, '--ttl', '10'])).stdout.trim()
    assert.equal(await getNode(address!, own.token), 200)
    assert.equal(await getNode(address!, own.token), 401, 'the token was used on another connection')
    assert.equal(await getNode(address!, await tokenOf('friend')), 200)
    assert.equal(await getNode(address!, await tokenOf('stranger')), 403)
    assert.equal(await getNode(address!), 401)
    for (const args of [
      ['--ttl', '301'],
      ['--ttl', '0'],
      ['--audience', 'me'],
    ])
      assert.equal((await box.run('a', ['token', ...args])).code, 2)
    assert.equal((await box.run('nobody', ['token'])).code, 2)
  })

  it('needs TLS beyond this machine, or --insecure', async () => {
    await using box = await Sandbox.create()
    const refused = await box.run('a', ['serve', '--http', '0.0.0.0:0', '--json'])
    assert.equal(refused.code, 2)
    assert.match(refused.stderr, /--tls-cert.*--insecure/)
    const half = await box.run('a', ['serve', '--tls-cert', fixture('localhost.crt')])
    assert.equal(half.code, 2)
    const none = await box.run('a', ['serve', '--tls-cert', fixture('none.crt'), '--tls-key', 'x'])
    assert.equal(none.code, 2)
    const plain = await box.serve('a', '--http', '0.0.0.0:0', '--insecure')
    assert.match(plain.ready.addresses[0]!, /^http:/)
    const tls = ['--tls-cert', fixture('localhost.crt'), '--tls-key', fixture('localhost.key')]
    const secure = await box.serve('b', '--http', '0.0.0.0:0', ...tls)
    assert.match(secure.ready.addresses[0]!, /^https:/)
  })

  const own = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address
  it('speaks plain HTTP beyond this machine only after --insecure', {
    skip: own === undefined && 'this machine has no other address than loopback',
  }, async () => {
    await using box = await Sandbox.create()
    const { ready } = await box.serve('a', '--http', `${own}:0`, '--insecure')
    const [address] = ready.addresses
    const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'notes', '--public', 'read'])
    for (const args of [
      ['sync', tree, address!],
      ['peer', 'add', address!],
    ]) {
      const { code, stderr } = await box.run('b', args)
      assert.equal(code, 3, stderr)
      assert.match(stderr, /is plain HTTP that leaves this machine.*--insecure\. \(UNREACHABLE\)\n$/)
      assert.equal((await box.run('b', [...args, '--insecure'])).code, 0)
    }
    // Through a running node, that node's own consent counts.
    const b = await box.serve('b')
    for (const args of [['sync', tree, address!], ['link', tree, ready.peer], ['flush']]) {
      const { code, stderr } = await box.run('b', [...args, '--insecure'])
      assert.equal(code, 2, args.join(' '))
      assert.match(stderr, /started without --insecure: stop it and run `causeway serve --insecure`/)
    }
    assert.equal((await box.run('b', ['sync', tree, address!])).code, 3)
    b.child.kill('SIGTERM')
    await b.closed
    await box.serve('b', '--insecure')
    assert.equal((await box.run('b', ['sync', tree, address!])).code, 0)
    assert.equal((await box.run('b', ['link', tree, ready.peer, '--insecure'])).code, 0)
  })

  it('keeps its key readable by the owner only, and never prints it', async () => {
    await using box = await Sandbox.create()
    const { child, closed } = await box.serve('a')
    let printed = ''
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => (printed += chunk))
    const key = `${box.folder('a')}/identity.key`
    const { mode } = await stat(key)
    assert.equal(mode & 0o777, 0o600)
    assert.equal((await stat(box.folder('a'))).mode & 0o777, 0o700)
    const seed = (await readFile(key, 'utf8')).trim()
    for (const args of [['id'], ['token'], ['status'], ['tree', 'list'], ['peer', 'list'], ['show', 'x']]) {
      const { stdout, stderr } = await box.run('a', [...args, '--json'])
      printed += stdout + stderr
    }
    child.kill('SIGTERM')
    await closed
    for (const secret of [
      seed,
      Buffer.from(seed, 'hex').toString('base64'),
      Buffer.from(seed, 'hex').toString('base64url'),
    ])
      assert.ok(!printed.includes(secret))
  })
})
