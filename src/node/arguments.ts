/** What each method of a node, and `createNode`, takes; arguments of another type are INVALID_ARGUMENT. */
import {
  bytes,
  callback,
  flag,
  hex32,
  list,
  number,
  object,
  optional,
  options,
  type Parameters,
  type Shape,
  signal,
  text,
  textOr,
  wholeNumber,
} from '../base/shape.ts'
import type { NodeOptions } from './options.ts'

const listening: Shape = object({ host: text, port: wholeNumber, insecure: optional(flag) })
const httpListening: Shape = object({ host: text, port: optional(wholeNumber), insecure: optional(flag) })
const someObject: Shape = object({})
const lan: Shape = (value, name) =>
  (typeof value === 'object' ? object({ interfaces: callback, open: callback }) : flag)(value, name)
const quota = options({ nodeBytes: wholeNumber, treeBytes: wholeNumber, authorBytes: wholeNumber })
const tree = ['tree', hex32] as const
const peer = ['peer', hex32] as const
const permission = ['permission', wholeNumber] as const
const publicAccess = ['publicAccess', wholeNumber] as const
const ticketOptions = [
  'options',
  optional(options({ withPeers: flag, lan: flag, invitation: text })),
] as const

export const nodeMethods: Readonly<Record<string, Parameters>> = {
  rpc: [],
  listen: [],
  listenControl: [],
  listenAdmin: [['options', listening]],
  change: [
    ['options', options({ operators: list(hex32), quota, certificate: someObject, tlsBindings: list(text) })],
  ],
  addresses: [],
  connections: [],
  trees: [],
  tree: [tree],
  createTree: [
    ['name', text],
    ['publicAccess', optional(wholeNumber)],
  ],
  commit: [
    tree,
    ['changes', list(object({ store: text, kind: text, payload: bytes }))],
    ['options', optional(options({ parents: list(hex32), durable: flag, signal }))],
  ],
  policy: [tree],
  grant: [tree, peer, permission, ['name', optional(text)]],
  revoke: [tree, peer],
  setPublicAccess: [tree, publicAccess],
  tips: [tree],
  entries: [tree, ['options', optional(options({ void: flag }))]],
  createTicket: [tree, ticketOptions],
  invite: [tree, permission, ticketOptions],
  join: [
    ['ticket', text],
    ['options', optional(options({ permission: wholeNumber, message: text, signal, goOn: flag }))],
  ],
  sync: [
    ['tree', optional(hex32)],
    ['remote', text],
    ['options', optional(options({ signal, onProgress: callback }))],
  ],
  addPeer: [
    ['peer', optional(hex32)],
    ['details', options({ name: text, addresses: list(text) })],
    ['signal', optional(signal)],
  ],
  removePeer: [peer],
  blockPeer: [peer, ['blocked', optional(flag)]],
  link: [
    ['what', textOr(text, object({ tree: hex32, peer: hex32 }))],
    [
      'settings',
      optional(
        options({
          onCommit: flag,
          intervalSeconds: number,
          pull: flag,
          push: flag,
          paused: flag,
          blobs: flag,
        }),
      ),
    ],
    ['signal', optional(signal)],
  ],
  unlink: [tree, peer],
  removeTree: [tree, ['options', optional(options({ signal }))]],
  linkedTrees: [peer],
  status: [],
  flush: [['options', optional(options({ timeoutMs: number, signal }))]],
  backup: [
    [
      'options',
      optional(options({ trees: list(hex32), entriesOnly: flag, withKey: flag, since: someObject, signal })),
    ],
  ],
  damage: [],
  repair: [
    ['tree', optional(hex32)],
    ['options', optional(options({ signal, onProgress: callback }))],
  ],
  verify: [tree, ['options', optional(options({ signal, onProgress: callback }))]],
  close: [['graceMs', optional(number)]],
}

/** The methods that take arguments and do not return a promise. */
export const throwingMethods = ['entries', 'repair', 'backup', 'change', 'createTicket', 'linkedTrees']

export const nodeOptions: Parameters = [
  [
    'options',
    // Names every option, or it does not compile.
    options({
      data: text,
      identity: object({ peer: hex32, sign: callback }),
      http: httpListening,
      tls: someObject,
      insecure: flag,
      quic: options({
        listen: flag,
        bind: text,
        relay: textOr(text, list(text)),
        relayToken: text,
        relayDiscoveryPort: wholeNumber,
      }),
      advertise: list(text),
      seeds: list(text),
      lan,
      transports: list(someObject),
      operators: list(hex32),
      tlsBindings: list(text),
      allowedHosts: list(text),
      corsOrigins: list(text),
      quota,
      log: object({ after: callback, follow: callback }),
      settings: callback,
      clock: object({ now: callback, monotonic: callback, setTimer: callback, random: callback }),
      database: someObject,
      autoLink: flag,
      background: flag,
      traceStrangers: flag,
      onMigration: callback,
    } satisfies Record<keyof NodeOptions, Shape>),
  ],
]
