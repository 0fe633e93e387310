/**
 * Reads the settings of a running node anew, on SIGHUP and when its certificate files change. What can change changes at
 * once; of the rest it says that it needs a restart. If a setting is wrong, the node goes on with those that it has.
 */
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { Command } from 'commander'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { Node } from '../../node/node.ts'
import type { LogOptions } from '../log/log.ts'
import { io } from '../streams.ts'
import { applySettings, settingsOf } from './settings.ts'
import { shown } from './shown.ts'

/** What a reload did. */
export interface Reloaded {
  /** The names of the settings that changed. */
  readonly changed: readonly string[]
  /** The names of those that differ from what the node runs with, and take effect when it is started again. */
  readonly needRestart: readonly string[]
}

/** The settings that a running node can change. Certificates are read anew each time. */
const changeable: ReadonlySet<string> = new Set([
  ...['operator', 'max-disk', 'max-tree', 'max-author', 'tls-cert', 'tls-key', 'tls-binding', 'log-level'],
])

interface TlsOptions {
  readonly tlsCert?: string
  readonly tlsKey?: string
}

export interface ReloadParts {
  readonly node: Pick<Node, 'change' | 'binding'>
  /** The command as it was parsed at the start. */
  readonly command: Command
  /** Returns a command with the same options that nothing has set. */
  readonly fresh: () => Command
  /** Called with the new values before the node changes. */
  readonly onValues?: (values: LogOptions) => void
}

export class Reloader {
  private readonly parts: ReloadParts
  private command: Command

  constructor(parts: ReloadParts) {
    this.parts = parts
    this.command = parts.command
  }

  /** Returns the settings that are in force, as people read them. */
  settings(): ReturnType<typeof shown>[] {
    return settingsOf(this.command).map(shown)
  }

  /** Reads all settings and the certificate again. Throws INVALID_ARGUMENT; then nothing has changed. */
  reload(env: NodeJS.ProcessEnv = io().env): Reloaded {
    const { node, fresh } = this.parts
    const command = fresh()
    // What the command line says stays.
    for (const { key, source } of settingsOf(this.parts.command))
      if (source.startsWith('--'))
        command.setOptionValueWithSource(key, this.parts.command.getOptionValue(key), 'cli')
    const { config } = this.parts.command.opts<{ config?: string }>()
    if (config !== undefined) command.setOptionValueWithSource('config', config, 'cli')
    applySettings(command, env)
    const before = new Map(settingsOf(this.command).map(({ name, value }) => [name, value]))
    const differing = settingsOf(command)
      .filter(({ name, value }) => !isDeepStrictEqual(before.get(name), value))
      .map(({ name }) => name)
    const { binding } = node
    this.apply(command)
    const changed = differing.filter((name) => changeable.has(name))
    if (binding !== node.binding) changed.push('certificate')
    const needRestart = differing.filter((name) => !changeable.has(name))
    // Settings that need a restart are compared with those of the start again next time.
    for (const name of needRestart) {
      const { key } = settingsOf(command).find((setting) => setting.name === name)!
      command.setOptionValueWithSource(
        key,
        before.get(name),
        this.command.getOptionValueSource(key) ?? 'default',
      )
    }
    this.command = command
    return { changed, needRestart }
  }

  private apply(command: Command): void {
    const values = command.opts<{
      operator: readonly PeerId[]
      maxDisk: number
      maxTree: number
      maxAuthor: number
      tlsBinding: readonly string[]
    }>()
    const certificate = readCertificate(command.opts<TlsOptions>())
    this.parts.node.change({
      operators: values.operator,
      tlsBindings: values.tlsBinding,
      quota: { nodeBytes: values.maxDisk, treeBytes: values.maxTree, authorBytes: values.maxAuthor },
      ...(certificate && { certificate }),
    })
    this.parts.onValues?.(command.opts<LogOptions>())
  }

  /** Calls `onChange` when a certificate file has changed, until it is disposed. */
  watchCertificate(onChange: () => void): Disposable {
    const { tlsCert, tlsKey } = this.command.opts<TlsOptions>()
    const paths = [tlsCert, tlsKey].filter((path) => path !== undefined)
    for (const path of paths)
      watchFile(path, { interval: limits.certificatePollMs, persistent: false }, onChange)
    return {
      [Symbol.dispose]() {
        for (const path of paths) unwatchFile(path, onChange)
      },
    }
  }
}

/** Reads the certificate and its key, or returns undefined without TLS. Throws INVALID_ARGUMENT. */
export function readCertificate({ tlsCert, tlsKey }: TlsOptions): { cert: string; key: string } | undefined {
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw new CausewayError('INVALID_ARGUMENT', 'TLS needs both --tls-cert and --tls-key.')
  return tlsCert === undefined ? undefined : { cert: readPem(tlsCert), key: readPem(tlsKey!) }
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `The file ${path} cannot be read: ${(cause as Error).message}`,
      {
        cause,
      },
    )
  }
}
