/** Levels `entries` and `reader`: the text forms of ids and keys, and tickets, as they are read, printed and refused. */
import { type Case, expectSame, type Level, type Stage } from '../case.ts'
import type { Answer } from '../program.ts'
import { plainText, readVectors, type TextVectors, type TicketVectors } from '../vectors.ts'

export function textCases(): Case[] {
  const { ids, refusedIds, refusedPeers } = readVectors<TextVectors>('texts')
  const { tickets, refused } = readVectors<TicketVectors>('tickets')
  return [
    {
      ...{ name: 'entries: text forms of ids', level: 'entries', rules: ['E15'] },
      async run({ program }) {
        for (const { id, text } of ids) {
          expectSame('E15', `the text form of ${id}`, text, (await program.expect('text', { id })).text)
          expectSame('E15', `the id of ${text}`, id, (await program.expect('id', { text })).id)
        }
      },
    },
    refusals('entries: texts that are no id', 'entries', 'E15', 'id', refusedIds),
    refusals('entries: texts that are no PeerId', 'entries', 'E15', 'peer', refusedPeers),
    ...tickets.map(ticketCase),
    ...refused.map(refusedTicket),
  ]
}

type RefusedVector = TextVectors['refusedIds'][number]

/** The code of an answer: that of its error, or none. */
const codeOf = ({ error }: Answer) => error?.code ?? 'no error'

/** The program refuses each of these texts. */
function refusals(
  name: string,
  level: Level,
  rule: string,
  action: string,
  texts: readonly RefusedVector[],
): Case {
  return {
    ...{ name, level, rules: [rule] },
    async run({ program }: Stage) {
      for (const { name: fault, text } of texts) {
        const answer = await program.ask(action, { text })
        expectSame(rule, `the code for ${fault}: ${JSON.stringify(text)}`, 'INVALID_ARGUMENT', codeOf(answer))
      }
    },
  }
}

/** Which rule a ticket shows, by its name. */
const ruleOfTicket: readonly (readonly [RegExp, string])[] = [
  [/newer version/, 'F4'],
  [/escap|percent|UTF-8|ASCII|what is kept/, 'F3'],
  [/issuer after|peer without|no address|before the second/, 'F2'],
  [/characters/, 'F6'],
]
const ruleOf = (name: string) => ruleOfTicket.find(([words]) => words.test(name))?.[1] ?? 'F1'

function ticketCase({ name, text, printed, ticket }: TicketVectors['tickets'][number]): Case {
  const rule = ruleOf(name)
  const wanted = {
    ...ticket,
    peers: ticket.peers.map(({ peer, addresses }) => ({ peer, addresses: addresses.map(plainText) })),
  }
  return {
    ...{ name: `reader: ticket: ${name}`, level: 'reader', rules: [...new Set([rule, 'F1', 'F5'])] },
    async run({ program }) {
      const { tree, peers, invitation = null } = await program.ask('ticket', { text: plainText(text) })
      const shown = { tree: wanted.tree, peers: wanted.peers, invitation: wanted.invitation }
      expectSame(rule, `what ${plainText(text).slice(0, 400)} says`, shown, { tree, peers, invitation })
      const answer = await program.expect('print-ticket', { ticket: wanted })
      expectSame('F5', 'the ticket as it is printed', plainText(printed), answer.text)
    },
  }
}

function refusedTicket({ name, text }: TicketVectors['refused'][number]): Case {
  const rule = ruleOf(name)
  return {
    ...{ name: `reader: no ticket: ${name}`, level: 'reader', rules: [...new Set([rule, 'F1'])] },
    async run({ program }) {
      const written = plainText(text)
      const answer = await program.ask('ticket', { text: written })
      expectSame(
        rule,
        `the code for ${JSON.stringify(written.slice(0, 400))}`,
        'INVALID_ARGUMENT',
        codeOf(answer),
      )
    },
  }
}
