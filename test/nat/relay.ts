/** A relay as a process, for a namespace of its own: `relay.ts HOST PORT` prints its URL. */
import { QuicRelay } from '../kit/quic-relay.ts'

const [host, port] = process.argv.slice(2)
const relay = await QuicRelay.start(Number(port), host)
process.stdout.write(`${relay.url}\n`)
