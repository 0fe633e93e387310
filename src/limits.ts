/**
 * Every bound, with its reason. A bound that holds against a hostile peer is checked before the work that it
 * bounds; each is crossed by a test. Units are the last part of the name.
 */
export const limits = {
  /** One entry must fit a few times into the memory that a page may take; larger content belongs into a blob store. */
  entryBodyBytes: 1_048_576,
  /** The widest octopus merge in Linux's history has 66 parents. */
  entryParents: 256,
  /** Tips of the policy: admins change it rarely, so concurrent changes are few. */
  entryPolicies: 64,
  /** A commit that touches more stores is several commits. */
  entryChanges: 1_024,
  /** Enough for a second random 128-bit value. */
  entryNonceBytes: 32,
  /** Two roots of the same author and moment must differ: 128 bits. */
  rootNonceMinBytes: 16,
  /** Names of stores and kinds of change are identifiers, in every entry. */
  storeNameBytes: 64,
  /** Names for people: of trees, peers and keys. */
  nameBytes: 128,

  /** Connecting a stream to a reachable host takes one to three round trips; a relay may need discovery first. */
  dialTimeoutMs: 10_000,
} as const
