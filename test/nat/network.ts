/**
 * A small Internet of network namespaces: a bridge that stands for the public network, hosts on it, and hosts behind
 * routers with NAT. It needs root and the tools `ip` and `nft`; `missing` says what there is not.
 */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'

/** How a NAT maps the ports of its hosts: one for all destinations, or another one for each. */
export type NatKind = 'restricted' | 'symmetric'

export interface Host {
  /** The name of its namespace. */
  readonly namespace: string
  /** The address at which the public network sees it. */
  readonly address: string
  /** The router in front of it. */
  readonly router?: string
}

function run(command: string, args: readonly string[], input?: string): void {
  execFileSync(command, args, { stdio: ['pipe', 'ignore', 'pipe'], ...(input !== undefined && { input }) })
}

/** Returns why no such network can be made here, or false if one can. */
export function missing(): string | false {
  if (process.getuid?.() !== 0) return 'Network namespaces need root.'
  try {
    const probe = new PublicNetwork()
    probe.behindNat('restricted')
    probe[Symbol.dispose]()
    return false
  } catch (error) {
    return `Network namespaces cannot be made here: ${(error as Error).message.trim()}`
  }
}

export class PublicNetwork implements Disposable {
  private readonly prefix = `cw${randomBytes(3).toString('hex')}`
  private readonly namespaces: string[] = []
  private hosts = 0

  constructor() {
    const wan = this.namespace('wan')
    ip(wan, 'link add br0 type bridge')
    ip(wan, 'link set br0 up')
  }

  /** Adds a host with a public address. */
  public(): Host {
    const address = this.nextAddress()
    const namespace = this.namespace(`h${this.hosts}`)
    this.plug(namespace, address)
    return { namespace, address }
  }

  /** Adds a host in a network of its own, behind a router with NAT that lets nobody in who was not called. */
  behindNat(kind: NatKind): Host {
    const address = this.nextAddress()
    const [router, namespace] = [this.namespace(`r${this.hosts}`), this.namespace(`h${this.hosts}`)]
    this.plug(router, address)
    run('ip', [
      'link',
      'add',
      'lan',
      'netns',
      router,
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'netns',
      namespace,
    ])
    ip(router, 'addr add 10.1.1.1/24 dev lan')
    ip(router, 'link set lan up')
    ip(namespace, 'addr add 10.1.1.2/24 dev eth0')
    ip(namespace, 'link set eth0 up')
    ip(namespace, 'route add default via 10.1.1.1')
    inside(router, 'sysctl', ['-qw', 'net.ipv4.ip_forward=1'])
    const mode = kind === 'symmetric' ? 'masquerade fully-random' : 'masquerade'
    rules(
      router,
      `table ip causeway {
        chain post { type nat hook postrouting priority srcnat; oifname "wan" ${mode}; }
        # What is dropped here is not tracked. Otherwise it would take the port that a host behind is about to use.
        chain input { type filter hook input priority filter; policy drop; ct state established,related accept; }
        chain forward {
          type filter hook forward priority filter; policy drop;
          ct state established,related accept
          iifname "lan" accept
        }
      }`,
    )
    return { namespace, address, router }
  }

  /** Gives a public host another address. */
  move(host: Host): Host {
    const address = this.nextAddress()
    ip(host.namespace, 'addr flush dev wan')
    ip(host.namespace, `addr add ${address}/24 dev wan`)
    return { ...host, address }
  }

  /** Drops every packet of a host from now on, without telling anybody, until the result is disposed. */
  cut({ namespace, router = namespace }: Host): Disposable {
    const chains = ['prerouting', 'output'].map(
      (hook) => `chain ${hook} { type filter hook ${hook} priority -300; policy drop; }`,
    )
    rules(router, `table inet cut {\n${chains.join('\n')}\n}`)
    return { [Symbol.dispose]: () => rules(router, 'delete table inet cut') }
  }

  [Symbol.dispose](): void {
    for (const namespace of this.namespaces.splice(0)) run('ip', ['netns', 'del', namespace])
  }

  private nextAddress(): string {
    return `203.0.113.${++this.hosts + 9}`
  }

  private namespace(name: string): string {
    const full = `${this.prefix}${name}`
    run('ip', ['netns', 'add', full])
    this.namespaces.push(full)
    ip(full, 'link set lo up')
    return full
  }

  /** Connects a namespace with the public network. */
  private plug(namespace: string, address: string): void {
    const [wan] = this.namespaces as [string]
    const port = `p${this.namespaces.length}`
    run('ip', ['link', 'add', port, 'netns', wan, 'type', 'veth', 'peer', 'name', 'wan', 'netns', namespace])
    ip(wan, `link set ${port} master br0 up`)
    ip(namespace, `addr add ${address}/24 dev wan`)
    ip(namespace, 'link set wan up')
  }
}

function ip(namespace: string, command: string): void {
  run('ip', ['-n', namespace, ...command.split(' ')])
}

function rules(namespace: string, text: string): void {
  run('ip', ['netns', 'exec', namespace, 'nft', '-f', '-'], text)
}

function inside(namespace: string, command: string, args: readonly string[]): void {
  run('ip', ['netns', 'exec', namespace, command, ...args])
}
