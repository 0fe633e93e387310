/**
 * Pairs this node with another one in the LAN that nobody has introduced, while a person runs `causeway pair` on both.
 * One of the two calls the other over an ordinary connection, on which both prove their keys. They agree on digits
 * (find/pairing.ts), two people compare these, and only when both have said yes is anything kept.
 */
import type { PairingEvent, PairingStanding, PairingWish, SharedTree } from '../../access/pairing.ts'
import { type Clock, deadline, sleep, unlessAborted } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { ListenerPort } from '../../find/beacon.ts'
import { commitmentOf, digitsOf } from '../../find/pairing.ts'
import type { Partner } from './candidates.ts'
import { Hellos, type HellosParts, type Spot } from './hellos.ts'
import { PairingRun, refusedHere, refusedThere } from './run.ts'

/** A connection to another node that pairs. */
export interface PairingRemote {
  readonly address: string
  begin(name: string, signal: AbortSignal): Promise<{ readonly commitment: string; readonly name: string }>
  reveal(nonce: Uint8Array, signal: AbortSignal): Promise<Uint8Array>
  decide(accept: boolean, tree: SharedTree | undefined, signal: AbortSignal): Promise<PairingStanding>
  close(): void
}

export interface PairingParts extends HellosParts {
  readonly clock: Clock
  addressesAt(peer: PeerId, host: string, ports: readonly ListenerPort[]): Promise<string[]>
  /** Connects to a peer, which proves its key. */
  open(addresses: readonly string[], peer: PeerId, signal: AbortSignal): Promise<PairingRemote>
  isBlocked(peer: PeerId): boolean
  /** Returns a tree that this node shares. Throws UNKNOWN_TREE and FORBIDDEN if it cannot. */
  shared(tree: Omit<SharedTree, 'name'>): Promise<SharedTree>
  /** Keeps a peer, shares a tree with it, and takes the one that it shares. */
  keep(
    partner: Pick<Partner, 'peer' | 'name' | 'addresses'>,
    given: SharedTree | undefined,
    taken: SharedTree | undefined,
  ): Promise<void>
}

export class Pairing {
  private readonly parts: PairingParts
  private run: PairingRun | undefined
  private hellos: Hellos | undefined
  /** When each peer was last called, by the monotonic clock. */
  private readonly calledAt = new Map<PeerId, number>()
  /** How the last run ended for its partner, which may ask again. */
  private last: { readonly peer: PeerId; readonly standing: PairingStanding } | undefined

  constructor(parts: PairingParts) {
    this.parts = parts
  }

  /** Runs a pairing; see NodeService.StartPairing. It ends when the signal fires or its reader leaves. */
  async *start({ name, tree }: PairingWish, signal: AbortSignal): AsyncGenerator<PairingEvent> {
    const { clock, shared } = this.parts
    const given = tree && (await shared(tree))
    if (this.run !== undefined)
      throw new CausewayError(
        'ALREADY_STARTED',
        'This node pairs already: end the other `causeway pair` first.',
      )
    const run = new PairingRun(name, given, clock)
    this.run = run
    this.last = undefined
    const onAbort = () => run.fail(new CausewayError('CANCELLED', 'The pairing was ended. Nothing was kept.'))
    signal.addEventListener('abort', onAbort)
    let cancelTimer = clock.setTimer(limits.pairingMs, () => {
      // A caller that has said yes waits a little for the answer of the other side, whose time is over as well.
      const grace = run.partner?.role === 'caller' && run.partner.mine === true ? limits.pairingStepMs : 0
      cancelTimer = clock.setTimer(grace, () => run.fail(timeout(run)))
    })
    try {
      this.hellos = new Hellos(this.parts, (peer, spot) => this.hear(run, peer, spot))
      const { isDialable: dialable } = this.hellos
      run.tell({ kind: 'waiting', untilMs: clock.now() + limits.pairingMs, dialable })
      if (signal.aborted) onAbort()
      yield* run.follow()
    } finally {
      signal.removeEventListener('abort', onAbort)
      cancelTimer()
      this.end(run)
    }
  }

