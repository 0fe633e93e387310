/** Runs one attack in a process of its own: its argument is an `Order` in JSON, and it sends its report. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Attacker, type Target } from './attacker.ts'
import { attacks } from './attacks.ts'

export interface Order {
  readonly name: string
  readonly seconds: number
  readonly target: Target
}

const { name, seconds, target } = JSON.parse(process.argv[2]!) as Order
const attack = attacks.find((each) => each.name === name)!
const attacker = new Attacker(target, seconds, attack.cut)
/** Does not wait for what is stuck. */
async function untilOver(): Promise<void> {
  while (!attacker.over) await sleep(100)
  await sleep(500)
}
await Promise.race([attack.run(attacker), untilOver()])
process.send!(attacker.report(), () => process.exit())
