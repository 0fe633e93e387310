/** `causeway token` with `causeway serve`: the token names the node's own channel, whatever serves it. */
import { strict as assert } from 'node:assert'
import { request } from 'node:https'
import { describe, it } from 'node:test'
import { certificateHashOfPem } from '../../../src/transport/certificate.ts'
import { Sandbox } from '../../kit/command.ts'
import { projectFile } from '../../kit/project.ts'
import { relayCertificate } from '../../kit/relay.ts'
import { testCertificate } from '../../kit/serving-node.ts'

const path = '/causeway.v1.TreeService/ListTrees'
const fixture = (file: string) => projectFile(`test/kit/fixtures/${file}`)

/** Calls an HTTPS address with a token. Returns the status. */
function call(address: string, token: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
    const asked = request(
      address + path,
      { method: 'POST', headers, ca: testCertificate.cert, agent: false },
      (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      },
    )
    asked.once('error', reject).end('{}')
  })
}

describe('causeway token', () => {
  it('names the certificate of the node that runs on the folder', async () => {
    await using box = await Sandbox.create()
    const tls = ['--tls-cert', fixture('localhost.crt'), '--tls-key', fixture('localhost.key')]
    const { ready } = await box.serve('a', ...tls, '--allowed-host', 'node.example')
    const hash = certificateHashOfPem(testCertificate.cert)
    assert.equal((ready as { binding?: string }).binding, `tls:${hash}`)
    const token = async (...args: string[]) =>
      (await box.json<{ token: string; binding: string }>('a', ['token', ...args])).token
    assert.equal(await call(ready.addresses[0]!, await token()), 200)
    assert.equal(await call(ready.addresses[0]!, await token('--binding', 'host:node.example')), 200)
    const relay = `tls:${certificateHashOfPem(relayCertificate.cert)}`
    for (const other of ['', 'insecure', 'host:relay.example', relay])
      assert.equal(await call(ready.addresses[0]!, await token('--binding', other)), 401)
    for (const wrong of ['node.example', 'host:', 'tls:abc']) {
      const { code, stdout } = await box.run('a', ['token', '--binding', wrong])
      assert.deepEqual([code, stdout], [2, ''], wrong)
    }
  })

  it('makes one for any number of connections where it is told to, but not for plain HTTP', async () => {
    await using box = await Sandbox.create()
    const tls = ['--tls-cert', fixture('localhost.crt'), '--tls-key', fixture('localhost.key')]
    const { ready } = await box.serve('a', ...tls)
    const make = (...args: string[]) =>
      box.json<{ token: string; reusable: boolean }>('a', ['token', ...args])
    const [once, often] = [await make(), await make('--reusable')]
    assert.deepEqual([once.reusable, often.reusable], [false, true])
    const statuses = async (token: string) => [
      await call(ready.addresses[0]!, token),
      await call(ready.addresses[0]!, token),
    ]
    // Each call opens a connection of its own.
    assert.deepEqual(await statuses(once.token), [200, 401])
    assert.deepEqual(await statuses(often.token), [200, 200])
    const refused = await box.run('a', ['token', '--reusable', '--binding', 'insecure'])
    assert.equal(refused.code, 2)
    assert.match(refused.stderr, /cannot be reusable/)
  })

  it('names nothing for a node on loopback, and the certificate of a proxy where it is told to', async () => {
    await using box = await Sandbox.create()
    const hash = certificateHashOfPem(relayCertificate.cert)
    const colons = hash.toUpperCase().replace(/..(?=.)/g, '$&:')
    const { ready } = await box.serve('a', '--tls-binding', colons)
    const status = async (...args: string[]) => {
      const { token } = await box.json<{ token: string }>('a', ['token', ...args])
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
      return (await fetch(ready.addresses[0]! + path, { method: 'POST', headers, body: '{}' })).status
    }
    assert.equal(await status(), 200)
    assert.equal(await status('--binding', `tls:${hash}`), 200)
    assert.equal(await status('--binding', `tls:${certificateHashOfPem(testCertificate.cert)}`), 401)
    const refused = await box.run('b', ['serve', '--tls-binding', 'abc'])
    assert.equal(refused.code, 2)
    assert.match(refused.stderr, /hex digits/)
  })
})
