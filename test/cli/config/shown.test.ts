/** What operators see of a setting: no secret, also not one inside of a URL. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { Command } from 'commander'
import { settingsOf } from '../../../src/cli/config/settings.ts'
import { shown } from '../../../src/cli/config/shown.ts'
import { serveOptions } from '../../../src/cli/node/serve.ts'

function shownOf(name: string, ...args: string[]): string | null {
  const command = serveOptions(new Command('serve')).action(() => {})
  command.parse(args, { from: 'user' })
  return settingsOf(command)
    .map(shown)
    .find((setting) => setting.name === name)!.value
}

it('hides what URLs say of users, tokens and queries, and shows the rest', () => {
  assert.equal(
    shownOf(
      'relay',
      '--relay',
      'https://user:t0ken@relay.example:444,https://b@x.example/p,https://c.example',
    ),
    'https://(hidden)@relay.example:444, https://(hidden)@x.example/p, https://c.example',
  )
  assert.equal(
    shownOf('relay', '--relay', 'https://r.example/?token=t0ken&a=b'),
    'https://r.example/?(hidden)',
  )
  assert.equal(shownOf('relay', '--relay', 'https://u:p@ss@r.example'), 'https://(hidden)@r.example')
  assert.equal(
    shownOf('seed', '--seed', 'dns+http://u:p@h.svc:80', '--seed', 'file:/etc/a@b'),
    'dns+http://(hidden)@h.svc:80, file:/etc/a@b',
  )
  assert.equal(shownOf('relay', '--relay', 'n0'), 'n0')
})
