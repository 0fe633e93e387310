/**
 * Writes texts.json and tickets.json: `npx tsx conformance/vectors/make-texts.ts`. Texts are put together by hand here,
 * without the code that they check, and follow from fixed bytes, so the files stay the same; a test checks that.
 */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { projectFile } from '../../test/kit/project.ts'
import type { Repeat } from './format.ts'

export const textsFile = projectFile('conformance/vectors/texts.json')
export const ticketsFile = projectFile('conformance/vectors/tickets.json')

/** A text, or pieces of it. */
export type Text = string | readonly (string | Repeat<string>)[]

export interface RefusedText {
  readonly name: string
  readonly text: Text
}

export interface TicketVector {
  readonly name: string
  readonly text: Text
  /** How the ticket is printed. */
  readonly printed: Text
  readonly ticket: {
    readonly tree: string
    readonly peers: readonly { readonly peer: string | null; readonly addresses: readonly Text[] }[]
    readonly invitation: string | null
  }
}

/** Returns a text that is written as pieces. */
export function expandText(text: Text): string {
  const pieces = typeof text === 'string' ? [text] : text
  return pieces
    .map((piece) => (typeof piece === 'string' ? piece : piece.repeat.repeat(piece.times)))
    .join('')
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** Returns base32 in lower case without padding, from a number of bits that is a multiple of 5 after zeros are added. */
function base32(hex: string, lastBits = '0'): string {
  const bits = [...hex].map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, '0')).join('')
  const padded = bits + lastBits.repeat((5 - (bits.length % 5)) % 5)
  return (padded.match(/.{5}/g) ?? []).map((five) => alphabet[Number.parseInt(five, 2)]).join('')
}

const rawSha256 = '01551220'
const idOf = (name: string) => createHash('sha256').update(`causeway text vector ${name}`).digest('hex')
const textOf = (id: string) => `b${base32(rawSha256 + id)}`

const ids = ['00'.repeat(32), 'ff'.repeat(32), `80${'00'.repeat(31)}`, idOf('a'), idOf('b')]
const [id, text] = [ids[3]!, textOf(ids[3]!)]

function refusedIds(): RefusedText[] {
  const digest512 = createHash('sha512').update('causeway text vector').digest('hex')
  return [
    ['nothing', ''],
    ['the letter of the base alone', 'b'],
    ['one letter too few', text.slice(0, -1)],
    ['one letter too many', `${text}a`],
    ['in upper case', text.toUpperCase()],
    ['in upper case after the letter of the base', `b${text.slice(1).toUpperCase()}`],
    ['the letter of another base', `z${text.slice(1)}`],
    ['without the letter of the base', text.slice(1)],
    ['in hex, with its letter', `f${rawSha256}${id}`],
    ['in hex', id],
    ['padded', `${text}======`],
    ['a space before it', ` ${text}`],
    ['a line feed after it', `${text}\n`],
    ['a digit that base32 has not', `${text.slice(0, -2)}1${text.slice(-1)}`],
    ['last bits that are not zero', `b${base32(rawSha256 + id, '1')}`],
    ['the codec dag-pb', `b${base32(`01701220${id}`)}`],
    ['the codec dag-cbor', `b${base32(`01711220${id}`)}`],
    ['version 2', `b${base32(`02551220${id}`)}`],
    ['the hash identity', `b${base32(`01550020${id}`)}`],
    ['the hash sha2-512', `b${base32(`01551340${digest512}`)}`],
    ['a hash of 31 bytes', `b${base32(`0155121f${id.slice(2)}`)}`],
    ['a version whose varint is longer than it need be', `b${base32(`8100551220${id}`)}`],
    ['version 0', 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG'],
  ].map(([name, wrong]) => ({ name: name!, text: wrong! }))
}

function refusedPeers(): RefusedText[] {
  return [
    ['nothing', ''],
    ['63 digits', id.slice(1)],
    ['65 digits', `${id}0`],
    ['in upper case', id.toUpperCase()],
    ['a letter that is no digit', `${id.slice(0, -1)}g`],
    ['0x before it', `0x${id}`],
    ['a line feed after it', `${id}\n`],
    ['the text form of an id', text],
  ].map(([name, wrong]) => ({ name: name!, text: wrong! }))
}

export function makeTextVectors(): string {
  const about = [
    'Golden vectors of the text forms of ids and PeerIds (rule E15 of docs/protocol.md), for implementations in any language.',
    'ids: id is in lowercase hex; text is its text form: "b", and the lowercase base32 without padding of the bytes 01551220 and the id.',
    'refusedIds: texts that are no id. name says what is wrong. Some are CIDs of other kinds.',
    'refusedPeers: texts that are no PeerId. The text form of a PeerId is its 64 lowercase hex digits.',
  ]
  const vectors = {
    ...{ about, ids: ids.map((each) => ({ id: each, text: textOf(each) })) },
    ...{ refusedIds: refusedIds(), refusedPeers: refusedPeers() },
  }
  return `${JSON.stringify(vectors, null, 1)}\n`
}

const [issuer, other] = ['issuer', 'other'].map(idOf) as [string, string]
const secret = idOf('secret')
const db = `db=${text}`
const address = 'http://127.0.0.1:4100'

/** Returns a vector; `printed` is given where the text is not as it is printed. */
function ticket(
  name: string,
  written: Text,
  peers: TicketVector['ticket']['peers'],
  more: { invitation?: string; printed?: Text } = {},
): TicketVector {
  const { invitation = null, printed = written } = more
  return { name, text: written, printed, ticket: { tree: id, peers, invitation } }
}

/** Peers by numbers, each with one address. */
const many = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ peer: idOf(`peer ${n}`), addresses: [`http://p${n}:1`] }))
const written = (peers: readonly { peer: string; addresses: readonly string[] }[]) =>
  peers.map(({ peer, addresses }) => `by=${peer}&pr=${addresses[0]}`).join('&')
