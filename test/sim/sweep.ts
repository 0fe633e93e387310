/**
 * Many simulated runs without the test runner, whose hooks on every promise cost half the time: `SIM_RUNS=5000 npm run
 * sim`, from SIM_SEED on, with SIM_FAULTS faults each, in SIM_JOBS processes. After a failure it goes on; it prints
 * each one in full and exits with 1.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { verifyOnTheSpot } from './cluster.ts'
import { type RunResult, simulate } from './run.ts'

type Answer = RunResult | { error: string }

const faults = Number(process.env.SIM_FAULTS ?? 200)

if (process.send === undefined) await sweep()
else {
  verifyOnTheSpot()
  process.on('message', async (seed: number) => {
    const answer: Answer = await simulate({ seed, nodes: 5, faults }).catch((error: Error) => ({
      error: `${error.message}\n${error.stack}`,
    }))
    process.send!(answer)
  })
}

async function sweep(): Promise<void> {
  const runs = Number(process.env.SIM_RUNS ?? 300)
  const firstSeed = Number(process.env.SIM_SEED ?? 1)
  const jobs = Math.min(runs, Number(process.env.SIM_JOBS ?? availableParallelism()))
  const begun = performance.now()
  const seconds = () => Math.round((performance.now() - begun) / 1000)
  const healed: number[] = []
  let [seed, done, entries, simulatedMs] = [firstSeed, 0, 0, 0]
  await Promise.all(
    Array.from({ length: jobs }, async () => {
      let child: ChildProcess | undefined
      while (seed < firstSeed + runs) {
        child ??= fork(fileURLToPath(import.meta.url))
        const answer = await ask(child, seed++)
        if ('error' in answer) {
          process.exitCode = 1
          console.error(answer.error)
          // It may be in any state.
          child.kill('SIGKILL')
          child = undefined
        } else {
          healed.push(answer.healedMs)
          entries += answer.entries
          simulatedMs += answer.simulatedMs
        }
        if (++done % 100 === 0) console.error(`${done} of ${runs} runs, ${seconds()} s`)
      }
      child?.disconnect()
    }),
  )
  healed.sort((a, b) => a - b)
  const at = (share: number) =>
    `${((healed[Math.min(healed.length - 1, Math.floor(healed.length * share))] ?? 0) / 1000).toFixed(1)} s`
  console.log(
    `${healed.length} of ${runs} runs converged, ${entries} entries, seeds from ${firstSeed}; healed within ${at(0.5)} (half), ${at(0.99)} (99 %), ${at(1)} (all); ${Math.round(simulatedMs / 3_600_000)} h simulated in ${seconds()} s`,
  )
}

/** Returns a run's outcome. A run that never yields is an error too, which no clock inside it could notice. */
function ask(child: ChildProcess, seed: number): Promise<Answer> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => end({ error: `SIM_SEED=${seed} did not end within 10 minutes.` }), 600_000)
    const onExit = () => end({ error: `SIM_SEED=${seed} ended its process.` })
    const end = (answer: Answer) => {
      clearTimeout(timer)
      child.off('exit', onExit)
      child.off('message', end)
      resolve(answer)
    }
    child.once('message', end)
    child.once('exit', onExit)
    child.send(seed)
  })
}
