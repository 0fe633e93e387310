/**
 * A node under attack: a real `causeway serve` with a public tree, an operator who commits to it on the control socket, a
 * peer that the tree's policy names and that syncs again and again, and a tool that polls /healthz. The attacker is a
 * process of its own.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, ConnectError } from '@connectrpc/connect'
import { Permission, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { NodeService } from '../../gen/causeway/v1/node_pb.ts'
import { TreeService } from '../../gen/causeway/v1/tree_pb.ts'
import { systemClock } from '../../src/base/clock.ts'
import { bytesToHex, hexToBytes } from '../../src/dag/hex.ts'
import { idFromBytes } from '../../src/dag/id.ts'
import { createNode, type Node } from '../../src/node/node.ts'
import { RpcConnection } from '../../src/rpc/client/connection.ts'
import { dialLocal } from '../../src/transport/local.ts'
import { Sandbox, type Served } from '../kit/command.ts'
import { spawnLeashed } from '../kit/leashed.ts'
import { loader, testModule } from '../kit/project.ts'
import { freeUdpPort } from '../kit/serve-process.ts'
import type { Attack, AttackReport, Target } from './attacker.ts'
import type { Order } from './child.ts'

/** How long the calls of one kind took, ascending, in milliseconds, and why others failed. */
export interface Waits {
  readonly ms: number[]
  readonly errors: string[]
}

export interface Outcome {
  readonly attack: AttackReport
  readonly health: Waits
  readonly operator: Waits
  readonly sync: Waits
  /** The node's processor time during the attack. */
  readonly cpuSeconds: number
  /** By how much the node's resident set has grown since before the attack. */
  readonly grownBytes: number
}

/** Pauses between the calls of one kind, in milliseconds. */
const pauses = { health: 20, operator: 50, sync: 100 }
/** A call that takes longer has failed: no attack may cost this much. */
const patienceMs = 30_000
const entriesAtFirst = 300
/** Linux counts processor time in hundredths of a second. */
const ticksPerSecond = 100

export class AttackLab implements AsyncDisposable {
  private readonly sandbox: Sandbox
  private readonly served: Served
  private readonly connection: RpcConnection
  private readonly trees: Client<typeof TreeService>
  private readonly honest: Node
  private readonly tree: Uint8Array
  private readonly target: Target
  private commits = 0

  private constructor(parts: {
    sandbox: Sandbox
    served: Served
    connection: RpcConnection
    honest: Node
    tree: Uint8Array
    target: Target
  }) {
    this.sandbox = parts.sandbox
    this.served = parts.served
    this.connection = parts.connection
    this.trees = parts.connection.client(TreeService)
    this.honest = parts.honest
    this.tree = parts.tree
    this.target = parts.target
  }

  static async open(): Promise<AttackLab> {
    const sandbox = await Sandbox.create()
    const quicPort = await freeUdpPort()
    const served = await sandbox.serve(
      'node',
      ...['--http', '127.0.0.1:0', '--quic', `127.0.0.1:${quicPort}`, '--relay', 'off'],
    )
    const channel = await dialLocal(sandbox.folder('node'))
    const connection = new RpcConnection(channel!, { clock: systemClock })
    const [trees, node] = [connection.client(TreeService), connection.client(NodeService)]
    const { tree: created } = await trees.createTree({ name: 'attacked', publicAccess: PublicAccess.WRITE })
    const tree = created!.id
    for (let at = 0; at < entriesAtFirst; at += 50)
      await Promise.all(
        Array.from({ length: 50 }, (_, each) => trees.commit({ tree, changes: [change(`${at + each}`)] })),
      )
    const honest = await createNode()
    await node.changePolicy({
      tree,
      grants: [{ peer: hexToBytes(honest.peer), permission: Permission.WRITE }],
    })
    const { hostname: host, port } = new URL(served.ready.addresses.find((each) => each.startsWith('http:'))!)
    const target: Target = {
      ...{ host, port: Number(port), peer: served.ready.peer, tree: bytesToHex(tree) },
      quic: served.ready.addresses.find((each) => each.startsWith('iroh:'))!,
      quicPort,
    }
    const lab = new AttackLab({ sandbox, served, connection, honest, tree, target })
    await lab.operate()
    await lab.sync()
    return lab
  }

