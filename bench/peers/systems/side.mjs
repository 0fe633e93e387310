/**
 * One side of one system, in its own process, controlled by its parent over IPC. `SYSTEM.mjs` beside it has what differs:
 * `open(folder, role)` returns `info` for the other side, and `meet`, `fill`, `serve`, `connect`, `disconnect`, `add`,
 * `count` and `onEntry`.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

export const payloadBytes = 300
const stampBytes = 16

/** Returns 300 bytes of text that cannot be compressed much, as ids and hashes in a payload cannot. */
export function payload() {
  return Buffer.from(randomBytes(payloadBytes).toString('base64').slice(0, payloadBytes))
}

/** The wall clock in microseconds, which both processes of a machine share. */
const now = () => Math.round((performance.timeOrigin + performance.now()) * 1000)

let side
let ages = []

const commands = {
  async open({ system, folder, role }) {
    const { open } = await import(`./${system}.mjs`)
    side = await open(folder, role)
    side.onEntry?.((bytes) => {
      const stamp = Number(Buffer.from(bytes).subarray(0, stampBytes).toString())
      if (Number.isFinite(stamp)) ages.push((now() - stamp) / 1000)
    })
    return side.info
  },
  meet: (info) => side.meet?.(info),
  fill: ({ count }) => side.fill(count),
  serve: () => side.serve(),
  connect: (address) => side.connect(address),
  /** Stays connected, so that what is added there comes at once. */
  follow: (address) => (side.follow ?? side.connect)(address),
  disconnect: () => side.disconnect(),
  async add({ count }) {
    for (let index = 0; index < count; index++) await side.add(payload())
  },

  /** Waits until the other side's entries are here too. */
  async until({ total }) {
    while ((await side.count()) < total) await pause(1)
  },

  /** Adds entries at an even pace, each with the time at which it was made. */
  async paced({ count, perSecond }) {
    const startedMs = performance.now()
    const adding = []
    for (let index = 0; index < count; index++) {
      const waitMs = startedMs + (index * 1000) / perSecond - performance.now()
      if (waitMs > 0) await pause(waitMs)
      const bytes = payload()
      bytes.write(String(now()).padStart(stampBytes, '0'), 0, 'latin1')
      adding.push(side.add(bytes))
    }
    await Promise.all(adding)
  },

  hear() {
    ages = []
  },

  /** Waits for so many entries, and returns how old they were when they came. */
  async heard({ count }) {
    while (ages.length < count) await pause(1)
    const sorted = ages.slice().sort((a, b) => a - b)
    return { p50Ms: sorted[sorted.length >> 1], p99Ms: sorted[Math.floor(sorted.length * 0.99)] }
  },

  /** Returns the most memory that the process has held, in megabytes. */
  memory() {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024
  },
}

process.on('message', async ({ name, options }) => {
  try {
    process.send({ result: await commands[name](options) })
  } catch (error) {
    process.send({ error: error.stack ?? String(error) })
  }
})
process.on('disconnect', () => process.exit())
