/** A tree with many members, as whole nodes in virtual time. SIM_MEMBERS sets their number, SIM_SEED the seed. */
import { test } from 'node:test'
import { simulateMembers } from './members-run.ts'

const size = Number(process.env.SIM_MEMBERS ?? 48)
const seed = Number(process.env.SIM_SEED ?? 1)

test(`${size} members keep few links, get entries in few steps and copies, and heal`, async (context) => {
  for (const line of await simulateMembers(size, seed)) context.diagnostic(line)
})