  /** Runs an attack of so many seconds while the others go on. */
  async run({ name }: Attack, seconds: number): Promise<Outcome> {
    const before = this.usage()
    const stop = new AbortController()
    const attacking = this.attack({ name, seconds, target: this.target })
    const polls = Promise.all([
      poll(() => this.askHealth(), pauses.health, stop.signal),
      poll(() => this.operate(), pauses.operator, stop.signal),
      poll(() => this.sync(), pauses.sync, stop.signal),
    ])
    const attack = await attacking.finally(() => stop.abort())
    const [health, operator, sync] = await polls
    const after = this.usage()
    return {
      ...{ attack, health, operator, sync },
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
      grownBytes: after.residentBytes - before.residentBytes,
    }
  }

  private async attack(order: Order): Promise<AttackReport> {
    const [first, ...others] = [...loader, testModule('test/attack/child.ts'), JSON.stringify(order)]
    const child = spawnLeashed(first!, others, { stdio: ['ignore', 'inherit', 'inherit'] })
    const exited = once(child, 'exit')
    const [report] = await Promise.race([
      once(child, 'message') as Promise<[AttackReport]>,
      exited.then(([code]) => assert.fail(`The attack ${order.name} ended with ${code}.`)),
    ])
    await exited
    return report
  }

  private askHealth(): Promise<void> {
    return new Promise((resolve, reject) => {
      const url = `${this.served.ready.admin}/healthz`
      const request = get(url, { agent: false, timeout: patienceMs }, (response) => {
        response.resume()
        response.once('end', () =>
          response.statusCode === 200 ? resolve() : reject(new Error(`${response.statusCode}`)),
        )
      })
      request.once('timeout', () => request.destroy(new Error('no answer')))
      request.once('error', reject)
    })
  }

  /** Commits as the operator. */
  private async operate(): Promise<void> {
    const { tree } = this
    await this.trees.commit({ tree, changes: [change(`later ${this.commits++}`)] }, { timeoutMs: patienceMs })
  }

  /** Commits at the peer, which dials the node, proves its key and syncs both ways. */
  private async sync(): Promise<void> {
    const { honest, tree, target } = this
    const id = idFromBytes(tree)
    if ((await honest.tree(id)) !== undefined) await honest.commit(id, [change('from the peer')])
    const { equal } = await honest.sync(id, `http://${target.host}:${target.port}`, {
      signal: AbortSignal.timeout(patienceMs),
    })
    assert.ok(equal || this.commits > 0)
  }

  /** Returns what Linux tells about the node's process, and zeros elsewhere. */
  private usage(): { cpuSeconds: number; residentBytes: number } {
    const folder = `/proc/${this.served.child.pid}`
    if (!existsSync(folder)) return { cpuSeconds: 0, residentBytes: 0 }
    // The name of the process, in brackets, may hold spaces.
    const fields = readFileSync(`${folder}/stat`, 'latin1').split(') ')[1]!.split(' ')
    const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`${folder}/status`, 'latin1'))![1]
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
      residentBytes: Number(resident) * 1024,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.close()
    await this.honest.close(0)
    await this.sandbox[Symbol.asyncDispose]()
  }
}

const change = (text: string) => ({ store: 'log', kind: 'add', payload: Buffer.from(text) })

/** Makes calls one after the other until the signal fires. */
async function poll(call: () => Promise<void>, pauseMs: number, signal: AbortSignal): Promise<Waits> {
  const ms: number[] = []
  const errors: string[] = []
  while (!signal.aborted) {
    const startedMs = performance.now()
    try {
      await call()
      ms.push(performance.now() - startedMs)
    } catch (error) {
      errors.push(error instanceof ConnectError ? error.rawMessage : (error as Error).message)
    }
    await sleep(pauseMs)
  }
  return { ms: ms.sort((one, other) => one - other), errors }
}
