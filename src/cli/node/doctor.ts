/** `causeway doctor`: what is wrong with a node, and what to do about it. It works while no node runs too. */

import type { Command } from 'commander'
import { FindingSeverity } from '../../../gen/causeway/v1/node_pb.ts'
import { notice, problem } from '../../node/doctor/findings.ts'
import { portFindings } from '../../node/doctor/ports.ts'
import type { Finding } from '../../rpc/services/doctor-service.ts'
import { type Clients, type CommonOptions, openClients } from '../context.ts'
import { dataFolder } from '../default-folder.ts'
import { examples } from '../help.ts'
import { asCausewayError, plainText, print } from '../output.ts'
import { io } from '../streams.ts'

const severities: Readonly<Record<number, Finding['severity']>> = {
  [FindingSeverity.FINE]: 'fine',
  [FindingSeverity.NOTICE]: 'notice',
  [FindingSeverity.PROBLEM]: 'problem',
}
/** What can be said of a node that does not run. */
const atRest: ReadonlySet<string> = new Set(['disk', 'store'])
const marks = { fine: 'ok     ', notice: 'note   ', problem: 'PROBLEM' } as const

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('say what is wrong with this node, and what to do about it')
    .addHelpText(
      'after',
      `
Looks at the ports, the relay, the addresses and the NAT of the running node, at
its links, at its clock against those of peers, and at its certificate, disk and
store. If no node runs, it looks at the folder, and at the ports that the next
start takes.

A line begins with ok, note or PROBLEM, and the line below says what to do. Only
a PROBLEM counts as wrong.

Exit codes: 0 nothing is wrong, 1 something is.`,
    )
    .addHelpText('after', examples('causeway doctor', 'causeway doctor --json'))
    .action(async (options: CommonOptions) => {
      const findings = await examine(options)
      const healthy = findings.every(({ severity }) => severity !== 'problem')
      print(options, { healthy, findings }, findings.map(findingText).join('\n'))
      if (!healthy) io().exitCode = 1
    })
}

/** Returns what a node finds about itself, or what can be said without one. */
async function examine(options: CommonOptions): Promise<Finding[]> {
  const folder = dataFolder(options)
  try {
    await using clients = await openClients(options)
    const findings = await findingsOf(clients)
    if (clients.running) return findings
    const none = notice(
      'listening',
      `No node runs on ${folder}: nobody can call it.`,
      'Run `causeway serve`.',
    )
    const rest = findings.filter(({ topic }) => atRest.has(topic))
    return [none, ...(await portFindings(folder)), ...rest]
  } catch (error) {
    const { message, code } = asCausewayError(error)
    return [problem('folder', `${message} (${code})`, '')]
  }
}

/** Asks a node what it finds about itself. */
export async function findingsOf(clients: Clients): Promise<Finding[]> {
  const { findings } = await clients.node.diagnose({})
  return findings.map(({ topic, severity, message, advice }) => ({
    ...{ topic, message, advice },
    severity: severities[severity] ?? 'notice',
  }))
}

function findingText({ severity, topic, message, advice }: Finding): string {
  const line = `${marks[severity]}  ${topic.padEnd(11)}  ${plainText(message, 1_000)}`
  return advice === '' ? line : `${line}\n${' '.repeat(22)}${plainText(advice, 1_000)}`
}
