/** Mutations of what a node answers to callers, and of what it asks of servers: a handler before it changes what crosses. */
import {
  SyncStatus,
  type SyncTreeHeader,
  type SyncTreeRequest,
  type SyncTreeResponse,
} from '../../gen/causeway/v1/sync_pb.ts'
import type { Tricks } from '../../src/cli/conformance/stand/stand.ts'
import { altering, alteringPages } from '../../src/cli/conformance/stand/tricks.ts'
import { idOf } from '../../src/dag/entry.ts'
import { bytesToHex, hexToBytes } from '../../src/dag/hex.ts'
import { idFromBytes } from '../../src/dag/id.ts'
import { writeCompactPage } from '../../src/rpc/compact/write-page.ts'
import type { Mutation } from './mutation.ts'

const header = (rule: string, finds: string, change: (header: SyncTreeHeader) => void): Mutation => ({
  ...{ rule, finds: `server: answers: ${finds}`, serving: altering(change) },
})

export const serving: Readonly<Record<string, Mutation>> = {
  'is never equal': header('R3', 'equal sides', (answer) => {
    answer.status = SyncStatus.DELTA
  }),
  'states another digest': header('E10', 'no sketch', (answer) => {
    answer.tipsDigest[0]! ^= 1
  }),
  'states another count': header('E11', 'no sketch', (answer) => {
    answer.count++
  }),
  'names no tips': header('R15', 'no sketch', (answer) => {
    answer.tips = []
  }),
  'knows no tips of ours': header('R16', 'all tips are there', (answer) => {
    answer.common = new Uint8Array(0)
  }),
  'wants nothing': header('R9', 'cells that decode', (answer) => {
    answer.want = new Uint8Array(0)
  }),
  'starts its cells anew': header('R5', 'further cells', (answer) => {
    answer.sketch!.from = 0
  }),
  'flips a bit of a cell': header('K6', 'a probe', (answer) => {
    answer.sketch!.cells[3]! ^= 1
  }),
  'answers with cells past its sketch': header('R14', 'a difference past the sketch', (answer) => {
    answer.status = SyncStatus.SKETCH
  }),
  'sends a tenth of the cells': header('R13', 'cells of the server', (answer) => {
    answer.sketch!.cells = answer.sketch!.cells.slice(0, 500)
  }),
  'names no spans': header('G6', 'chunks that differ', (answer) => {
    answer.range!.spans = []
  }),
  'does not say how far it came': header('G7', 'chunks that differ', (answer) => {
    Object.assign(answer.range!, { throughHeight: 1n, throughId: new Uint8Array(32) })
  }),
  'counts its chunks wrong': header('G9', 'an outline', (answer) => {
    answer.range!.chunks[0]!.count++
  }),
  'sends what nobody asked for': {
    ...{ rule: 'R1', finds: 'server: answers: wanted entries' },
    serving: {
      syncTree: (request, honest) =>
        honest({ ...request, want: new Uint8Array([...request.want, ...request.tree.subarray(0, 16)]) }),
    },
  },
  'sends one entry too few': {
    ...{ rule: 'R7', finds: 'server: answers: all tips are there' },
    serving: alteringPages((page) => [{ ...page, entries: page.entries.slice(0, -1) }]),
  },
  'sends children first': {
    ...{ rule: 'S3', finds: 'server: answers: all tips are there' },
    serving: alteringPages((page) => [{ ...page, entries: page.entries.toReversed() }]),
  },
  'sends everything in one page': {
    ...{ rule: 'R16', finds: 'server: answers: an asker that has nothing' },
    serving: joinedPages(),
  },
  'spends past the budget': {
    ...{ rule: 'R16', finds: 'server: answers: a budget' },
    serving: { syncTree: (request, honest) => honest({ ...request, budgetBytes: 0n }) },
  },
  'answers probes as if they were none': {
    ...{ rule: 'R8', finds: 'server: answers: a probe' },
    serving: { syncTree: (request, honest) => honest(without(request, 'sketch')) },
  },
  'takes any number of tips': {
    ...{ rule: 'L2', finds: 'server: refuses: 33 tips' },
    serving: { syncTree: (request, honest) => honest({ ...request, tips: request.tips.slice(0, 32) }) },
  },
  'takes any page': {
    ...{ rule: 'U1', finds: 'server: refuses: a page of 1,025 entries' },
    serving: {
      sendEntries: (request, honest) => honest({ ...request, entries: request.entries.slice(0, 1024) }),
    },
  },
  'counts known entries as new': {
    ...{ rule: 'U2', finds: 'server: sending: a page, twice' },
    serving: {
      async sendEntries(request, honest) {
        const answer = await honest(request)
        return { ...answer, added: answer.added + answer.known, known: 0 }
      },
    },
  },
  'tells of no refusal': {
    ...{ rule: 'U2', finds: 'server: sending: an entry that is not valid, and its descendants' },
    serving: { sendEntries: async (request, honest) => ({ ...(await honest(request)), refused: [] }) },
  },
  'tells what other trees have': {
    ...{ rule: 'U3', finds: 'server: sending: a parent in another tree of the server' },
    serving: {
      async sendEntries(request, honest) {
        const answer = await honest(request)
        for (const refused of answer.refused) refused.code = 'ENTRY_TREE'
        return answer
      },
    },
  },
  'numbers what came before wrong': {
    ...{ rule: 'Z5', finds: 'server: compact pages' },
    serving: {
      async *syncTree(request, honest) {
        const tree = idFromBytes(request.tree)
        for await (const message of honest(request)) {
          const { part } = message
          if (part.case === 'page' && request.compact) {
            const ids = part.value.entries.map(idOf).reverse()
            part.value.compact = writeCompactPage(tree, part.value.entries, ids)
            part.value.entries = []
          }
          yield message
        }
      },
    },
  },
  'states its digest before the page': {
    ...{ rule: 'S5', finds: 'server: sending: a page, twice' },
    serving: {
      async sendEntries(request, honest) {
        const before = await honest({ ...request, entries: [] })
        return { ...(await honest(request)), tipsDigest: before.tipsDigest }
      },
    },
  },
  'proves another nonce': {
    ...{ rule: 'H1', finds: 'server: handshake' },
    serving: {
      handshake(answer) {
        answer.nonce[0]! ^= 1
      },
    },
  },
  'signs for any channel': {
    rule: 'H2',
    finds: 'server: handshake: the binding insecure, over loopback',
    serving: {},
  },
  'shows closed trees to everybody': { rule: 'I17', finds: 'access: a caller without a proof', serving: {} },
  'checks no token': { rule: 'I15', finds: 'access: a token that is none', serving: {} },
  'begins a watch with the state': {
    ...{ rule: 'W1', finds: 'server: watch: the present state' },
    serving: { watch: (message) => message.tree.length > 0 },
  },
  'watches without a count': {
    ...{ rule: 'W2', finds: 'server: watch: the present state' },
    serving: {
      watch(message) {
        message.count = 0n
        return true
      },
    },
  },
}

