/** What also runs in a browser. */
import { createIdentity, formatId, PublicAccess, readEntry, signRoot, verifyEntry } from 'causeway-sync/dag'

const root = await signRoot(createIdentity(new Uint8Array(32).fill(7)), {
  name: 'notes',
  publicAccess: PublicAccess.READ,
  createdAtMs: 1,
  nonce: new Uint8Array(16),
})
await verifyEntry(readEntry(root.signed))
console.log(`signed ${formatId(root.id).slice(0, 7)}…`)
