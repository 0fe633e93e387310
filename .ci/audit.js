/**
 * Runs `npm audit` and fails if it knows of a vulnerability in a package of the lock file. Some registries, such as
 * mirrors, do not answer audits: then it prints one line and passes, since that says nothing about the packages.
 */
import { spawnSync } from 'node:child_process'

const { stdout, error } = spawnSync(
  'npm',
  ['audit', '--json', '--fetch-retries=1', '--fetch-timeout=60000'],
  {
    encoding: 'utf8',
  },
)
if (error) throw error
const report = JSON.parse(stdout)
if (report.vulnerabilities !== undefined) {
  const found = Object.values(report.vulnerabilities)
  for (const { name, severity, range, fixAvailable } of found)
    console.error(`npm audit: ${name} ${range} (${severity})${fixAvailable ? ', a fix is available' : ''}`)
  if (found.length === 0) console.log('npm audit: no known vulnerabilities.')
  process.exitCode = found.length > 0 ? 1 : 0
} else if (['ENOAUDIT', undefined].includes(report.error?.code)) {
  // The request failed. What npm itself refuses, such as a missing lock file, has another code.
  console.log(
    `npm audit: skipped, the registry does not answer audits (${report.statusCode ?? 'unreachable'}).`,
  )
} else {
  console.error(`npm audit: ${report.error.code}: ${report.error.summary}`)
  process.exitCode = 1
}
