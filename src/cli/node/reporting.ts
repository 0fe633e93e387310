/** What `serve` says on stdout: lines for people, or with --json a document for each event. */
import { formatId } from '../../dag/id.ts'
import type { Node } from '../../node/node.ts'
import { plainText, quantity } from '../output.ts'
import { permissionName } from '../permission.ts'
import { io } from '../streams.ts'

/** Whether for programs. */
interface Shown {
  readonly json?: boolean
}

/** Reports what happens at the node from now on. */
export function reportEvents(options: Shown, node: Node): void {
  node.on('entries', (tree, added) =>
    report(options, { event: 'entries', tree: formatId(tree), added: added.length }, [
      `${quantity(added.length, 'new entry', 'new entries')} in ${formatId(tree)}`,
    ]),
  )
  node.on('request', ({ id, peer, permission, tree }) => {
    const document = { id, peer, permission: permissionName(permission), tree: formatId(tree) }
    report(options, { event: 'request', ...document }, [
      `${peer} requests ${document.permission} access to ${document.tree}; run \`causeway approve ${id}\` to grant it`,
    ])
  })
  node.on('offer', ({ tree, peer, name }) =>
    report(options, { event: 'offer', tree: formatId(tree), peer, name }, [
      `${peer} offers ${formatId(tree)} “${plainText(name)}”; run \`causeway accept\` to take it`,
    ]),
  )
  node.on('join', ({ tree, peer, status, request, reason }) =>
    report(options, { event: 'join', tree: formatId(tree), peer, status, request, reason }, [
      `Joining ${formatId(tree)}: ${status}${reason && ` (${plainText(reason)})`}`,
    ]),
  )
}

export function report(options: Shown, event: object, lines: string[]): void {
  io().stdout.write(`${options.json ? JSON.stringify(event) : lines.join('\n')}\n`)
}
