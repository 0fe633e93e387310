/** Metrics of a serving node: durations and refusals by method and code, the process, and nothing that names a peer. */
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { createNode, type Node } from '../../../src/node/node.ts'
import { limited } from '../../kit/limited.ts'
import { projectFile } from '../../kit/project.ts'

const local = { host: '127.0.0.1', port: 0 }

async function metricsOf(admin: string): Promise<string> {
  return (await fetch(`${admin}/metrics`)).text()
}

async function withPeers(use: (hub: Node, admin: string, peer: Node) => Promise<void>): Promise<void> {
  using _ = limited({ metricsIntervalMs: 0 })
  await using hub = await createNode({ http: local })
  await hub.listen()
  const admin = await hub.listenAdmin(local)
  await using peer = await createNode({})
  await use(hub, admin, peer)
}

it('count calls by method and code, refusals, sessions and bytes', () =>
  withPeers(async (hub, admin, peer) => {
    const tree = await hub.createTree('shared', PublicAccess.READ)
    await peer.sync(tree, hub.addresses()[0]!)
    await fetch(`${hub.addresses()[0]}/causeway.v1.NodeService/GetNode`, {
      ...{ method: 'POST', body: '{}' },
      headers: { 'content-type': 'application/json', connection: 'close' },
    }).then((answer) => answer.text())
    const text = await metricsOf(admin)
    assert.match(text, /^causeway_call_seconds_count\{method="SyncService\/SyncTree",code="OK"\} 1$/m)
    assert.match(
      text,
      /^causeway_call_seconds_count\{method="NodeService\/GetNode",code="UNAUTHENTICATED"\} 1$/m,
    )
    assert.match(text, /^causeway_refusals_total\{code="UNAUTHENTICATED"\} 1$/m)
    assert.match(text, new RegExp(`^causeway_entry_bytes ${hub.store.bytes}$`, 'm'))
    assert.match(text, /^causeway_quota_bytes 68719476736$/m)
    assert.match(text, /^causeway_build_info\{version="[\d.]+",node="[\d.]+"\} 1$/m)
    assert.match(text, /^process_resident_memory_bytes \d/m)
    for (const figure of ['max', 'mean', 'p50', 'p90', 'p99']) {
      const [, seconds] = new RegExp(`^nodejs_eventloop_lag_${figure}_seconds (.*)$`, 'm').exec(text)!
      assert.ok(Number(seconds) >= 0, `${figure}: ${seconds}`)
    }
    assert.doesNotMatch(text, new RegExp(`${tree}|${peer.peer}|${hub.peer}`))
  }))

it('count the sessions of links', () =>
  withPeers(async (hub, admin) => {
    await using other = await createNode({ http: local })
    await other.listen()
    await other.addPeer(hub.peer, { addresses: hub.addresses() })
    const mine = await hub.createTree('mine', PublicAccess.WRITE)
    const added = await hub.addPeer(undefined, { addresses: other.addresses() })
    await hub.link({ tree: mine, peer: added.peer })
    await hub.flush()
    const text = await metricsOf(admin)
    assert.match(text, /^causeway_sync_seconds_count\{result="(succeeded|failed)"\} [1-9]/m)
  }))

it('have every name that the rules and the dashboard use', () =>
  withPeers(async (hub, admin, peer) => {
    const tree = await hub.createTree('shared', PublicAccess.READ)
    await peer.sync(tree, hub.addresses()[0]!)
    const served = new Set(
      [...(await metricsOf(admin)).matchAll(/^# TYPE (\w+) (\w+)/gm)].flatMap(([, name, type]) =>
        type === 'histogram' ? ['bucket', 'count', 'sum'].map((part) => `${name}_${part}`) : [name!],
      ),
    )
    for (const file of ['alerts.yml', 'dashboard.json']) {
      const text = readFileSync(projectFile(`examples/monitoring/${file}`), 'utf8')
      const used = new Set(text.match(/\b(?:causeway|nodejs|process)_\w+/g))
      assert.ok(used.size > 5)
      assert.deepEqual(
        [...used].filter((name) => !served.has(name)),
        [],
        file,
      )
    }
  }))
