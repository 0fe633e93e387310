/**
 * The data folder of a node: its store names whose it is, so that a lost, damaged or exchanged key is refused instead of
 * replaced; a folder that cannot be used is a typed error that says why.
 */
import { strict as assert } from 'node:assert'
import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { CausewayError } from '../../src/base/errors.ts'
import { createNode } from '../../src/node/node.ts'
import { storeError } from '../../src/store/database/errors.ts'
import { openFolder, openMemory } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { TreeBuilder, testIdentity } from '../kit/entries.ts'
import { fill, tempFolder } from '../kit/peers.ts'
import { builtCommand, missingTool } from '../kit/project.ts'

async function refused(opening: Promise<unknown>): Promise<CausewayError> {
  const error = await opening.then(
    () => assert.fail('It opened.'),
    (thrown) => thrown,
  )
  assert.ok(error instanceof CausewayError, String(error))
  return error
}

/** Creates a node in a folder, closes it, and returns its PeerId. */
async function closedNode(data: string): Promise<string> {
  await using node = await createNode({ data, background: false })
  return node.peer
}

describe('A store', () => {
  it('is refused without its key, and no other key is made', async () => {
    await using folder = await tempFolder()
    const data = join(folder.path, 'a')
    const peer = await closedNode(data)
    const key = await readFile(join(data, 'identity.key'))
    await rm(join(data, 'identity.key'))
    const { code, message, data: facts } = await refused(createNode({ data }))
    assert.deepEqual([code, facts.owner], ['STORE_CORRUPT', peer])
    assert.match(message, /restore identity\.key from a backup/)
    assert.ok(message.includes(peer))
    await assert.rejects(readFile(join(data, 'identity.key')), { code: 'ENOENT' })
    await writeFile(join(data, 'identity.key'), key)
    assert.equal(await closedNode(data), peer)
  })

  it('is refused with the key of another node, in the folder or given', async () => {
    await using folder = await tempFolder()
    const [mine, other] = [join(folder.path, 'mine'), join(folder.path, 'other')]
    const [peer, stranger] = [await closedNode(mine), await closedNode(other)]
    await cp(join(other, 'identity.key'), join(mine, 'identity.key'))
    const swapped = await refused(createNode({ data: mine }))
    assert.deepEqual([swapped.code, swapped.data.owner, swapped.data.peer], ['STORE_CORRUPT', peer, stranger])
    assert.equal((await refused(createNode({ data: mine, identity: testIdentity(9) }))).code, 'STORE_CORRUPT')
  })

  it('belongs to the key that it is opened with first, in a database of the caller too', async () => {
    const data = { identity: testIdentity(1), background: false }
    await using folder = await tempFolder()
    const path = join(folder.path, 'a')
    const open = async (identity?: ReturnType<typeof testIdentity>) => {
      const database = await openFolder(path)
      return createNode({ database, background: false, ...(identity && { identity }) })
    }
    await (await open(data.identity)).close()
    assert.match((await refused(open())).message, /pass the `identity`/)
    await refused(open(testIdentity(2)))
    await (await open(data.identity)).close()
    const fresh = await createNode({ database: await openMemory(), background: false })
    await fresh.close()
  })

  it('of an early version, which does not say whose it is, is refused without a key', async () => {
    await using folder = await tempFolder()
    await mkdir(join(folder.path, 'store'))
    const store = await DagStore.open(await openFolder(join(folder.path, 'store')))
    await fill(store, new TreeBuilder().entries)
    await store.close()
    assert.equal((await refused(createNode({ data: folder.path }))).code, 'STORE_CORRUPT')
    await writeFile(join(folder.path, 'identity.key'), `${'01'.repeat(32)}\n`)
    await closedNode(folder.path)
    await writeFile(join(folder.path, 'identity.key'), `${'02'.repeat(32)}\n`)
    assert.equal((await refused(createNode({ data: folder.path }))).code, 'STORE_CORRUPT')
  })

  it('never becomes another node by a damaged key', async () => {
    await using folder = await tempFolder()
    const data = join(folder.path, 'a')
    await closedNode(data)
    const key = await readFile(join(data, 'identity.key'))
    const flipped = Buffer.from(key)
    flipped[5] = key[5] === 0x30 ? 0x31 : 0x30
    const bit = Buffer.from(key)
    bit[7]! ^= 0x80
    for (const damaged of [flipped, bit, key.subarray(0, 20), Buffer.alloc(0)]) {
      await writeFile(join(data, 'identity.key'), damaged)
      assert.equal((await refused(createNode({ data }))).code, 'STORE_CORRUPT')
      assert.deepEqual(await readFile(join(data, 'identity.key')), damaged)
    }
  })
})

