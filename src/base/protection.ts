/**
 * What protects the bytes of a channel on their way. A transport states it for each channel, on both sides. Handshakes
 * and tokens name it, so that nobody who stands between two nodes can pass them on; see docs/protocol.md.
 */
export type Protection =
  /** TLS. `certificate` is the hash of the server's certificate, `tls-server-end-point` of RFC 5929, in hex. */
  | { readonly kind: 'tls'; readonly certificate: string }
  /** The transport proves the keys of both sides. */
  | { readonly kind: 'keys' }
  /** The bytes do not leave this machine. */
  | { readonly kind: 'local' }
  /** Nothing: anyone on the path can read and change the bytes. */
  | { readonly kind: 'none' }
