/** What an operator gets wrong most is answered with what to do: addresses, certificates, folders and clocks. */
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { it } from 'node:test'
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { systemClock } from '../../src/base/clock.ts'
import { CausewayError } from '../../src/base/errors.ts'
import { exitCodeOf, printError } from '../../src/cli/output.ts'
import { createNode } from '../../src/node/node.ts'
import { tempFolder } from '../kit/peers.ts'
import { projectFile } from '../kit/project.ts'

const http = { host: '127.0.0.1', port: 0 }
const fixture = (name: string) => readFileSync(projectFile(`test/kit/fixtures/${name}`))

async function failure(doing: Promise<unknown>): Promise<CausewayError> {
  const error = await doing.then(
    () => assert.fail('It worked.'),
    (thrown) => thrown,
  )
  assert.ok(error instanceof CausewayError, String(error))
  return error
}

/** Returns what `printError` writes. */
function printed(error: unknown): string {
  const { write } = process.stderr
  let text = ''
  process.stderr.write = ((chunk: string) => (text += chunk)) as never
  try {
    printError(error)
  } finally {
    process.stderr.write = write
  }
  return text
}

it('an address of the wrong scheme, of an untrusted server, and of a proxy without HTTP/2', async () => {
  const tls = { cert: fixture('localhost.crt'), key: fixture('localhost.key') }
  await using serving = await createNode({ http: { ...http, tls }, background: false })
  await serving.listen()
  const tree = await serving.createTree('shared', PublicAccess.WRITE)
  await using asking = await createNode({ background: false })
  const [address] = serving.addresses()

  const untrusted = await failure(asking.sync(tree, address!))
  assert.match(untrusted.message, /self-signed certificate.*set NODE_EXTRA_CA_CERTS=FILE/)
  assert.equal(exitCodeOf(untrusted), 3)
  const plain = await failure(asking.sync(tree, address!.replace('https', 'http')))
  assert.match(plain.message, /^http:.* does it speak https:\/\/\?$/)
  assert.equal(exitCodeOf(plain), 3)

  const old = createServer((_, response) => response.end('Hello.')).listen(0, '127.0.0.1')
  await new Promise((resolve) => old.once('listening', resolve))
  const { port } = old.address() as AddressInfo
  const { message } = await failure(asking.sync(tree, `http://127.0.0.1:${port}`))
  assert.match(message, /does not speak HTTP\/2: a proxy must pass it on\.$/)
  old.closeAllConnections()
  await new Promise((resolve) => old.close(resolve))
})

it('a clock that is off by ten minutes', async () => {
  await using serving = await createNode({ http, background: false })
  await serving.listen()
  const tree = await serving.createTree('shared', PublicAccess.WRITE)
  for (const [offMs, what] of [
    [600_000, 'ahead of'],
    [-600_000, 'behind'],
  ] as const) {
    const clock = { ...systemClock, now: () => Date.now() + offMs }
    await using asking = await createNode({ clock, background: false })
    const error = await failure(asking.sync(tree, serving.addresses()[0]!))
    assert.match(printed(error), new RegExp(`^causeway: Your clock is 10 min ${what} the peer's\\. `))
  }
})

it('a folder that is a file, or lies in one', async () => {
  await using folder = await tempFolder()
  const file = join(folder.path, 'file')
  await writeFile(file, '')
  await mkdir(join(folder.path, 'node'))
  await writeFile(join(folder.path, 'node', 'store'), '')
  for (const [data, named] of [
    [file, file],
    [join(file, 'node'), file],
    [join(folder.path, 'node'), join(folder.path, 'node', 'store')],
  ] as const) {
    const { code, message } = await failure(createNode({ data }))
    assert.deepEqual(
      [code, message],
      ['INVALID_ARGUMENT', `${named} is a file: name a folder that exists or can be created.`],
    )
  }
})

it('a folder of another user', { skip: process.getuid?.() !== 0 && 'only root can make one' }, async () => {
  await using folder = await tempFolder()
  const data = join(folder.path, 'theirs')
  await mkdir(data)
  await chmod(data, 0o700)
  await chown(data, 12_345, 12_345)
  await chmod(folder.path, 0o755)
  const [before] = [process.geteuid!()]
  process.seteuid!(23_456)
  try {
    const { code, message } = await failure(createNode({ data }))
    assert.equal(code, 'STORE_DENIED')
    assert.match(message, /theirs belongs to another user: run as that user/)
  } finally {
    process.seteuid!(before!)
  }
})
