/** The calling side of a pairing: its three steps on one connection, each within its time. */
import { PairingStatus, SyncService } from '../../../gen/causeway/v1/sync_pb.ts'
import type { PairingStanding, SharedTree } from '../../access/pairing.ts'
import { type Clock, deadline } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { bytesToHex } from '../../dag/hex.ts'
import { callError } from '../client/calls.ts'
import type { RpcConnection } from '../client/connection.ts'
import { readPairingTree, writePairingTree } from './convert-pairing.ts'

export class RpcPairing {
  readonly address: string
  private readonly connection: RpcConnection
  private readonly clock: Clock

  constructor(connection: RpcConnection, address: string, clock: Clock) {
    this.connection = connection
    this.address = address
    this.clock = clock
  }

  /** Begins. Returns the commitment of the remote to its nonce, and its name. Throws PROTOCOL if these cannot be read. */
  begin(name: string, signal: AbortSignal): Promise<{ commitment: string; name: string }> {
    return this.ask(signal, async (client, options) => {
      const answer = await client.beginPairing({ name }, options)
      if (answer.commitment.length !== 32 || Buffer.byteLength(answer.name) > limits.nameBytes)
        throw unreadable()
      return { commitment: bytesToHex(answer.commitment), name: answer.name }
    })
  }

  /** Shows our nonce. Returns that of the remote. */
  reveal(nonce: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    return this.ask(signal, async (client, options) => {
      const answer = await client.revealPairing({ nonce }, options)
      if (answer.nonce.length !== limits.pairingNonceBytes) throw unreadable()
      return answer.nonce
    })
  }

  /** Says what the person here has decided. Returns how the pairing stands. */
  decide(accept: boolean, tree: SharedTree | undefined, signal: AbortSignal): Promise<PairingStanding> {
    return this.ask(signal, async (client, options) => {
      const request = { accept, ...(tree && { tree: writePairingTree(tree) }) }
      const answer = await client.decidePairing(request, options)
      if (answer.status === PairingStatus.WAITING) return { status: 'waiting' }
      if (answer.status === PairingStatus.REFUSED) return { status: 'refused' }
      if (answer.status !== PairingStatus.ACCEPTED) throw unreadable()
      return { status: 'accepted', tree: answer.tree && readPairingTree(answer.tree) }
    })
  }

  close(): void {
    this.connection.close()
  }

  private async ask<Answer>(
    signal: AbortSignal,
    call: (
      client: ReturnType<typeof this.connection.client<typeof SyncService>>,
      options: { signal: AbortSignal },
    ) => Promise<Answer>,
  ): Promise<Answer> {
    using limit = deadline(this.clock, limits.unaryTimeoutMs, 'Pairing', signal)
    try {
      return await call(this.connection.client(SyncService), { signal: limit.signal })
    } catch (error) {
      throw callError(this.connection, error, limit.signal)
    }
  }
}

function unreadable(): CausewayError {
  return new CausewayError('PROTOCOL', 'The remote has answered a pairing with what cannot be read.')
}