const addressesOf = (count: number) => Array.from({ length: count }, (_, n) => `http://a:${n + 1}`)

const longest = 32_768

function tickets(): TicketVector[] {
  const one = [{ peer: null, addresses: [address] }]
  const named = [{ peer: issuer, addresses: [address] }]
  const head = `causeway:?${db}&pr=`
  return [
    ticket('by hand: an address, and no key', `causeway:?${db}&pr=${address}`, one),
    ticket('with its issuer', `causeway:?${db}&by=${issuer}&pr=${address}`, named),
    ticket('an invitation', `causeway:?${db}&by=${issuer}&in=${secret}&pr=${address}`, named, {
      invitation: secret,
    }),
    ticket('several addresses', `causeway:?${db}&by=${issuer}&pr=${address}&pr=iroh:endpoint`, [
      { peer: issuer, addresses: [address, 'iroh:endpoint'] },
    ]),
    ticket('several peers', `causeway:?${db}&by=${issuer}&pr=${address}&by=${other}&pr=https://b.example`, [
      ...named,
      { peer: other, addresses: ['https://b.example'] },
    ]),
    ticket(
      'the issuer after its addresses',
      `causeway:?pr=${address}&by=${issuer}&pr=http://b:1&by=${other}&pr=http://c:1&${db}`,
      [
        { peer: issuer, addresses: [address, 'http://b:1'] },
        { peer: other, addresses: ['http://c:1'] },
      ],
      { printed: `causeway:?${db}&by=${issuer}&pr=${address}&pr=http://b:1&by=${other}&pr=http://c:1` },
    ),
    ticket(
      'parameters of a newer version, one without a value',
      `causeway:?new=1&${db}&pr=${address}&x&&y=`,
      one,
      { printed: `causeway:?${db}&pr=${address}` },
    ),
    ticket('an address that needs escaping', `causeway:?${db}&pr=http://%5B::1%5D:80/a%20b%26c%3Dd%25`, [
      { peer: null, addresses: ['http://[::1]:80/a b&c=d%'] },
    ]),
    ticket('an address beyond ASCII', `causeway:?${db}&pr=http://%C3%BC.example/%F0%9F%8C%8A`, [
      { peer: null, addresses: ['http://ü.example/🌊'] },
    ]),
    ticket(
      "what is kept, and what is not: -._~ and !*'()+",
      `causeway:?${db}&pr=http://a/-._~%21%2A%27%28%29%2B`,
      [{ peer: null, addresses: ["http://a/-._~!*'()+"] }],
    ),
    ticket(
      'escaped in other ways: lower case, a plus, what need not be',
      `causeway:?${db}&pr=http%3a%2f%2fa/b+c%2Dd`,
      [{ peer: null, addresses: ['http://a/b c-d'] }],
      { printed: `causeway:?${db}&pr=http://a/b%20c-d` },
    ),
    ticket('8 peers', `causeway:?${db}&${written(many(8))}`, many(8)),
    ticket(
      '16 addresses',
      `causeway:?${db}&${addressesOf(16)
        .map((each) => `pr=${each}`)
        .join('&')}`,
      [{ peer: null, addresses: addressesOf(16) }],
    ),
    ticket(
      '32,768 characters',
      [head, { repeat: 'a', times: longest - head.length }],
      [{ peer: null, addresses: [[{ repeat: 'a', times: longest - head.length }]] }],
    ),
  ]
}

