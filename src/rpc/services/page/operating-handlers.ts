/** NodeService's calls that show how the node is run: its settings, what it measures, and who takes how much of a tree. */
import type { ServiceImpl } from '@connectrpc/connect'
import type { NodeService } from '../../../../gen/causeway/v1/node_pb.ts'
import { CausewayError } from '../../../base/errors.ts'
import { limits } from '../../../base/limits.ts'
import { bytesToHex, hexToBytes } from '../../../dag/hex.ts'
import type { TreeId } from '../../../dag/id.ts'
import type { AuthorUse } from '../../../store/quota.ts'
import { readId } from '../../convert.ts'
import { pageSize, readToken, writeToken } from '../paging.ts'

/** A setting as a person reads it, without what is secret. */
export interface ShownSetting {
  readonly name: string
  /** Null if it has none. */
  readonly value: string | null
  readonly source: string
}

export interface OperatingParts {
  /** Absent if the program that runs the node does not tell them. */
  readonly settings?: (() => readonly ShownSetting[]) | undefined
  /** Returns what the node measures, in the text format of Prometheus. */
  metrics(): Promise<string>
  /** Returns who takes how much of a tree. Throws UNKNOWN_TREE. */
  readonly quota: { usesOf(tree: TreeId): Promise<AuthorUse[]> }
}

export function createOperatingHandlers({
  settings,
  metrics,
  quota,
}: OperatingParts): Pick<
  ServiceImpl<typeof NodeService>,
  'getSettings' | 'getMetrics' | 'listAuthorStorage'
> {
  return {
    getSettings: () => ({
      settings: (settings?.() ?? []).map(({ value, ...rest }) => ({ ...rest, value: value ?? '' })),
    }),

    async getMetrics({ names }) {
      if (names.length > limits.metricNames)
        throw new CausewayError(
          'LIMIT_EXCEEDED',
          `\`names\` can have at most ${limits.metricNames} names, got ${names.length}.`,
        )
      const wanted = names.length === 0 ? undefined : new Set(names)
      return { samples: readSamples(await metrics(), wanted).slice(0, limits.metricSamples) }
    },

    async listAuthorStorage(request) {
      const size = pageSize(request.pageSize)
      const uses = await quota.usesOf(readId(request.tree, 'tree'))
      const keyed = uses.map((use) => ({ use, key: keyOf(use) })).sort((a, b) => (a.key > b.key ? -1 : 1))
      const before = request.pageToken && bytesToHex(readToken(request.pageToken, keyBytes))
      const rest = before === '' ? keyed : keyed.filter(({ key }) => key < before)
      const page = rest.slice(0, size)
      return {
        authors: page.map(({ use }) => ({
          peer: hexToBytes(use.peer ?? ''),
          entryBytes: BigInt(use.entryBytes),
          chunkBytes: BigInt(use.chunkBytes),
          maxBytes: BigInt(use.maxBytes),
          shared: use.shared,
        })),
        nextPageToken: rest.length > size ? writeToken(hexToBytes(page.at(-1)!.key)) : '',
      }
    },
  }
}

/** Bytes of a page token: how much an author takes, which kind of account it has, and its PeerId. */
const keyBytes = 41
const kinds = { '': '00', strangers: '01', others: '02' } as const
const nobody = '0'.repeat(64)

/** Returns the key of an account in the order of the list, in hex. */
function keyOf({ peer, shared, entryBytes, chunkBytes }: AuthorUse): string {
  const bytes = (entryBytes + chunkBytes).toString(16).padStart(16, '0')
  return bytes + kinds[shared] + (peer ?? nobody)
}

/** Reads samples from the text format of Prometheus, as this node writes it. */
function readSamples(text: string, wanted: ReadonlySet<string> | undefined) {
  const samples: { name: string; labels: Record<string, string>; value: number }[] = []
  for (const line of text.split('\n')) {
    const match = /^([a-z_][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line)
    if (match === null) continue
    const [, name, labelled = '', value] = match
    if (wanted !== undefined && !wanted.has(name!)) continue
    const labels: Record<string, string> = {}
    for (const [, key, of] of labelled.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) labels[key!] = of!
    samples.push({ name: name!, labels, value: Number(value!.replace('Inf', 'Infinity')) })
  }
  return samples
}
