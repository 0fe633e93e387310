/** git: an entry is a commit whose message is the payload. The asker fetches and pushes; nothing is live. */
import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { payload } from './side.mjs'

const port = 9418

export async function open(folder, role) {
  const repository = join(folder, 'bench.git')
  const git = (args, input) =>
    execFileSync('git', ['-C', repository, ...args], {
      input,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
    })
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', repository])
  const branch = role === 'serving' ? 'main' : 'mine'
  let commits = 0
  const tips = () => git(['for-each-ref', '--format=%(refname)']).split('\n').filter(Boolean)
  const exists = () => tips().includes(`refs/heads/${branch}`)
  const importOf = (count) => {
    const from = exists() ? `from refs/heads/${branch}^0\n` : ''
    return Array.from({ length: count }, (_, index) => {
      const message = payload()
      return `commit refs/heads/${branch}\ncommitter A <a@example.com> ${1_700_000_000 + commits++} +0000\ndata ${message.length}\n${message}\n${index === 0 ? from : ''}\n`
    }).join('')
  }
  const fill = (count) => {
    git(['fast-import', '--quiet'], importOf(count))
  }
  return {
    info: {},
    fill,
    async serve() {
      const args = [
        '--reuseaddr',
        `--base-path=${folder}`,
        '--export-all',
        '--enable=receive-pack',
        '--listen=127.0.0.1',
      ]
      const daemon = spawn('git', ['daemon', ...args, `--port=${port}`], { stdio: 'ignore' })
      process.on('exit', () => daemon.kill())
      await pause(500)
      return `git://127.0.0.1:${port}/bench.git`
    },
    connect(address) {
      git(['fetch', '-q', address, '+refs/heads/main:refs/heads/main'])
      if (exists()) git(['push', '-q', address, 'mine'])
    },
    disconnect() {},
    add: () => fill(1),
    count: () => (tips().length === 0 ? 0 : Number(git(['rev-list', '--count', '--branches']))),
  }
}
