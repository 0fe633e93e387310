/** A process that echoes over QUIC, for tests to stop and kill. Its arguments are `seed-hex` and `bind`. */
import { createIdentity } from '../../../src/dag/identity.ts'
import { createIrohTransport } from '../../../src/transport/iroh/iroh.ts'
import { echo } from '../streams.ts'

const [seed, bind] = process.argv.slice(2)
const identity = createIdentity(Buffer.from(seed!, 'hex'))
const transport = createIrohTransport({ identity, bind: bind!, relay: 'off' })
await transport.listen(echo)
process.send!(transport.addresses()[0]!)
process.once('disconnect', () => process.exit())
