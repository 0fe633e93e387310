/**
 * `npm run damage`: damages a small node DAMAGE_RUNS times (default 200) for each kind of file and record, from
 * DAMAGE_SEED on, in DAMAGE_JOBS processes, or only kinds whose name contains DAMAGE_ONLY. It prints each failure in full,
 * and then exits with 1.
 */
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { type Question, runAll } from './processes.ts'
import { makeMaster, type Outcome, runDamage } from './run.ts'

if (process.send === undefined) await main()
else {
  const master = await makeMaster()
  process.on('message', async (question: Question) => {
    const answer = await runDamage(
      ...([master.path, question.kind, question.seed, question.repairFirst] as const),
    ).catch((error: Error) => ({
      error: error.message,
    }))
    process.send!(answer)
  })
  process.once('disconnect', () => void master[Symbol.asyncDispose]())
}

async function main(): Promise<void> {
  const runs = Number(process.env.DAMAGE_RUNS ?? 200)
  const counts = new Map<string, Partial<Record<Outcome | 'failed', number>>>()
  const errors = await runAll({
    script: fileURLToPath(import.meta.url),
    runs,
    firstSeed: Number(process.env.DAMAGE_SEED ?? 1),
    jobs: Number(process.env.DAMAGE_JOBS ?? availableParallelism()),
    only: process.env.DAMAGE_ONLY,
    onAnswer({ kind }, answer) {
      const count = counts.get(kind) ?? {}
      counts.set(kind, count)
      const outcome = 'error' in answer ? 'failed' : answer.outcome
      count[outcome] = (count[outcome] ?? 0) + 1
      if ('error' in answer) console.error(answer.error)
    },
  })
  console.log(
    'right: opened and verified; said: the node says what is damaged; verified: only verify finds it',
  )
  for (const [kind, count] of counts) console.log(kind.padEnd(14), JSON.stringify(count))
  console.log(`${runs} damages of each kind, ${errors.length} failures`)
  process.exitCode = errors.length === 0 ? 0 : 1
}
