/** Settings come from the command line, the environment, the file or the default, in this order, for every option. */
import { strict as assert } from 'node:assert'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Command } from 'commander'
import { CausewayError } from '../../../src/base/errors.ts'
import { applySettings, settingsOf, variableOf } from '../../../src/cli/config/settings.ts'
import { serveOptions } from '../../../src/cli/node/serve.ts'
import { limited } from '../../kit/limited.ts'
import { tempFolder } from '../../kit/peers.ts'

function parsed(args: readonly string[], env: NodeJS.ProcessEnv = {}): Command {
  const command = serveOptions(new Command('serve'))
    .option('--data <DIR>')
    .action(() => {})
  command.parse(args, { from: 'user' })
  applySettings(command, env)
  return command
}

const settings = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  Object.fromEntries(settingsOf(parsed(args, env)).map(({ name, value, source }) => [name, [value, source]]))

function refusal(args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  try {
    parsed(args, env)
  } catch (error) {
    assert.ok(error instanceof CausewayError && error.code === 'INVALID_ARGUMENT', String(error))
    return error.message
  }
  return assert.fail('It was taken.')
}

async function withFile(text: string, use: (path: string) => unknown): Promise<void> {
  await using folder = await tempFolder()
  const path = join(folder.path, 'causeway.toml')
  await writeFile(path, text)
  await use(path)
}

describe('A setting', () => {
  it('comes from the command line, else the environment, else the file, else the default', () =>
    withFile('max-disk = "1G"\nmax-tree = "2G"\nmax-author = "3G"\n', (path) => {
      const found = settings(['--config', path, '--max-disk', '1K'], {
        ...{ CAUSEWAY_MAX_DISK: '2K', CAUSEWAY_MAX_TREE: '3K' },
      })
      assert.deepEqual(found['max-disk'], [1024, '--max-disk'])
      assert.deepEqual(found['max-tree'], [3072, 'CAUSEWAY_MAX_TREE'])
      assert.deepEqual(found['max-author'], [3 * 2 ** 30, path])
      assert.deepEqual(found.insecure, [false, 'default'])
      assert.deepEqual(found.quic, [false, 'default'])
    }))

  it('of every kind can be set in every place', () =>
    withFile(
      [
        'http = false\nadmin = "127.0.0.1:9464"\nquic = true\ninsecure = true\nauto-link = false',
        `operator = ["${'a'.repeat(64)}", "${'b'.repeat(64)}"]\nallowed-host = ["a.example"]\ndata = "/srv"`,
      ].join('\n'),
      (path) => {
        const fromFile = settings(['--config', path])
        const env = {
          ...{ CAUSEWAY_HTTP: 'off', CAUSEWAY_ADMIN: '127.0.0.1:9464', CAUSEWAY_QUIC: 'yes' },
          ...{ CAUSEWAY_INSECURE: 'TRUE', CAUSEWAY_AUTO_LINK: 'no', CAUSEWAY_DATA: '/srv' },
          ...{
            CAUSEWAY_OPERATOR: `${'a'.repeat(64)}, ${'b'.repeat(64)}`,
            CAUSEWAY_ALLOWED_HOST: 'a.example',
          },
        }
        const fromEnv = settings([], env)
        const names = ['http', 'admin', 'quic', 'insecure', 'auto-link', 'operator', 'allowed-host', 'data']
        assert.deepEqual(
          names.map((name) => fromFile[name]![0]),
          names.map((name) => fromEnv[name]![0]),
        )
        assert.deepEqual(
          names.map((name) => fromEnv[name]![1]),
          names.map(variableOf),
        )
        assert.deepEqual(fromFile.http, [false, path])
        assert.deepEqual(fromFile.operator![0], ['a'.repeat(64), 'b'.repeat(64)])
        assert.deepEqual(fromFile['auto-link']![0], false)
      },
    ))

  it('that is off in the environment is off, whatever the file says', () =>
    withFile('quic = true', (path) => {
      assert.deepEqual(settings(['--config', path], { CAUSEWAY_QUIC: 'off' }).quic, [false, 'CAUSEWAY_QUIC'])
    }))

  it('that is wrong is refused, with where it stands', () =>
    withFile('max-disc = "1G"', async (path) => {
      assert.match(refusal(['--config', path]), /there is no setting "max-disc"; there are .*max-disk/)
      assert.match(refusal([], { CAUSEWAY_HTTP: 'nowhere' }), /^CAUSEWAY_HTTP: Expected HOST:PORT/)
      assert.match(
        refusal([], { CAUSEWAY_INSECURE: 'perhaps' }),
        /^CAUSEWAY_INSECURE: Expected true or false/,
      )
      assert.match(refusal([], { CAUSEWAY_OPERATOR: 'abc' }), /^CAUSEWAY_OPERATOR: /)
      await withFile('http = 80\n[table]\n', (other) =>
        assert.match(refusal(['--config', other]), /no setting "table"/),
      )
      await withFile('max-disk = { a = 1 }', (other) =>
        assert.match(refusal(['--config', other]), /max-disk: Expected one value/),
      )
      await withFile('http = = 1', (other) =>
        assert.match(refusal(['--config', other]), /cannot be read: line 1: /),
      )
      assert.match(refusal(['--config', `${path}.gone`]), /cannot be read: ENOENT/)
      using _ = limited({ configBytes: 3 })
      assert.match(refusal(['--config', path]), /has at most 3/)
    }))
})