  /** Takes the answer of the person here. Throws NOT_STARTED if no digits of this peer are shown. */
  answer(peer: PeerId, accept: boolean): void {
    const { run } = this
    const partner = run?.partner
    if (run === undefined || run.isOver || partner?.peer !== peer || partner.digits === undefined)
      throw new CausewayError('NOT_STARTED', `No digits of ${peer} are shown: run \`causeway pair\`.`)
    if (partner.mine !== undefined) throw new CausewayError('ALREADY_DECIDED', 'This was answered already.')
    partner.mine = accept
    if (!accept) this.last = { peer, standing: { status: 'refused' } }
    if (partner.role === 'caller') void this.decide(run, partner)
    else this.settle(run, partner)
    if (!accept) run.fail(refusedHere())
  }

  /** Ends the run when the node closes. */
  close(): void {
    this.run?.fail(new CausewayError('CLOSED', 'The node closes.'))
  }

  // What other nodes call.

  /** Answers the first step. Throws NOT_STARTED, and RESOURCE_EXHAUSTED if there is a partner. */
  begin(peer: PeerId, name: string): { commitment: string; name: string } {
    const run = this.expectRun()
    this.expectPlace(run, peer)
    const { self, clock } = this.parts
    const nonce = clock.randomBytes(limits.pairingNonceBytes)
    run.candidates.add({ peer, role: 'server', nonce, name, addresses: [] })
    return { commitment: commitmentOf({ caller: peer, server: self }, nonce), name: run.name }
  }

  /** Answers the second step, once. Throws NOT_STARTED if the peer has not begun. */
  reveal(peer: PeerId, callerNonce: Uint8Array): Uint8Array {
    const run = this.expectRun()
    const partner = run.candidates.get(peer)
    if (partner?.role !== 'server')
      throw new CausewayError('NOT_STARTED', 'You have not begun to pair, or took too long: begin again.')
    this.show(run, partner, digitsOf({ caller: peer, server: this.parts.self }, callerNonce, partner.nonce))
    return partner.nonce
  }

  /** Answers the last step, at the latest after `limits.pairingPollMs`. Throws NOT_STARTED without digits. */
  async decided(peer: PeerId, accept: boolean, tree: SharedTree | undefined): Promise<PairingStanding> {
    const { run, last } = this
    if (last?.peer === peer) return last.standing
    const partner = run?.partner
    if (
      run === undefined ||
      partner?.peer !== peer ||
      partner.role !== 'server' ||
      partner.digits === undefined
    )
      throw new CausewayError('NOT_STARTED', 'No digits are shown: begin to pair first.')
    if (!accept) {
      this.last = { peer, standing: { status: 'refused' } }
      run.fail(refusedThere())
      return this.last.standing
    }
    partner.theirs = { tree }
    const settled = this.settle(run, partner)
    if (settled === undefined) await this.settling(run)
    await partner.kept
    return this.last?.peer === peer ? this.last.standing : { status: 'waiting' }
  }

  private expectRun(): PairingRun {
    const { run } = this
    if (run !== undefined && !run.isOver) return run
    throw new CausewayError('NOT_STARTED', 'Nobody pairs here: run `causeway pair` on both machines.')
  }

  private expectPlace({ partner, candidates }: PairingRun, peer: PeerId): void {
    const mine = candidates.get(peer)
    // Both call each other at once: the one with the smaller PeerId goes on.
    const goesOn = mine?.role !== 'caller' || (!mine.revealed && peer < this.parts.self)
    if (partner === undefined && goesOn) return
    throw new CausewayError('RESOURCE_EXHAUSTED', 'This node pairs with another peer: try again later.', {
      data: { retryAfterMs: limits.pairingRetryMs },
    })
  }

  /** As the server: returns where the caller proves its key, by its hello; undefined if it has said none. */
  private async reach(run: PairingRun, { peer }: Partner): Promise<readonly string[] | undefined> {
    const { clock, addressesAt, open } = this.parts
    const spot = this.hellos?.spotOf(peer)
    if (spot === undefined) return undefined
    using step = deadline(clock, limits.pairingStepMs, 'Pairing', run.ended.signal)
    try {
      const remote = await open(await addressesAt(peer, spot.host, spot.ports), peer, step.signal)
      remote.close()
      return [remote.address]
    } catch {
      // Only it can call: a firewall is in between, or somebody else has said that hello.
      return []
    }
  }

