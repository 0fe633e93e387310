/** Tokens that the kit's keys sign, and a tree that only those read whom its policy names. */
import { Permission, PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { toBase64Url, utf8 } from '../../dag/bytes.ts'
import type { VerifiedEntry } from '../../dag/entry.ts'
import { type Calling, call } from './calls.ts'
import type { Serving } from './serving.ts'
import { Grown, granting, kitKey } from './trees/trees.ts'

/** The numbers of the keys that the closed tree names, and of one that it does not name. */
export const [reader, writer, stranger] = [1, 2, 8] as const

/** A tree that only those read whom its policy names. */
export function closedTree(): readonly VerifiedEntry[] {
  const tree = new Grown('closed', PublicAccess.NONE)
  const first = tree.add([tree.root], { changes: granting(Permission.READ, reader) })
  const second = tree.add([first], { changes: granting(Permission.WRITE, writer) })
  tree.chain(second, 3, { key: writer })
  return tree.entries
}

export const seconds = (ahead: number) => Math.floor(Date.now() / 1000) + ahead
let used = 0

/** Returns a token of a key, with these claims in place of the usual ones; undefined takes one out. */
export function tokenOf(
  key: number,
  { peer }: Serving,
  claims: Readonly<Record<string, unknown>> = {},
): string {
  used++
  const usual = {
    iss: kitKey(key).peer,
    aud: peer,
    exp: seconds(60),
    jti: `kit ${process.pid} ${used}`,
    binding: '',
  }
  const encoded = (part: object) => toBase64Url(utf8(JSON.stringify(part)))
  const text = `${encoded({ alg: 'EdDSA', typ: 'JWT' })}.${encoded({ ...usual, ...claims })}`
  return `${text}.${toBase64Url(kitKey(key).sign('', utf8(text)))}`
}

export const withToken = (serving: Serving, token: string): Promise<Calling> =>
  call(serving, { headers: { authorization: `Bearer ${token}` } })

/** Calls as the key with this number. */
export const callAs = (serving: Serving, key: number): Promise<Calling> =>
  withToken(serving, tokenOf(key, serving))
