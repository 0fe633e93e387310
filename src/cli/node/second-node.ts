/** A folder has one node: a second one that is started over it is told of the first. */
import { CausewayError } from '../../base/errors.ts'
import { holderOf } from '../../node/holder.ts'
import { dialLocal } from '../../transport/local.ts'

/** Throws STORE_LOCKED if a node listens on the folder already. */
export async function refuseSecondNode(data: string): Promise<undefined> {
  const channel = await dialLocal(data)
  if (channel === undefined) return undefined
  channel.stream.destroy()
  const pid = holderOf(data)
  const process = pid === undefined ? '' : ` (process ${pid})`
  throw new CausewayError(
    'STORE_LOCKED',
    `A node already serves ${data}${process}; commands go through it. For another node, name another folder with --data.`,
    { data: { folder: data, ...(pid !== undefined && { pid }) } },
  )
}
