/**
 * Bounds on what one entry contains, and on the policy of a tree. All but the caches are rules of validity: peers with
 * other values would disagree about entries.
 */
export const entryLimits = {
  /** A message holds an entry of this size a few times over. Larger content belongs in a blob store. */
  entryBodyBytes: 1_048_576,
  /** The widest octopus merge in Linux's history has 66 parents. */
  entryParents: 256,
  /** Policy tips that an entry names: admins rarely change the policy, so few changes are concurrent. */
  entryPolicies: 64,
  /** A commit that touches more stores is split into several. */
  entryChanges: 1_024,
  /** Enough for a second random 128-bit value. */
  entryNonceBytes: 32,
  /** Two roots of one author at the same moment must differ: 128 random bits. */
  rootNonceMinBytes: 16,
  /** Writes of one key that say the same at the same moment must differ, of which there are few. */
  preparedNonceBytes: 8,
  /** Names of stores and kinds of changes are identifiers, repeated in every entry. */
  storeNameBytes: 64,
  /** Names for people: of trees, peers and keys. */
  nameBytes: 128,

  /**
   * How far from a client's own clock a body may be dated that a node has prepared for it: a day. Clocks differ by
   * minutes, or by hours where a time zone is set wrong. What is further off is a mistake or a lie.
   */
  preparedClockOffMs: 86_400_000,

  /** Keys in one change of the policy. More are split into several changes. */
  policyKeys: 1_024,
  /** Last entries of a revoked key that stay valid: the tips that one author has at a time, so few. */
  policyLastAccepted: 64,
  /** Policy entries below one entry, over the whole life of its tree: some thousands of members, each admitted alone. */
  policyEntries: 8_192,
  /**
   * Revocations among them: each may decide about all that its key wrote, so this and `policyEntries` bound the work of
   * judging.
   */
  policyRevocations: 512,
  /** The policy entries that these stand on, in all: a policy that is changed in a line has one for each entry. */
  policyLinks: 32_768,
  /** The keys that these name, in all: listing what a policy says takes 0.2 µs for each. */
  policyNames: 65_536,
  /** Grants remembered as the source of an admin's right. If one is void, the right rests on the next. */
  policySupports: 8,
  /** Points of one tree whose judgement is cached. A tree has as many as its policy has tips, nearly always one. */
  policyJudgements: 32,
  /** Policy entries by which a judgement is continued: beyond some dozens, a new one is as cheap. */
  policyExtension: 16,
  /**
   * Policy entries that a turn of the event loop may look at while a page is planned or a tree opened: some 10 ms, so
   * that other callers wait no longer.
   */
  policyTurnWork: 131_072,
  /** Policy entries that are read at once when a tree is opened: some 10 ms of work. */
  policyEntriesRead: 256,
  /** Merges of points that are cached: one for each pair of branches that grow. */
  policyMerges: 1_024,
  /** Memory of one tree for which policy entries are below which: twice what a line of `policyEntries` takes. */
  policyAncestryBytes: 8_388_608,
  /** Memory of one tree for which policy entries each revocation hits: several times what fits below one entry. */
  policyHitBytes: 4_194_304,
} as const
