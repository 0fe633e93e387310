/**
 * Tickets: they survive formatting and parsing, whatever an address contains, and every invalid one has a clear error.
 */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { CausewayError } from '../../src/base/errors.ts'
import { limits } from '../../src/base/limits.ts'
import { formatId, type TreeId } from '../../src/dag/id.ts'
import { formatTicket, isTicket, parseTicket } from '../../src/peer/ticket.ts'
import { testIdentity } from '../kit/entries.ts'

const tree = 'ab'.repeat(32) as TreeId
const { peer } = testIdentity(3)
const invitation = '0f'.repeat(32)
const refused = (text: string, message: RegExp) =>
  assert.throws(
    () => parseTicket(text),
    (error: CausewayError) => {
      assert.equal(error.code, 'INVALID_ARGUMENT', text)
      assert.match(error.message, message)
      return true
    },
  )

describe('A ticket', () => {
  it('parses as it was formatted, for every address', () => {
    const address = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(
        fc.array(address, { minLength: 1, maxLength: 16 }),
        fc.boolean(),
        fc.boolean(),
        (addresses, named, invites) => {
          const ticket = { tree, addresses, ...(named && { peer }), ...(invites && { invitation }) }
          const text = formatTicket(ticket)
          if (text.length > limits.ticketBytes) return
          assert.ok(isTicket(text))
          assert.deepEqual(parseTicket(text), ticket)
        },
      ),
    )
  })

  it('is legible', () => {
    const text = formatTicket({ tree, peer, addresses: ['http://127.0.0.1:80', 'iroh:endpointabc'] })
    assert.equal(text, `causeway:?db=${formatId(tree)}&by=${peer}&pr=http://127.0.0.1:80&pr=iroh:endpointabc`)
  })

  it('names several peers, each with its addresses', () => {
    const others = [1, 2].map((n) => ({
      peer: testIdentity(n).peer,
      addresses: [`http://h:${n}`, `iroh:e${n}`],
    }))
    const ticket = { tree, peer, addresses: ['http://127.0.0.1:80'], others }
    assert.deepEqual(parseTicket(formatTicket(ticket)), ticket)
  })

  it('ignores what newer versions add', () => {
    const parsed = parseTicket(`causeway:?new=1&db=${formatId(tree)}&pr=http://a:1&x`)
    assert.deepEqual(parsed, { tree, addresses: ['http://a:1'] })
  })

  it('is refused with a reason', () => {
    const db = `db=${formatId(tree)}`
    refused('http://a:1', /begins with/)
    refused('causeway:', /begins with/)
    refused('causeway:?', /exactly one tree/)
    refused(`causeway:?${db}&${db}&pr=a`, /exactly one tree/)
    refused(`causeway:?${db}`, /at least one address/)
    refused(`causeway:?${db}&pr=a&by=${peer}&by=${peer}`, /each peer once/)
    const named = (count: number) =>
      Array.from({ length: count }, (_, index) => `by=${testIdentity(index).peer}&pr=a`).join('&')
    parseTicket(`causeway:?${db}&${named(limits.gatherSources)}`)
    refused(`causeway:?${db}&${named(limits.gatherSources + 1)}`, /at most 8 peers/)
    refused(`causeway:?${db}&${named(2)}&by=${peer}`, /at least one address a peer/)
    refused('causeway:?db=nonsense&pr=a', /./)
    refused(`causeway:?${db}&pr=a&by=12`, /./)
    refused(`causeway:?${db}&pr=a&in=${invitation}&in=${invitation}`, /at most one invitation/)
    for (const wrong of ['', '0f', invitation.toUpperCase(), `${invitation}0f`])
      refused(`causeway:?${db}&pr=a&in=${wrong}`, /64 hex digits/)
    const addresses = Array.from({ length: limits.ticketAddresses }, (_, n) => `http://a:${n + 1}`)
    const full = formatTicket({ tree, addresses })
    assert.equal(parseTicket(full).addresses.length, limits.ticketAddresses)
    refused(`${full}&pr=one-more`, /at most 16 addresses/)
    refused(`causeway:?${db}&pr=${'a'.repeat(limits.ticketBytes)}`, /at most 32768 characters/)
  })
})
