/** The examples of deployment set settings that there are, start the command as it is, and ask paths that it answers. */
import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { it } from 'node:test'
import { Command } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import { settingsOf, variableOf } from '../../src/cli/config/settings.ts'
import { serveOptions } from '../../src/cli/node/serve.ts'
import { projectFile } from '../kit/project.ts'

const folder = projectFile('examples/deploy')
const read = (name: string) => readFileSync(`${folder}/${name}`, 'utf8')
const files = readdirSync(folder).filter((name) => name !== 'README.md')

it('every variable is a setting of serve', () => {
  const known = settingsOf(serveOptions(new Command('serve')).option('--data <DIR>')).map(({ name }) =>
    variableOf(name),
  )
  for (const file of files) {
    const used = read(file).match(/\bCAUSEWAY_[A-Z_]+/g) ?? []
    assert.deepEqual(
      used.filter((name) => !known.includes(name)),
      [],
      file,
    )
  }
})

it('the command is started by node itself, at the place where the package has it', () => {
  assert.equal(packageJson.bin.causeway, 'dist/causeway.js')
  for (const file of ['Dockerfile', 'causeway.service']) {
    assert.match(read(file), /node(?:",)? "?\/\S*node_modules\/causeway-sync\/dist\/causeway\.js/, file)
    assert.doesNotMatch(read(file), /^(?:ENTRYPOINT|CMD|ExecStart).*npx/m, file)
  }
})

it('probes ask paths that a node answers', () => {
  for (const file of files)
    for (const [, path] of read(file).matchAll(/(?:9464|path: )(\/[a-z]+)/g))
      assert.ok(path === '/readyz' || path === '/healthz', `${file}: ${path}`)
})

const analyze = spawnSync('systemd-analyze', ['--version']).status === 0
it('systemd takes the unit', { skip: !analyze && 'systemd-analyze is not installed' }, () => {
  const { stderr } = spawnSync('systemd-analyze', ['verify', `${folder}/causeway.service`], {
    encoding: 'utf8',
  })
  // The command is installed where the example says, or not at all.
  const complaints = stderr
    .split('\n')
    .filter((line) => /causeway\.service/.test(line) && !/is not executable/.test(line))
  assert.deepEqual(complaints, [])
})
