/** A running node reads its settings anew: on SIGHUP, and when its certificate was replaced. */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { copyFile, readFile, utimes, writeFile } from 'node:fs/promises'
import { it } from 'node:test'
import { connect } from 'node:tls'
import { Command } from 'commander'
import { Reloader } from '../../../src/cli/config/reload.ts'
import { applySettings } from '../../../src/cli/config/settings.ts'
import { serveOptions } from '../../../src/cli/node/serve.ts'
import { createNode } from '../../../src/node/node.ts'
import { certificateHashOfPem } from '../../../src/transport/certificate.ts'
import { Sandbox, type Served } from '../../kit/command.ts'
import { testIdentity } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { projectFile } from '../../kit/project.ts'

const fixture = (name: string) => projectFile(`test/kit/fixtures/${name}`)

/** Returns the next event of this kind that a node prints. */
async function nextEvent({ lines }: Served, event: string): Promise<Record<string, unknown>> {
  for (;;) {
    const [line] = (await once(lines, 'line')) as [string]
    const document = JSON.parse(line)
    if (document.event === event) return document
  }
}

async function servedCertificate(address: string): Promise<string | undefined> {
  const { hostname: host, port } = new URL(address)
  const socket = connect({ host, port: Number(port), rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const fingerprint = socket.getPeerX509Certificate()?.fingerprint256
  socket.destroy()
  return fingerprint
}

it('SIGHUP changes operators, quotas and the certificate, and says what needs a restart', async () => {
  await using box = await Sandbox.create()
  const [config, cert, key] = ['causeway.toml', 'cert.pem', 'key.pem'].map((name) => box.folder(name))
  await copyFile(fixture('localhost.crt'), cert!)
  await copyFile(fixture('localhost.key'), key!)
  await writeFile(config!, `tls-cert = "${cert}"\ntls-key = "${key}"\n`)
  const served = await box.serve('a', '--config', config!)
  const [address] = served.ready.addresses
  assert.match(address!, /^https:/)
  const before = await servedCertificate(address!)
  const { child } = served

  const operator = testIdentity(3).peer
  await writeFile(
    config!,
    `tls-cert = "${cert}"\ntls-key = "${key}"\noperator = ["${operator}"]\nmax-disk = "1G"\nadmin = false\n`,
  )
  await copyFile(fixture('relay.crt'), cert!)
  await copyFile(fixture('relay.key'), key!)
  const reloaded = nextEvent(served, 'reload')
  child.kill('SIGHUP')
  const { changed, needRestart } = await reloaded
  assert.deepEqual((changed as string[]).sort(), ['certificate', 'max-disk', 'operator'])
  assert.deepEqual(needRestart, ['admin'])
  assert.notEqual(await servedCertificate(address!), before)

  // A configuration that is wrong changes nothing, and the node goes on.
  await writeFile(config!, 'max-disk = "much"')
  const complaint = once(child.stderr!, 'data')
  child.kill('SIGHUP')
  assert.match(String(await complaint), /max-disk: Expected a number of bytes/)
  child.kill('SIGTERM')
  assert.deepEqual(await served.closed, [0, null])
})

it('SIGHUP changes the certificates of proxies that callers may name', async () => {
  await using box = await Sandbox.create()
  const [first, second] = await Promise.all(
    ['localhost.crt', 'relay.crt'].map(async (name) => certificateHashOfPem(await readFile(fixture(name)))),
  )
  const config = box.folder('causeway.toml')
  await writeFile(config, `tls-binding = ["${first}"]\n`)
  const served = await box.serve('a', '--config', config)
  const status = async (hash: string) => {
    const { token } = await box.json<{ token: string }>('a', ['token', '--binding', `tls:${hash}`])
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
    const url = `${served.ready.addresses[0]}/causeway.v1.NodeService/GetNode`
    return (await fetch(url, { method: 'POST', headers, body: '{}' })).status
  }
  const reload = async (hashes: readonly string[]) => {
    await writeFile(config, `tls-binding = ${JSON.stringify(hashes)}\n`)
    const reloaded = nextEvent(served, 'reload')
    served.child.kill('SIGHUP')
    return reloaded
  }
  assert.deepEqual([await status(first!), await status(second!)], [200, 401])
  assert.deepEqual((await reload([first!, second!])).changed, ['tls-binding'])
  assert.deepEqual([await status(first!), await status(second!)], [200, 200])
  assert.deepEqual((await reload([second!])).needRestart, [])
  assert.deepEqual([await status(first!), await status(second!)], [401, 200])
})

it('a certificate that is replaced is used, and one that does not fit its key is not', async () => {
  await using box = await Sandbox.create()
  using _ = limited({ certificatePollMs: 20 })
  const [tlsCert, tlsKey] = [box.folder('cert.pem'), box.folder('key.pem')]
  const use = async (name: string, part: 'crt' | 'key') =>
    writeFile(part === 'crt' ? tlsCert : tlsKey, await readFile(fixture(`${name}.${part}`)))
  await use('localhost', 'crt')
  await use('localhost', 'key')
  const tls = { cert: await readFile(tlsCert, 'utf8'), key: await readFile(tlsKey, 'utf8') }
  await using node = await createNode({ http: { host: '127.0.0.1', port: 0, tls }, background: false })
  await node.listen()
  const [address] = node.addresses()
  const before = [node.binding, await servedCertificate(address!)]

  const fresh = () => serveOptions(new Command('serve'))
  const command = fresh().action(() => {})
  command.parse(['--tls-cert', tlsCert, '--tls-key', tlsKey], { from: 'user' })
  applySettings(command, {})
  const reloader = new Reloader({ node, command, fresh })
  const outcomes: (() => void)[] = []
  const next = () => new Promise<void>((resolve) => outcomes.push(resolve))
  let error: unknown
  using watching = reloader.watchCertificate(() => {
    try {
      error = undefined
      reloader.reload({})
    } catch (thrown) {
      error = thrown
    }
    outcomes.shift()?.()
  })
  let change = next()
  await use('relay', 'crt')
  await utimes(tlsCert, 1, 1)
  await change
  assert.match(String(error), /cannot be used together/)
  assert.deepEqual([node.binding, await servedCertificate(address!)], before)
  change = next()
  await use('relay', 'key')
  await utimes(tlsKey, 2, 2)
  await change
  assert.equal(error, undefined)
  assert.notEqual(node.binding, before[0])
  assert.notEqual(await servedCertificate(address!), before[1])
  assert.ok(watching)
})

it('config show says where each value came from, and config check finds what is wrong', async () => {
  await using box = await Sandbox.create()
  const config = box.folder('causeway.toml')
  await writeFile(config, 'max-disk = "1G"\n')
  const args = ['config', 'show', '--config', config, '--max-tree', '1K']
  type Shown = { name: string; value: string | null; source: string }
  const { settings } = await box.json<{ settings: Shown[] }>('a', args)
  const of = (name: string) => settings.find((setting) => setting.name === name)
  assert.deepEqual(of('max-disk'), { name: 'max-disk', value: '1G', source: config })
  assert.deepEqual(of('max-tree'), { name: 'max-tree', value: '1K', source: '--max-tree' })
  assert.deepEqual(of('insecure'), { name: 'insecure', value: 'off', source: 'default' })
  assert.deepEqual(of('operator'), { name: 'operator', value: null, source: 'default' })
  assert.match((await box.run('a', args)).stdout, /^operator +none {2}\(default\)$/m)
  assert.equal(of('data')?.source, 'CAUSEWAY_DATA')
  assert.equal((await box.run('a', ['config', 'check', '--config', config])).code, 0)
  await writeFile(config, 'tls-cert = "/nowhere"\n')
  const { code, stderr } = await box.run('a', ['config', 'check', '--config', config])
  assert.deepEqual(
    [code, stderr],
    [2, 'causeway: TLS needs both --tls-cert and --tls-key. (INVALID_ARGUMENT)\n'],
  )
})
