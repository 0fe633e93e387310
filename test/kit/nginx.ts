/** nginx of Debian, with the configuration of examples/proxies, in front of a node on this machine. */
import type { ChildProcess } from 'node:child_process'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { projectFile } from './project.ts'

const modules = process.env.NGINX_MODULES ?? '/usr/lib/nginx/modules'

/** Whether nginx is here, with its module for streams. CI installs both before the tests (`.ci/proxies`). */
export const hasNginx =
  spawnSync('nginx', ['-v'], { stdio: 'ignore' }).error === undefined &&
  existsSync(join(modules, 'ngx_stream_module.so'))

/** Returns ports that are free now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))))
  return ports
}

export class Nginx implements AsyncDisposable {
  private readonly child: ChildProcess

  private constructor(child: ChildProcess) {
    this.child = child
  }

  /** Starts nginx with its files in `folder`, and returns when it takes connections at `front`. */
  static async start(folder: string, { front, back }: { front: number; back: number }): Promise<Nginx> {
    await mkdir(folder)
    const example = await readFile(projectFile('examples/proxies/nginx.conf'), 'utf8')
    const config = example
      .replace('listen 443', `listen 127.0.0.1:${front}`)
      .replace('127.0.0.1:8443;', `127.0.0.1:${back};`)
      .replace('modules/', `${modules}/`)
      .replace('nginx.pid', join(folder, 'pid'))
    await writeFile(join(folder, 'nginx.conf'), config)
    const child = spawn(
      'nginx',
      ['-p', folder, '-e', join(folder, 'error'), '-g', 'daemon off;', '-c', join(folder, 'nginx.conf')],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    )
    const nginx = new Nginx(child)
    // Ends when it listens, or has ended.
    while (!(await answers(front)))
      if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}.`)
    return nginx
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null) return
    const closed = once(this.child, 'close')
    this.child.kill('SIGTERM')
    await closed
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
