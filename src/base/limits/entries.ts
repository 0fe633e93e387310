/** Bounds of what an entry says, and of the policy that stands in a tree. */
export const entryLimits = {
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

  /** Keys in one change of the policy: more are several changes. */
  policyKeys: 1_024,
  /** Last entries of a revoked key that stand: tips that one author has at a time, so few. */
  policyLastAccepted: 64,
  /** Policy entries that one entry may stand on, over all of its tree's life: ten thousand members, each let in alone. */
  policyEntries: 16_384,
  /** Revocations among them: each is held against what its key has written, so with the entries they bound the work. */
  policyRevocations: 1_024,
  /** Grants that an admin's right is kept to come from: when one is void the next holds it up. */
  policySupports: 8,
  /** Points of one tree whose judgement is kept: a tree has as many as its policy has tips, nearly always one. */
  policyJudgements: 32,
  /** Points of one tree whose closure is kept, a byte for each policy entry. */
  policyClosures: 64,
  /** Merges of points that are kept: as many as there are pairs of branches that grow. */
  policyMerges: 1_024,
} as const
