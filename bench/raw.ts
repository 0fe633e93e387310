/**
 * What the QUIC binding itself can carry: one bare stream from one process to another, in pieces of the best size.
 * The writer sends one array again and again, and the reader counts. The figure therefore covers the binding's
 * copying, which goes number by number, the encryption and the kernel.
 */
import { type Connection, Endpoint, EndpointTicket, presetMinimal, RelayMode } from '@number0/iroh/index.js'

/** The cost of a bare stream of the QUIC binding: the reader's time and its processor time. */
export interface RawCost {
  readonly seconds: number
  readonly bytesPerSecond: number
  readonly cpuSeconds: number
}

const alpn = [...Buffer.from('raw/1')]
/** Larger pieces are no faster to write, smaller ones slower. A second one in flight hides the first's round trip. */
const writeBytes = 65_536
const writesInFlight = 2
const readBytes = 1_048_576

/** Keeps objects alive while they are used: the binding closes what JavaScript has collected. */
const held = new Set<unknown>()

async function bind(): Promise<Endpoint> {
  const builder = Endpoint.builder()
  presetMinimal(builder)
  builder.relayMode(RelayMode.disabled())
  builder.alpns([alpn])
  builder.bindAddr('127.0.0.1:0')
  const endpoint = await builder.bind()
  held.add(endpoint)
  return endpoint
}

/** Sends the first peer that connects as many bytes as it asks for. */
export async function serveRaw() {
  const endpoint = await bind()
  const sent = (async () => {
    const connection = await (await (await endpoint.acceptNext())!.accept()).connect()
    held.add(connection)
    const { send, recv } = await connection.acceptBi()
    const bytes = Number(Buffer.from(await recv.readToEnd(32)).toString())
    const cpu = process.cpuUsage()
    const piece = Array.from({ length: writeBytes }, (_, index) => index & 255)
    const writing: Promise<void>[] = []
    for (let at = 0; at < bytes; at += writeBytes) {
      if (writing.length === writesInFlight) await writing.shift()
      writing.push(send.writeAll(bytes - at < writeBytes ? piece.slice(0, bytes - at) : piece))
    }
    await Promise.all(writing)
    await send.finish()
    const { user, system } = process.cpuUsage(cpu)
    await closed(connection)
    await endpoint.close()
    return { cpuSeconds: (user + system) / 1e6 }
  })()
  return { ticket: EndpointTicket.fromAddr(endpoint.addr()).toString(), sent }
}

export async function readRaw(ticket: string, bytes: number): Promise<RawCost> {
  const endpoint = await bind()
  const connection = await endpoint.connect(EndpointTicket.fromString(ticket).endpointAddr(), alpn)
  held.add(connection)
  const { send, recv } = await connection.openBi()
  await send.writeAll([...Buffer.from(String(bytes))])
  await send.finish()
  const cpu = process.cpuUsage()
  const started = performance.now()
  let read = 0
  for (let count = -1; count !== 0; read += count) count = (await recv.read(readBytes)).length
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  connection.close(0n, [])
  await endpoint.close()
  if (read !== bytes) throw new Error(`The bare stream carried ${read} of ${bytes} bytes.`)
  return { seconds, bytesPerSecond: bytes / seconds, cpuSeconds: (user + system) / 1e6 }
}

async function closed(connection: Connection): Promise<void> {
  await connection.closed()
  held.delete(connection)
}
