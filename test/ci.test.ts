/**
 * What CI does beside this suite: it refuses a lock file that pins too little, packages with known vulnerabilities, and a
 * machine without the other languages.
 */
import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { projectFile, projectRoot } from './kit/project.ts'

const folder = mkdtempSync(join(tmpdir(), 'causeway-ci-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function run(script: string, args: readonly string[], path = process.env.PATH!) {
  const env = { ...process.env, PATH: path }
  const { status, stdout, stderr } = spawnSync(process.execPath, [projectFile(`.ci/${script}`), ...args], {
    cwd: projectRoot,
    encoding: 'utf8',
    env,
  })
  return { status, stdout, stderr }
}

describe('The check of the lock file', () => {
  type Lock = { lockfileVersion: number; packages: Record<string, Record<string, unknown>> }
  const original = readFileSync(projectFile('package-lock.json'), 'utf8')
  const path = join(folder, 'lock.json')

  function checkWith(change: (lock: Lock) => void) {
    const lock = JSON.parse(original) as Lock
    change(lock)
    writeFileSync(path, JSON.stringify(lock))
    return run('lock.js', [path])
  }

  it('passes the lock file as it is', () => {
    assert.deepEqual(run('lock.js', []), { status: 0, stdout: '', stderr: '' })
  })

  const tsx = 'node_modules/tsx'
  const changes: [string, (lock: Lock) => void, RegExp][] = [
    ['without a hash', ({ packages }) => delete packages[tsx]!.integrity, /node_modules\/tsx has no SHA-512/],
    ['with a weak hash', ({ packages }) => (packages[tsx]!.integrity = 'sha1-2jmj7l5rSw=='), /got sha1/],
    [
      'with the host of a registry',
      ({ packages }) => (packages[tsx]!.resolved = 'https://registry.example/tsx.tgz'),
      /resolved to https:\/\/registry\.example/,
    ],
    [
      'with a link to elsewhere',
      ({ packages }) => (packages[tsx] = { link: true, resolved: '../elsewhere' }),
      /resolved to \.\.\/elsewhere/,
    ],
    ['of another version', (lock) => (lock.lockfileVersion = 2), /version 3/],
  ]
  for (const [name, change, reason] of changes)
    it(`refuses one ${name}`, () => {
      const { status, stderr } = checkWith(change)
      assert.equal(status, 1)
      assert.match(stderr, reason)
    })
})

describe('The check of a package', () => {
  it('passes within its bounds, and names the one that it exceeds', () => {
    writeFileSync(join(folder, 'package.json'), '{ "name": "grown", "version": "1.0.0", "files": ["a"] }')
    writeFileSync(join(folder, 'a'), 'a'.repeat(10_000))
    assert.deepEqual(run('size.js', [folder, '1000', '11000']), { status: 0, stdout: '', stderr: '' })
    const { status, stderr } = run('size.js', [folder, '1000', '10000'])
    assert.equal(status, 1)
    assert.match(stderr, /^grown: has at most 10000 bytes unpacked, got 10\d\d\d\n$/)
    assert.equal(run('size.js', [folder]).status, 1)
  })
})

describe('The audit of the packages', { skip: process.platform === 'win32' }, () => {
  /** Runs the audit with an npm that prints this. */
  function auditWith(answer: object) {
    const answerFile = join(folder, 'answer.json')
    writeFileSync(answerFile, JSON.stringify(answer))
    writeFileSync(join(folder, 'npm'), `#!/bin/sh\ncat '${answerFile}'\n`, { mode: 0o755 })
    return run('audit.js', [], `${folder}${delimiter}${process.env.PATH}`)
  }

  it('passes if no vulnerability is known', () => {
    assert.equal(auditWith({ auditReportVersion: 2, vulnerabilities: {} }).status, 0)
  })

  it('fails on a vulnerability, and names its package', () => {
    const tsx = { name: 'tsx', severity: 'low', range: '<5', fixAvailable: true }
    const { status, stderr } = auditWith({ auditReportVersion: 2, vulnerabilities: { tsx } })
    assert.equal(status, 1)
    assert.match(stderr, /tsx <5 \(low\)/)
  })

  it('is skipped with a line if the registry does not answer audits', () => {
    for (const statusCode of [405, undefined]) {
      const { status, stdout } = auditWith({ statusCode, error: { summary: '', detail: '' } })
      assert.equal(status, 0)
      assert.match(stdout, /skipped, the registry does not answer audits \((405|unreachable)\)/)
    }
  })

  it('fails if npm itself cannot audit', () => {
    const { status, stderr } = auditWith({ error: { code: 'ENOLOCK', summary: 'no lock' } })
    assert.equal(status, 1)
    assert.match(stderr, /ENOLOCK/)
  })
})

describe('The examples in other languages', { skip: process.platform === 'win32' }, () => {
  const works = 0
  const fails = 1

  /** Prepares them where python3 and go end with these codes, and Debian's packages cannot be had. */
  function prepareWith(python3: number, go: number) {
    for (const [name, code] of Object.entries({ python3, go, 'apt-get': fails }))
      writeFileSync(join(folder, name), `#!/bin/sh\nexit ${code}\n`, { mode: 0o755 })
    const env = { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` }
    return spawnSync('bash', [projectFile('.ci/polyglot')], { encoding: 'utf8', env })
  }

  it('fail with a sentence without Python', () => {
    const { status, stderr } = prepareWith(fails, works)
    const sentence =
      'The example in Python needs Python 3.10 or later with venv, which cannot be installed here.\n'
    assert.deepEqual([status, stderr], [1, sentence])
  })

  it('fail with a sentence without Go', () => {
    const { status, stderr } = prepareWith(works, fails)
    const sentence = 'The example in Go needs Go 1.24 or later, which cannot be installed here.\n'
    assert.deepEqual([status, stderr], [1, sentence])
  })
})

describe('The client in a browser', { skip: process.platform === 'win32' }, () => {
  it('fails with a sentence without Chromium', () => {
    const tools = join(folder, 'tools')
    mkdirSync(tools)
    symlinkSync('/usr/bin/dirname', join(tools, 'dirname'))
    writeFileSync(join(tools, 'apt-get'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
    const { status, stderr } = spawnSync('/bin/bash', [projectFile('.ci/browser')], {
      encoding: 'utf8',
      env: { PATH: tools },
    })
    const sentence = 'The client in a browser needs Chromium, which cannot be installed here.\n'
    assert.deepEqual([status, stderr], [1, sentence])
  })
})