  /** The nonces of both are known: this one is the partner, and the others are dropped. */
  private show(run: PairingRun, partner: Partner, digits: string): void {
    partner.digits = digits
    run.partner = partner
    run.candidates.clear()
    if (partner.role === 'server') partner.reached = this.reach(run, partner)
    run.tell({ kind: 'found', peer: partner.peer, name: partner.name, digits })
  }

  // What this node does.

  /** Another node pairs: calls it, beside others, unless there is a partner or the two talk already. */
  private hear(run: PairingRun, peer: PeerId, spot: Spot): void {
    const { clock, isBlocked } = this.parts
    const now = clock.monotonic()
    const isEarly = now - (this.calledAt.get(peer) ?? Number.NEGATIVE_INFINITY) < limits.pairingRetryMs
    const talks = run.partner !== undefined || run.candidates.get(peer) !== undefined
    if (run.isOver || talks || isEarly || isBlocked(peer)) return
    this.calledAt.delete(peer)
    this.calledAt.set(peer, now)
    if (this.calledAt.size > limits.pairingHellos) this.calledAt.delete(this.calledAt.keys().next().value!)
    this.call(run, peer, spot).catch((thrown) => {
      const error = CausewayError.from(thrown)
      // Nobody has to know of a call whose place another one has taken.
      if (error.code !== 'CANCELLED') run.lastError = error
    })
  }

  private async call(run: PairingRun, peer: PeerId, { host, ports }: Spot): Promise<void> {
    const { clock, addressesAt, open } = this.parts
    const nonce = clock.randomBytes(limits.pairingNonceBytes)
    const partner: Partner = { peer, role: 'caller', nonce, name: '', addresses: [] }
    const dropped = run.candidates.add(partner)
    try {
      const remote = await open(await addressesAt(peer, host, ports), peer, dropped)
      try {
        partner.addresses = [remote.address]
        await this.agree(run, partner, remote, dropped)
      } finally {
        run.candidates.drop(partner)
        if (partner.revealed && partner.digits === undefined) await this.withdraw(remote)
        remote.close()
      }
    } finally {
      run.candidates.drop(partner)
    }
  }

  /** As the caller: says no to a node that may show digits already which this node will not show. */
  private async withdraw(remote: PairingRemote): Promise<void> {
    using step = deadline(this.parts.clock, limits.pairingStepMs, 'Pairing')
    await remote.decide(false, undefined, step.signal).catch(() => {})
  }

  /** The first two steps, as the caller. */
  private async agree(
    run: PairingRun,
    partner: Partner,
    remote: PairingRemote,
    signal: AbortSignal,
  ): Promise<void> {
    if (!run.candidates.has(partner)) return
    const { commitment, name } = await remote.begin(run.name, signal)
    if (!run.candidates.has(partner)) return
    partner.name = name
    run.attempts++
    if (run.attempts > limits.pairingAttempts) return run.fail(tooMany())
    const sides = { caller: this.parts.self, server: partner.peer }
    partner.revealed = true
    const nonce = await remote.reveal(partner.nonce, signal)
    if (!run.candidates.has(partner)) return
    if (commitmentOf(sides, nonce) !== commitment)
      throw new CausewayError('PROTOCOL', `${partner.peer} shows another nonce than it has committed to.`)
    this.show(run, partner, digitsOf(sides, partner.nonce, nonce))
  }

  /** The last step, as the caller: says what the person here has decided, until that of the other side is known. */
  private async decide(run: PairingRun, partner: Partner): Promise<void> {
    const accept = partner.mine === true
    try {
      const standing = await this.ask(run, partner, accept)
      if (!accept) return
      if (standing.status !== 'accepted') return run.fail(refusedThere())
      partner.theirs = { tree: standing.tree }
      await this.keep(run, partner)
    } catch (error) {
      run.fail(CausewayError.from(error))
    }
  }

