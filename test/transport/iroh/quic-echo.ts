/** A process of its own that echoes over QUIC, to be stopped and killed: `seed-hex` and `bind` are its arguments. */
import { createIdentity } from '../../../src/dag/identity.ts'
import { createIrohTransport } from '../../../src/transport/iroh/iroh.ts'
import { echo } from '../streams.ts'

const [seed, bind] = process.argv.slice(2)
const identity = createIdentity(Buffer.from(seed!, 'hex'))
const transport = createIrohTransport({ identity, bind: bind!, relay: 'off' })
await transport.listen(echo)
process.send!(transport.addresses()[0]!)
process.once('disconnect', () => process.exit())
