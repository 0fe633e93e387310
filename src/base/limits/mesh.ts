/** Bounds on the neighbours of a node in a tree with many members, and on how often they are looked at and changed. */
export const meshLimits = {
  /** Members up to which all are linked with all: seven links each, which is what a neighbourhood costs anyway. */
  meshFromMembers: 9,
  /** Neighbours that a member looks for: with six each, a thousand members are some five steps apart. */
  neighbours: 6,
  /** Neighbours that a member has at most: two more, so that whoever looks for one finds a member with room. */
  neighboursMax: 8,
  /** Of these, the nearest by round trip: most of what a member gets then comes over a short path. */
  neighboursNear: 2,
  /** Of these, servers, which are there when all laptops sleep. */
  neighboursStay: 1,
  /** Members that are known as replacements, some 200 bytes each: enough to find one if 20 % vanish at once. */
  passiveNeighbours: 48,
  /** Links of one tree that a node makes by itself: `neighboursMax` and `passiveNeighbours`. More would not be used. */
  automaticLinks: 56,
  /** How often a member looks whether it needs neighbours: what is lost is replaced within this. */
  meshTickMs: 5_000,
  /** Silence after which a neighbour is replaced: it survives a restart and a lost watch, not a sleep. */
  neighbourLostMs: 20_000,
  /** How long a neighbour that was asked may take to answer before another one is asked. */
  neighbourAskMs: 15_000,
  /** How long a member that was asked in vain is not asked again while there are others; it doubles with each failure. */
  neighbourPauseMs: 15_000,
  /** At most so long: who was away for a night is a neighbour again within some minutes. */
  neighbourPauseCapMs: 600_000,
  /** With fewer neighbours, pauses do not count: whoever is cut off finds the first member that is there again. */
  neighboursLeast: 3,
  /** How often one neighbour is exchanged, so that the mesh mixes and parts of it that lost each other meet. */
  neighbourSwapMs: 300_000,
  /** A member compares its tree with a random neighbour about this often, whatever the watches say. */
  neighbourProbeMs: 45_000,
  /** And with a random member that is not a neighbour. */
  passiveProbeMs: 300_000,
  /** How long tips may be announced before the entries are fetched: most come from another neighbour meanwhile. */
  lazyWaitMs: 500,
  /** Neighbours to which `flush` waits until entries are delivered: one may be lost right after. */
  flushNeighbours: 2,
  /** Entries of which it is remembered who sent them, 150 bytes each: what arrives within some seconds. */
  sendersKept: 4_096,
} as const