  private async ask(run: PairingRun, partner: Partner, accept: boolean): Promise<PairingStanding> {
    const { clock, open } = this.parts
    const tree = accept ? run.tree : undefined
    // A no is still told when the run has ended by it.
    using time = deadline(
      clock,
      limits.pairingMs + limits.pairingStepMs,
      'Pairing',
      accept ? run.ended.signal : undefined,
    )
    // Ends with the run, which time ends.
    for (;;) {
      try {
        const remote = await open(partner.addresses, partner.peer, time.signal)
        try {
          const standing = await remote.decide(accept, tree, time.signal)
          if (standing.status !== 'waiting') return standing
        } finally {
          remote.close()
        }
      } catch (error) {
        const { code } = CausewayError.from(error)
        if (time.signal.aborted || !accept || !/^(DISCONNECTED|UNREACHABLE|TIMEOUT)$/.test(code)) throw error
        await sleep(clock, limits.pairingRetryMs, time.signal)
      }
    }
  }

  /** As the server: keeps the peer if both have said yes. Returns undefined while one has not answered. */
  private settle(run: PairingRun, partner: Partner): Promise<void> | undefined {
    if (partner.mine === undefined || partner.theirs === undefined || !partner.mine) {
      this.answered()
      return undefined
    }
    partner.kept ??= this.keep(run, partner)
    // The run fails with it.
    partner.kept.catch(() => {})
    this.answered()
    return partner.kept
  }

  private async keep(run: PairingRun, partner: Partner): Promise<void> {
    const { peer, name } = partner
    const given = run.tree
    const taken = partner.theirs?.tree
    try {
      const addresses = await this.addressesOf(run, partner)
      if (run.isOver) throw run.ended.signal.reason
      await this.parts.keep({ peer, name, addresses }, given, taken)
      this.last = { peer, standing: { status: 'accepted', tree: given } }
      run.tell({ kind: 'paired', peer, name, addresses, given, taken })
    } catch (error) {
      run.fail(CausewayError.from(error))
      throw error
    }
  }

  private async addressesOf(run: PairingRun, partner: Partner): Promise<readonly string[]> {
    if (partner.role === 'caller') return partner.addresses
    // Its first hello may have come only after the digits.
    return (await partner.reached) ?? (await this.reach(run, partner)) ?? []
  }

  private answered = () => {}

  /** Resolves when the person here has answered, when the run ends, and after `limits.pairingPollMs`. */
  private async settling(run: PairingRun): Promise<void> {
    const answered = new Promise<void>((resolve) => {
      this.answered = resolve
    })
    const over = new AbortController()
    const either = AbortSignal.any([run.ended.signal, over.signal])
    const late = sleep(this.parts.clock, limits.pairingPollMs, either)
    await unlessAborted(Promise.race([answered, late]), run.ended.signal).catch(() => {})
    over.abort()
  }

  private end(run: PairingRun): void {
    run.fail(new CausewayError('CANCELLED', 'The pairing was ended. Nothing was kept.'))
    const { partner } = run
    if (partner?.digits !== undefined && this.last === undefined) {
      this.last = { peer: partner.peer, standing: { status: 'refused' } }
      if (partner.role === 'caller' && partner.mine === undefined) {
        partner.mine = false
        void this.decide(run, partner)
      }
    }
    this.hellos?.stop()
    this.hellos = undefined
    this.run = undefined
    this.answered()
  }
}

function timeout({ partner, lastError }: PairingRun): CausewayError {
  const seconds = limits.pairingMs / 1_000
  if (partner?.digits !== undefined)
    return new CausewayError('TIMEOUT', `Nobody has answered within ${seconds} s. Nothing was kept.`)
  const why = lastError === undefined ? '' : ` The last attempt failed: ${lastError.message}`
  return new CausewayError(
    'TIMEOUT',
    `No other machine in this network has paired within ${seconds} s: run \`causeway pair\` on both, beside \`causeway serve --quic\` on one of them at least.${why}`,
    lastError && { cause: lastError },
  )
}

function tooMany(): CausewayError {
  return new CausewayError(
    'RESOURCE_EXHAUSTED',
    `Pairing was broken off ${limits.pairingAttempts} times after this node had shown its nonce: somebody in this network may interfere. Nothing was kept.`,
  )
}
