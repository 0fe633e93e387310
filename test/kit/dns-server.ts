/** A small DNS server on loopback, over UDP (RFC 1035): answers A, AAAA and SRV from a table, and NXDOMAIN for other names. */
import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

export interface DnsNames {
  readonly [name: string]: {
    readonly a?: readonly string[]
    /** Each as its 16 bytes in hex. */
    readonly aaaa?: readonly string[]
    readonly srv?: readonly { readonly priority: number; readonly port: number; readonly target: string }[]
  }
}

const types = { a: 1, aaaa: 28, srv: 33 } as const

export class DnsServer implements AsyncDisposable {
  /** May be changed at any time. */
  names: DnsNames
  /** The names that were asked for. */
  readonly asked: string[] = []
  private readonly socket = createSocket('udp4')

  private constructor(names: DnsNames) {
    this.names = names
  }

  static async start(names: DnsNames): Promise<DnsServer> {
    const server = new DnsServer(names)
    const { socket } = server
    socket.on('message', (question, from) => server.answer(question, from))
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return server
  }

  /** `ip:port`, for `Resolver.setServers`. */
  get address(): string {
    return `127.0.0.1:${(this.socket.address() as AddressInfo).port}`
  }

  private answer(question: Buffer, from: RemoteInfo): void {
    const labels: string[] = []
    let at = 12
    while (question[at] !== 0) {
      labels.push(question.toString('latin1', at + 1, at + 1 + question[at]!))
      at += 1 + question[at]!
    }
    const name = labels.join('.')
    this.asked.push(name)
    const type = question.readUInt16BE(at + 1)
    const records = recordsOf(this.names[name], type)
    const header = Buffer.alloc(12)
    question.copy(header, 0, 0, 2)
    header.writeUInt16BE(this.names[name] === undefined ? 0x8183 : 0x8180, 2)
    header.writeUInt16BE(1, 4)
    header.writeUInt16BE(records.length, 6)
    const answers = records.map((data) => {
      // The name is that of the question, at byte 12.
      const head = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 1, 0, data.length])
      return Buffer.concat([head, data])
    })
    const reply = Buffer.concat([header, question.subarray(12, at + 5), ...answers])
    this.socket.send(reply, from.port, from.address)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.socket, 'close')
    this.socket.close()
    await closed
  }
}

function recordsOf(found: DnsNames[string] | undefined, type: number): Buffer[] {
  if (type === types.a) return (found?.a ?? []).map((ip) => Buffer.from(ip.split('.').map(Number)))
  if (type === types.aaaa) return (found?.aaaa ?? []).map((hex) => Buffer.from(hex, 'hex'))
  if (type !== types.srv) return []
  return (found?.srv ?? []).map(({ priority, port, target }) => {
    const numbers = Buffer.alloc(6)
    numbers.writeUInt16BE(priority, 0)
    numbers.writeUInt16BE(port, 4)
    const labels = target
      .split('.')
      .map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`))
    return Buffer.concat([numbers, ...labels, Buffer.alloc(1)])
  })
}