const request = (
  rule: string,
  finds: string,
  change: (asked: SyncTreeRequest) => SyncTreeRequest,
): Mutation => ({
  ...{ rule, finds: `asker: ${finds}` },
  asking: { syncTree: (asked, honest) => honest(change(asked)) },
})

export const asking: Readonly<Record<string, Mutation>> = {
  'names one tip': request('S7', 'the first request: many tips', (asked) => ({
    ...asked,
    tips: asked.tips.slice(0, 1),
  })),
  'states no digest': request('E10', 'the first request: a short chain', (asked) => ({
    ...asked,
    tipsDigest: new Uint8Array(32),
  })),
  'states no count': request('S2', 'the first request: a short chain', (asked) => ({ ...asked, count: 1n })),
  'has no sketch': request('S8', 'the first request: a short chain', (asked) => without(asked, 'sketch')),
  'has half of the cells': request('S8', 'the first request: a short chain', (asked) => ({
    ...asked,
    sketch: { ...asked.sketch!, cells: asked.sketch!.cells.slice(0, 840) },
  })),
  'leaves out a height': request('S11', 'the first request: a long chain', (asked) => ({
    ...asked,
    haves: asked.haves.slice(8),
  })),
  'names heights from the root up': request('S13', 'the first request: a long chain', (asked) => ({
    ...asked,
    haves: hexToBytes((bytesToHex(asked.haves).match(/.{16}/g) ?? []).reverse().join('')),
  })),
  'always names the whole ids it lacks, and others': request('K7', 'the cells of the server', (asked) => ({
    ...asked,
    want:
      asked.want.length + asked.wantShort.length > 0
        ? new Uint8Array([...asked.want, ...asked.tree.subarray(0, 16)])
        : asked.want,
  })),
  'forgets that its chunks are all': request('G3', 'a server that asks for ranges', (asked) => {
    if (asked.range !== undefined) asked.range.complete = false
    return asked
  }),
  'takes other fingerprints': request('G2', 'a server that asks for ranges', (asked) => {
    for (const chunk of asked.range?.chunks ?? []) chunk.fingerprint = chunk.fingerprint.toReversed()
    return asked
  }),
  'asks for cells of nothing': request('S16', 'cells that cannot be peeled', (asked) => {
    if ((asked.sketch?.from ?? 0) > 0) asked.sketch!.state = new Uint8Array(32)
    return asked
  }),
  'sends children first': {
    ...{ rule: 'S4', finds: 'asker: the server has nothing to give' },
    asking: { sendEntries: (page, honest) => honest({ ...page, entries: page.entries.toReversed() }) },
  },
}

function without(asked: SyncTreeRequest, field: 'sketch'): SyncTreeRequest {
  const rest = { ...asked }
  delete rest[field]
  return rest
}

function joinedPages(): Tricks {
  return {
    async *syncTree(asked, honest) {
      let whole: SyncTreeResponse | undefined
      for await (const message of honest(asked)) {
        if (message.part.case !== 'page') yield message
        else if (whole === undefined) whole = message
        else if (whole.part.case === 'page') whole.part.value.entries.push(...message.part.value.entries)
      }
      if (whole !== undefined) yield whole
    },
  }
}
