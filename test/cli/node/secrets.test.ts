/**
 * Secrets: only the owner can read the files on disk, and nothing that a node or a command prints contains a key, a
 * token or an invitation unless the user asked for it.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { Sandbox } from '../../kit/command.ts'
import { call, stream } from '../../kit/operator-calls.ts'
import { projectFile } from '../../kit/project.ts'

const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

it('only the owner can read the files, even in a folder that existed before', async () => {
  await using box = await Sandbox.create()
  const data = box.folder('a')
  await mkdir(data)
  await chmod(data, 0o755)
  const { child, closed } = await box.serve('a', '--http', '127.0.0.1:0')
  assert.equal(await mode(join(data, 'identity.key')), '600')
  assert.equal(await mode(join(data, 'control.sock')), '600')
  assert.equal(await mode(join(data, 'node.pid')), '600')
  // LevelDB creates its files with the mode of the process, so their folder has to keep others out.
  assert.equal(await mode(join(data, 'store')), '700')
  assert.deepEqual(
    (await readdir(data)).filter(
      (name) => !['identity.key', 'control.sock', 'store', 'admin.url', 'node.pid'].includes(name),
    ),
    [],
  )
  child.kill('SIGTERM')
  await closed
})

it('nothing that is printed contains a secret', async () => {
  await using box = await Sandbox.create()
  const trace = ['--log-level', 'trace', '--log-format', 'json']
  const { child, closed, ready } = await box.serve('a', '--http', '127.0.0.1:0', ...trace)
  let printed = JSON.stringify(ready)
  child.stdout!.on('data', (chunk) => (printed += chunk))
  child.stderr!.on('data', (chunk) => (printed += chunk))
  const run = async (data: string, ...args: string[]) => {
    const { stdout, stderr } = await box.run(data, args)
    printed += stdout + stderr
  }
  const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'private'])
  const { ticket } = await box.json<{ ticket: string }>('a', ['ticket', tree, '--invite', 'read'])
  const { token } = await box.json<{ token: string }>('a', ['token'])
  const invitation = /[?&]in=([0-9a-f]{64})/.exec(ticket)![1]!
  const [seed] = (await readFile(join(box.folder('a'), 'identity.key'), 'utf8')).split('\n')
  const signature = token.split('.')[2]!
  const secrets = [invitation, seed!, signature, Buffer.from(seed!, 'hex').toString('base64')]

  // Commands that use the secrets, and commands that fail with them.
  await run('b', 'join', `${ticket}&pr=nonsense:x`)
  await run('b', 'join', ticket.replace('in=', 'in=00'))
  await run('b', 'join', ticket.replace(/pr=[^&]*/, 'pr=http://127.0.0.1:9'))
  await run('b', 'sync', ticket.replace('causeway:', 'causeway'))
  await run('b', 'link', ticket)
  await run('b', 'status', '--json')
  await run('b', 'join', ticket)
  await run('c', 'join', ticket)
  await run('a', 'requests', '--json')
  await run('a', 'status', '--json')
  await run('a', 'backup', box.folder('backup.car'), '--with-key')
  await run('e', 'restore', box.folder('backup.car'))
  await run('e', 'config', 'show')
  await run('a', 'peer', 'list', '--json')
  for (const authorization of [
    `Bearer ${token}`,
    `Bearer ${token}`,
    `Bearer ${token}x`,
    token,
    `Bearer ${seed}`,
  ]) {
    const answer = await fetch(`${ready.addresses[0]}/causeway.v1.NodeService/GetNode`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization, connection: 'close' },
      body: '{}',
    })
    printed += await answer.text()
  }
  // What operators read of it from elsewhere.
  const served = { box, data: 'a', address: ready.addresses[0]! }
  const log = await stream(served, 'WatchLog', { level: 'LOG_LEVEL_TRACE' })
  assert.match(log, /"event":"call"/)
  printed += log + JSON.stringify(await call(served, 'GetSettings'))
  const tls = ['cert', 'key'].flatMap((part) => [
    `--tls-${part}`,
    projectFile(`test/kit/fixtures/localhost.${part.replace('cert', 'crt')}`),
  ])
  const secure = await box.serve('d', ...tls, ...trace)
  secure.child.stderr!.on('data', (chunk) => (printed += chunk))
  const [, privateKey] = (await readFile(projectFile('test/kit/fixtures/localhost.key'), 'utf8')).split('\n')
  secrets.push(privateKey!)
  secure.child.kill('SIGHUP')
  await once(secure.child.stderr!, 'data')
  secure.child.kill('SIGTERM')
  await secure.closed
  child.kill('SIGTERM')
  await closed
  for (const event of ['started', 'call', 'refused', 'entries', 'request', 'reload', 'stopped'])
    assert.ok(printed.includes(`"event":"${event}"`), `the log has ${event}`)
  for (const secret of secrets)
    assert.equal(printed.includes(secret), false, `${secret.slice(0, 6)}… in:\n${printed}`)
  // The store of the inviting node has only what it needs to recognize its invitation.
  for (const file of await readdir(join(box.folder('a'), 'store'))) {
    const bytes = await readFile(join(box.folder('a'), 'store', file))
    assert.equal(bytes.includes(invitation) || bytes.includes(Buffer.from(invitation, 'hex')), false, file)
  }
  if (child.exitCode === null) await once(child, 'exit')
})