function refusedTickets(): RefusedText[] {
  const head = `causeway:?${db}&pr=`
  const refused: readonly (readonly [string, Text])[] = [
    ['nothing', ''],
    ['an address', address],
    ['another scheme', `causeways:?${db}&pr=${address}`],
    ['the scheme in upper case', `CAUSEWAY:?${db}&pr=${address}`],
    ['no question mark', `causeway:${db}&pr=${address}`],
    ['a space before it', ` causeway:?${db}&pr=${address}`],
    ['no parameters', 'causeway:?'],
    ['no tree', `causeway:?pr=${address}`],
    ['two trees', `causeway:?${db}&${db}&pr=${address}`],
    ['a tree that is no id', `causeway:?db=x&pr=${address}`],
    ['a tree in hex', `causeway:?db=${id}&pr=${address}`],
    ['a tree without a value', `causeway:?db&pr=${address}`],
    ['a name in upper case', `causeway:?DB=${text}&pr=${address}`],
    ['a name that is escaped', `causeway:?%64b=${text}&pr=${address}`],
    ['no address', `causeway:?${db}`],
    ['a peer without an address', `causeway:?${db}&by=${issuer}&pr=${address}&by=${other}`],
    ['an address before the second peer alone', `causeway:?${db}&by=${issuer}&by=${other}&pr=${address}`],
    ['a peer that is no PeerId', `causeway:?${db}&by=12&pr=${address}`],
    ['a peer in upper case', `causeway:?${db}&by=${issuer.toUpperCase()}&pr=${address}`],
    [
      'a peer twice',
      `causeway:?${db}&by=${issuer}&pr=${address}&by=${other}&pr=http://b&by=${issuer}&pr=http://c`,
    ],
    ['9 peers', `causeway:?${db}&${written(many(9))}`],
    [
      '17 addresses of a peer',
      `causeway:?${db}&${addressesOf(17)
        .map((each) => `pr=${each}`)
        .join('&')}`,
    ],
    ['two invitations', `causeway:?${db}&in=${secret}&in=${idOf('second')}&pr=${address}`],
    ['an invitation of one byte', `causeway:?${db}&in=00&pr=${address}`],
    ['an invitation without a value', `causeway:?${db}&in=&pr=${address}`],
    ['an invitation in upper case', `causeway:?${db}&in=${secret.toUpperCase()}&pr=${address}`],
    ['a percent sign without digits', `causeway:?${db}&pr=http://a/%`],
    ['a percent sign before other letters', `causeway:?${db}&pr=http://a/%zz`],
    ['a percent sign before one digit', `causeway:?${db}&pr=http://a/%2`],
    ['bytes that are not UTF-8', `causeway:?${db}&pr=http://a/%FF`],
    ['bytes of UTF-8 that are cut short', `causeway:?${db}&pr=http://a/%C3`],
    ['a parameter of a newer version that is escaped wrong', `causeway:?${db}&pr=${address}&new=%zz`],
    ['32,769 characters', [head, { repeat: 'a', times: longest + 1 - head.length }]],
  ]
  return refused.map(([name, wrong]) => ({ name, text: wrong }))
}

export function makeTicketVectors(): string {
  const about = [
    'Golden vectors of tickets (rules F of docs/protocol.md), for implementations in any language.',
    'tickets: text is read as ticket, and ticket is printed as printed. Where text is printed otherwise, it was not printed by an implementation.',
    'ticket: tree is an id in lowercase hex. peers: the issuer first, with peer null in tickets made by hand. invitation: 32 bytes, or null.',
    'refused: texts that are no ticket, each with what is wrong. The error has the code INVALID_ARGUMENT.',
    'Texts are texts, or lists of pieces, each a text or {"repeat": text, "times": n}.',
  ]
  return `${JSON.stringify({ about, tickets: tickets(), refused: refusedTickets() }, null, 1)}\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(textsFile, makeTextVectors())
  writeFileSync(ticketsFile, makeTicketVectors())
}
