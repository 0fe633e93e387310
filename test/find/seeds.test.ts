/** Seeds: what they may be, and the addresses that they yield from DNS and from files. */
import { strict as assert } from 'node:assert'
import { Resolver } from 'node:dns/promises'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { limits } from '../../src/base/limits.ts'
import { parseSeed, parseSeeds, Seeds } from '../../src/find/seeds.ts'
import { DnsServer } from '../kit/dns-server.ts'
import { limited } from '../kit/limited.ts'
import { tempFolder } from '../kit/peers.ts'

/** Seeds that ask this server. */
function seedsAt(server: DnsServer, texts: readonly string[], search: readonly string[] = []): Seeds {
  const resolver = new Resolver({ timeout: limits.seedLookupMs, tries: 1 })
  resolver.setServers([server.address])
  return new Seeds(parseSeeds(texts), resolver, async () => search)
}

describe('A seed', () => {
  it('is a name with SRV records, a host with a port, or a file', () => {
    assert.deepEqual(parseSeed('dns+srv:_causeway._tcp.sync.svc').kind, 'srv')
    assert.deepEqual(parseSeed('file:/etc/causeway/seeds'), {
      ...{ kind: 'file', text: 'file:/etc/causeway/seeds', path: '/etc/causeway/seeds' },
    })
    assert.equal((parseSeed('file:///etc/seeds') as { path: string }).path, '/etc/seeds')
    const { kind, name, port } = parseSeed('dns+http://headless.svc:8080') as Record<string, unknown>
    assert.deepEqual([kind, name, port], ['http', 'headless.svc', 8080])
    const bad = ['', 'file:', 'http://a:1', 'dns+srv:', 'dns+srv:a b', 'dns+http://a', 'dns+http://a:0']
    for (const text of [...bad, 'dns+http://a:70000', 'dns+http://[::1]:1', `dns+srv:${'a.'.repeat(200)}a`])
      assert.throws(() => parseSeed(text), { code: 'INVALID_ARGUMENT' }, text)
    const many = Array.from({ length: limits.seeds + 1 }, (_, index) => `file:${index}`)
    assert.throws(() => parseSeeds(many), { code: 'LIMIT_EXCEEDED' })
  })

  it('yields all addresses that DNS has now: of SRV records the preferred ones first', async () => {
    await using server = await DnsServer.start({
      '_causeway._tcp.sync.svc': {
        srv: [
          { priority: 2, port: 81, target: 'two.sync.svc' },
          { priority: 1, port: 82, target: 'one.sync.svc' },
        ],
      },
      'headless.svc': { a: ['10.0.0.1', '10.0.0.2'], aaaa: ['fd000000000000000000000000000001'] },
    })
    const seeds = seedsAt(server, ['dns+srv:_causeway._tcp.sync.svc', 'dns+http://headless.svc:8080'])
    const { addresses, failed } = await seeds.resolve()
    assert.deepEqual(addresses.toSorted(), [
      ...['http://10.0.0.1:8080', 'http://10.0.0.2:8080', 'http://[fd00::1]:8080'],
      ...['http://one.sync.svc:82', 'http://two.sync.svc:81'],
    ])
    assert.equal(failed.size, 0)
    assert.ok(addresses.indexOf('http://one.sync.svc:82') < addresses.indexOf('http://two.sync.svc:81'))
    server.names = { 'headless.svc': { a: ['10.0.0.9'] } }
    const later = await seeds.resolve()
    assert.deepEqual(later.addresses, ['http://10.0.0.9:8080'])
    assert.match(later.failed.get('dns+srv:_causeway._tcp.sync.svc')!.message, /yields no addresses/)
  })

  it('is looked for in the search domains of the machine, unless it ends with a dot', async () => {
    await using server = await DnsServer.start({ 'sync.ns.svc.local': { a: ['10.0.0.1'] } })
    const search = ['local', 'ns.svc.local']
    const relative = await seedsAt(server, ['dns+http://sync:80'], search).resolve()
    assert.deepEqual(relative.addresses, ['http://10.0.0.1:80'])
    const absolute = await seedsAt(server, ['dns+http://sync.:80'], search).resolve()
    assert.deepEqual(absolute.addresses, [])
  })

  it('in a file is one address a line, read anew each time; lines that are none are skipped', async () => {
    await using folder = await tempFolder()
    const path = join(folder.path, 'seeds')
    const seeds = new Seeds([parseSeed(`file:${path}`)])
    assert.match([...(await seeds.resolve()).failed.values()][0]!.message, /ENOENT/)
    await writeFile(path, '# ours\nhttp://a:1 # first\n\nnonsense\nhttps://b:2\nhttp://a:1\n')
    assert.deepEqual((await seeds.resolve()).addresses, ['http://a:1', 'https://b:2'])
    using _ = limited({ seedFileBytes: 17 })
    assert.deepEqual((await seeds.resolve()).addresses, ['http://a:1'])
  })

  it('yields no more than a node may look at, and the other seeds keep their part', async () => {
    await using server = await DnsServer.start({
      'many.svc': { a: ['10.0.0.1', '10.0.0.2', '10.0.0.3'] },
      'one.svc': { a: ['10.0.1.1'] },
    })
    using _ = limited({ seedResults: 3 })
    const { addresses } = await seedsAt(server, ['dns+http://many.svc:1', 'dns+http://one.svc:1']).resolve()
    assert.equal(addresses.length, 3)
    assert.ok(addresses.includes('http://10.0.1.1:1'))
  })
})
