/**
 * `npm run attack` runs every attack, or those whose name contains ATTACK_ONLY, for ATTACK_SIZE seconds each (default
 * 10), and prints what each cost the attacker and the node, and how long others waited. `small` is half a second.
 */
import { attacks } from './attacks.ts'
import { AttackLab, type Waits } from './lab.ts'

const size = process.env.ATTACK_SIZE ?? '10'
const seconds = size === 'small' ? 0.5 : Number(size)
const only = process.env.ATTACK_ONLY ?? ''

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
const percentile = ({ ms }: Waits, share: number) =>
  ms.length === 0 ? Number.NaN : ms[Math.min(ms.length - 1, Math.floor(ms.length * share))]!
const waits = (all: Waits) =>
  `${percentile(all, 0.5).toFixed(0)} / ${percentile(all, 0.95).toFixed(0)} / ${percentile(all, 1).toFixed(0)}${all.errors.length > 0 ? ` (${all.errors.length} failed)` : ''}`

const widths = [40, 11, 11, 9, 8, 12, 9, 10, 22, 22, 22]
const line = (cells: readonly (string | number)[]) =>
  console.log(cells.map((cell, at) => String(cell)[at === 0 ? 'padEnd' : 'padStart'](widths[at]!)).join(''))

console.log(`${seconds} s each; waits are p50 / p95 / longest in ms`)
line([
  ...['attack', 'made', 'sent', 'cpu', 'cuts', 'connections', 'node cpu', 'node grew'],
  ...['/healthz', 'operator', 'honest sync'],
])
await using lab = await AttackLab.open()
for (const each of attacks.filter(({ name }) => name.includes(only))) {
  const { attack, health, operator, sync, cpuSeconds, grownBytes } = await lab.run(each, seconds)
  line([
    ...[each.name, attack.made, megabytes(attack.bytesSent), `${attack.cpuSeconds.toFixed(1)} s`],
    ...[attack.cuts, attack.connections, `${cpuSeconds.toFixed(1)} s`, megabytes(grownBytes)],
    ...[health, operator, sync].map(waits),
  ])
  for (const error of new Set([health, operator, sync].flatMap(({ errors }) => errors)))
    console.log(`  ${error}`)
  if (each.cut && attack.cuts === 0) console.log('  It was never cut.')
}
