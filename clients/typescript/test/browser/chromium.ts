/** Serves a page and opens it in a Chromium without a window, until the page says that it is done. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The command; CI names the one that it has installed. */
export const chromium = process.env.CHROMIUM ?? 'chromium'

/** What the page asks of the test, by its path. */
export type Answers = Readonly<Record<string, (body: unknown) => unknown>>

export class Page implements AsyncDisposable {
  readonly origin: string
  private readonly server: Server
  private readonly done: Promise<unknown>
  private browser: ChildProcess | undefined
  private readonly profile = mkdtempSync(join(tmpdir(), 'causeway-chromium-'))

  private constructor(server: Server, done: Promise<unknown>) {
    this.server = server
    this.done = done
    this.origin = `http://localhost:${(server.address() as AddressInfo).port}`
  }

  /** Serves a page whose program is `script`. Its posts are answered by `answers`; that to `/done` ends it. */
  static async serve(script: string, answers: Answers): Promise<Page> {
    let finish = (_result: unknown) => {}
    const done = new Promise((resolve) => {
      finish = resolve
    })
    const served: Answers = { '/done': (result) => finish(result) ?? null, ...answers }
    const server = createServer(async (request, response) => {
      const answer = served[request.url!]
      if (answer === undefined) {
        const isScript = request.url === '/page.js'
        response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' })
        response.end(isScript ? script : '<!doctype html><script type="module" src="/page.js"></script>')
        return
      }
      let body = ''
      for await (const chunk of request) body += chunk
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify((await answer(body === '' ? undefined : JSON.parse(body))) ?? null))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Page(server, done)
  }

  /** Opens the page. Returns what it says when it is done; rejects if the browser ends before. */
  async run(): Promise<unknown> {
    const flags = [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-dev-shm-usage',
    ]
    // The certificates of the tests are self-signed.
    const args = [
      ...flags,
      '--ignore-certificate-errors',
      `--user-data-dir=${this.profile}`,
      `${this.origin}/`,
    ]
    const browser = spawn(chromium, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
    this.browser = browser
    let said = ''
    browser.stderr!.on('data', (chunk) => {
      said = (said + chunk).slice(-4_096)
    })
    const ended = once(browser, 'exit').then(([code]) => {
      throw new Error(`Chromium ended with ${code} before the page was done. ${said}`)
    })
    ended.catch(() => {})
    return Promise.race([this.done, ended])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.browser !== undefined && this.browser.exitCode === null) {
      // Its processes write to the profile until they end, and all hold its stderr.
      const closed = once(this.browser, 'close')
      process.kill(-this.browser.pid!, 'SIGKILL')
      await closed
    }
    this.server.closeAllConnections()
    this.server.close()
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}
