/**
 * Refuses a package that has grown past its bound: what everybody downloads who installs it, and what it then takes on
 * the disk. A bound leaves room for a year of ordinary growth, not for a library or a data file that slips in.
 */
import { execFileSync } from 'node:child_process'

const [folder, mostPacked, mostUnpacked] = process.argv.slice(2)
const [command, ...args] = ['npm', 'pack', '--dry-run', '--json', '--ignore-scripts']
const [pack] = JSON.parse(
  execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
)
const faults = [
  ['packed', pack.size, Number(mostPacked)],
  ['unpacked', pack.unpackedSize, Number(mostUnpacked)],
].filter(([, size, most]) => !(size <= most))
for (const [what, size, most] of faults)
  console.error(`${pack.name}: has at most ${most} bytes ${what}, got ${size}`)
process.exitCode = faults.length > 0 ? 1 : 0
