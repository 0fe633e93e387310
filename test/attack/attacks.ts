/** All attacks by name, with what bounds them. `npm run attack` and attack.test.ts run each of them. */
import type { Attack } from './attacker.ts'
import { entryFloods } from './entry-floods.ts'
import { frameFloods } from './frame-floods.ts'
import { httpFloods } from './http-floods.ts'
import { quicFloods } from './quic-floods.ts'

export const attacks: readonly Attack[] = [...frameFloods, ...httpFloods, ...quicFloods, ...entryFloods]
