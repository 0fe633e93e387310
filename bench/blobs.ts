/**
 * A large value goes through put, sync and get on another node, beside a copy of the file with hashing in the same run.
 * BLOB_BYTES sets its size. A value of a sixteenth goes first, so that memory that follows the size shows.
 */
import { join } from 'node:path'
import type { Bound, Case, Context, Row } from './harness.ts'
import { PeerProcess } from './process.ts'

const fullBytes = Number(process.env.BLOB_BYTES ?? 2 ** 30)
const smallBytes = 2 ** 24
/** The memory of one node beyond what it has settled at, whatever the size. */
const growthMB = 128

export const blobs: Case = {
  name: 'blobs',
  summary:
    'a value of 1 GiB (BLOB_BYTES) from one node to another (of bare: time divided by a copy with hashing)',
  onDemand: true,
  async run(context) {
    const most = context.small ? smallBytes : fullBytes
    return [...(await through(context, Math.ceil(most / 16))), ...(await through(context, most))]
  },
}

async function through({ stores, note, transport }: Context, bytes: number): Promise<Row[]> {
  const [file, copy] = [join(stores.empty(), 'file'), join(stores.empty(), 'copy')]
  await using from = new PeerProcess('blobs-from')
  await using to = new PeerProcess('blobs-to')
  await using bare = new PeerProcess('blobs-bare')
  await bare.call('blobFile', { file, bytes })
  const copied = await bare.call('blobCopy', { file, copy })
  const opened = await from.call('open', { folder: stores.empty(), transport })
  const { tree } = await from.call('createTree')
  await from.call('begin')
  const putSeconds = await from.call('blobPut', { tree, file })
  const put = await from.call('cost')
  const { peer } = await to.call('open', { folder: stores.empty(), transport })
  // A stranger is slowed down after 256 MiB.
  await from.call('know', { peer })
  await to.call('linkAddress', { tree, address: opened.address })
  await Promise.all([from.call('begin'), to.call('begin')])
  const got = await to.call('blobGet', { tree })
  const [serving, syncing] = [await from.call('cost'), await to.call('cost')]
  const again = await to.call('blobGet', { tree })
  if (got.digest !== copied.digest || again.digest !== copied.digest)
    throw new Error('The value that came is another one.')
  const mb = Math.round(bytes / 2 ** 20)
  const speed = (seconds: number) => `${(bytes / 2 ** 20 / seconds).toFixed(0)} MiB/s`
  note(
    `${mb} MiB: copy ${speed(copied.seconds)}, put ${speed(putSeconds)}, fetch ${speed(got.seconds)}, get ${speed(again.seconds)}`,
  )
  const row = (name: string, seconds: number, more: Partial<Row>): Row => ({
    ...{ name, bytes, seconds, ofBare: seconds / copied.seconds },
    ...more,
  })
  return [
    row('blob put', putSeconds, { servingGrowthMB: put.growthMB, servingAnonymousMB: put.anonymousMB }),
    row('blob fetch', got.seconds, {
      ...{ servingGrowthMB: serving.growthMB, servingAnonymousMB: serving.anonymousMB },
      ...{ syncingGrowthMB: syncing.growthMB, syncingAnonymousMB: syncing.anonymousMB },
    }),
    row('blob get, here', again.seconds, {}),
  ]
}

/** Memory that does not follow the size. */
export function blobBounds(rows: readonly Row[]): Bound[] {
  return rows
    .filter(({ name }) => name === 'blob put' || name === 'blob fetch')
    .map(({ name, bytes, servingGrowthMB = 0, syncingGrowthMB = 0 }) => {
      const measured = Math.max(servingGrowthMB, syncingGrowthMB)
      return {
        what: `${name}, ${bytes} bytes: at most ${growthMB} MB in either process`,
        measured: `${measured.toFixed(0)} MB`,
        holds: measured <= growthMB,
      }
    })
}
