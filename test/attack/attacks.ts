/** All attacks by name, with what bounds them. `npm run attack` and attack.test.ts run each of them. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Attack } from './attacker.ts'
import { entryFloods } from './entry-floods.ts'
import { frameFloods } from './frame-floods.ts'
import { httpFloods } from './http-floods.ts'
import { quicFloods } from './quic-floods.ts'
import { textFloods } from './text-floods.ts'

/** What the others wait for without an attack, to compare with. */
const peace: Attack = {
  name: 'no attack',
  bound: '',
  cut: false,
  run: (attacker) => sleep(attacker.leftMs),
}

export const attacks: readonly Attack[] = [
  peace,
  ...frameFloods,
  ...httpFloods,
  ...quicFloods,
  ...entryFloods,
  ...textFloods,
]