describe('A folder that cannot be used', () => {
  it('is a wrong argument if it cannot exist', async () => {
    await using folder = await tempFolder()
    const file = join(folder.path, 'file')
    await writeFile(file, '')
    for (const data of [file, join(file, 'below'), `${folder.path}/${'x'.repeat(300)}`])
      assert.equal((await refused(createNode({ data }))).code, 'INVALID_ARGUMENT', data)
  })

  it('ends at a file system in which nothing can be created', {
    skip: process.platform !== 'linux',
  }, async () => {
    for (const data of ['/proc/nope', '/proc/nope/deeper'])
      assert.equal((await refused(createNode({ data }))).code, 'INVALID_ARGUMENT', data)
    const denied = await refused(createNode({ data: '/sys/nope' }))
    assert.equal(denied.code, 'STORE_DENIED')
  })

  it('says that the disk is full, or that the user lacks a right', () => {
    const codeOf = (code: string, message: string) =>
      storeError(Object.assign(new Error(`${code}: ${message}`), { code }), 'It failed').code
    assert.equal(codeOf('ENOSPC', 'no space left on device, mkdir'), 'STORE_FULL')
    assert.equal(codeOf('EDQUOT', 'disk quota exceeded, open'), 'STORE_FULL')
    assert.equal(codeOf('EACCES', 'permission denied, chmod'), 'STORE_DENIED')
    assert.equal(codeOf('EPERM', 'operation not permitted, chmod'), 'STORE_DENIED')
    assert.equal(codeOf('EROFS', 'read-only file system, mkdir'), 'STORE_DENIED')
  })

  it('is STORE_FULL from the start if the disk is', { skip: missingTool('prlimit') }, async () => {
    await using folder = await tempFolder()
    const open = (size: number) =>
      new Promise<string>((done) => {
        const args = [`--fsize=${size}`, process.execPath, builtCommand, 'id', '--data', folder.path]
        execFile('prlimit', args, (_, __, stderr) => done(stderr))
      })
    assert.match(await open(1), /\(STORE_FULL\)\n$/)
  })

  it('may hold links to other files, which stay as they are', {
    skip: process.platform === 'win32',
  }, async () => {
    await using folder = await tempFolder()
    const data = join(folder.path, 'a')
    const precious = join(folder.path, 'precious')
    const linked = ['node.pid', 'admin.url', 'control.sock', 'control.path']
    for (const links of [linked, linked.slice(0, 2)]) {
      await closedNode(data)
      await writeFile(precious, 'precious')
      for (const name of links) await symlink(precious, join(data, name))
      await using node = await createNode({ data, background: false })
      await unlink(join(data, 'admin.url')).catch(() => {})
      await symlink(precious, join(data, 'admin.url'))
      await node.listenAdmin({ host: '127.0.0.1', port: 0 })
      await node.listenControl()
      assert.equal(await readFile(precious, 'utf8'), 'precious')
      assert.equal(await readFile(join(data, 'node.pid'), 'utf8'), `${process.pid}\n`)
      assert.match(await readFile(join(data, 'admin.url'), 'utf8'), /^http:/)
    }
    assert.equal(await readFile(precious, 'utf8'), 'precious')
  })
})
