/**
 * Refuses a lock file that does not pin every package by its hash, or that names where packages come from: npm checks a
 * package only against an `integrity`, and a `resolved` host sends every machine to one registry. Renew the lock without
 * node_modules (`npm install --package-lock-only`); with it, npm leaves out the hashes of packages for other platforms.
 */
import { readFileSync } from 'node:fs'

/**
 * Builds of iroh that its manifest names and the registry does not have, so that there is no hash to note. `npm ci` wants
 * them in the lock all the same. They are optional, and only the owner of the scope can publish them.
 */
const unpublished = new Set(
  [
    ...['android-arm-eabi', 'android-arm64', 'linux-arm-gnueabihf', 'linux-arm-musleabihf'],
    ...['linux-arm64-gnu', 'linux-arm64-musl', 'win32-arm64-msvc', 'win32-x64-msvc'],
  ].map((platform) => `node_modules/@number0/iroh-${platform}`),
)

const [path = 'package-lock.json'] = process.argv.slice(2)
const { lockfileVersion, packages, dependencies } = JSON.parse(readFileSync(path, 'utf8'))
const own = new Set(Object.keys(packages).filter((name) => !name.includes('node_modules')))
const faults = []
if (lockfileVersion !== 3 || dependencies !== undefined)
  faults.push('the lock file must have version 3, whose only list is "packages"')
for (const [name, { integrity, resolved, optional, link }] of Object.entries(packages)) {
  // The project's own packages, and the links to them, come from no registry.
  if (!name.startsWith('node_modules/') || (link === true && own.has(resolved))) continue
  if (resolved !== undefined)
    faults.push(`${name} is resolved to ${resolved}; .npmrc keeps registries out of the lock`)
  if (unpublished.has(name) && integrity === undefined && optional === true) continue
  if (!/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ''))
    faults.push(`${name} has no SHA-512 integrity, got ${integrity}`)
}
for (const fault of faults) console.error(`${path}: ${fault}`)
process.exitCode = faults.length > 0 ? 1 : 0
