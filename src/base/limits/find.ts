/** Bounds on finding peers: by seeds, and by beacons in the LAN. */
export const findLimits = {
  /** Seeds of one node, each of which is looked up again and again. */
  seeds: 16,
  /** Addresses that all seeds of a node yield: the largest cluster that is a good idea. */
  seedResults: 256,
  /** Addresses of seeds that are dialled at once, beside the dials to peers that are known. */
  seedDials: 16,
  /** How often seeds are looked up: as often as DNS changes in a cluster. */
  seedIntervalMs: 30_000,
  /** The least time between two look-ups, also if a dial failed or addresses are left to dial. */
  seedPauseMs: 5_000,
  /** How long the look-up of one name may take. */
  seedLookupMs: 5_000,
  /** How long an address stays in the peer book after a seed last led to it. */
  seedAddressMs: 3_600_000,
  /** The file of a seed: `seedResults` addresses of usual length, with comments. */
  seedFileBytes: 65_536,
  /** Search domains of this machine that are tried with a name: as many as the C library uses. */
  searchDomains: 6,

  /** The UDP port of beacons, the same for all nodes, just below those that nodes take for themselves. */
  lanPort: 29_291,
  /** Interfaces' addresses on which a node speaks and listens: a machine with many containers, and not all of a router's. */
  lanInterfaces: 32,
  /** Datagrams read a second: 900 nodes in one LAN send 30. Others are dropped unread. */
  beaconsPerSecond: 64,
  /** A datagram of the LAN: a hello with `beaconPorts` has 48 bytes, a beacon 32. */
  lanDatagramBytes: 48,
  /** Ports that a beacon names: one of each kind, and one to come. */
  beaconPorts: 4,
  /** How often a node sends its beacon: whoever joins the LAN hears it within half a minute. */
  beaconIntervalMs: 30_000,
  /** How much sooner or later: nodes that start at once must not speak at once for ever. */
  beaconJitterMs: 5_000,
  /** A beacon of a node that has just started or moved is sent again after this, since Wi-Fi loses multicast. */
  beaconAgainMs: 1_000,
  /** Beacons that wait to be recognised: half a second of them at the highest rate. Others are dropped. */
  beaconsWaiting: 32,
  /** Salts of recognised beacons, which are not followed again: those of 3 peers for the 3 hours that a tag holds. */
  beaconSalts: 1_024,
  /** Own salts, by which a node knows its own beacons: two on each of `lanInterfaces`. */
  beaconOwnSalts: 64,
  /** Hours by which the clocks of two nodes may differ. */
  beaconHours: 1,
  /** Tries of a PeerId on a beacon, each some 1.1 µs (measured): 22 ms of work a second, whatever comes. */
  beaconTriesPerSecond: 20_000,
  /** … at once: two beacons of strangers at 10,000 known peers, with `beaconHours` each. */
  beaconTriesBurst: 65_536,
  /** Tries without letting others run: some 0.3 ms. */
  beaconTriesAtOnce: 256,
  /** Peers that are tried first, since they were met in the LAN lately. */
  beaconPeersMet: 64,
  /** A peer is not dialled again at an address within this, whatever beacons say. */
  lanDialPauseMs: 30_000,
  /** Dials that beacons cause at once; one for each peer. */
  lanDials: 8,
  /** Dials remembered for `lanDialPauseMs`, 200 bytes each. */
  lanDialsNoted: 1_024,
  /** How long an address stays in the peer book after a peer was last met there by a beacon: a visit, or a lease. */
  lanAddressMs: 3_600_000,
  /** Failures to send in a row after which an interface is reported: a new address is not usable at once. */
  lanSendFailures: 3,

  /** How long one `causeway pair` lasts: enough to walk to the other machine. Only then are strangers answered. */
  pairingMs: 120_000,
  /** How often a node says meanwhile that it is there. */
  pairingHelloMs: 2_000,
  /** Digits to compare: whoever is in between hits them once in a million, and people still compare them. */
  pairingDigits: 6,
  /** The nonces of both sides: nobody finds another one with the same commitment. */
  pairingNonceBytes: 32,
  /** Times that this node shows its nonce first. Whoever is in between could break off until the digits suit it. */
  pairingAttempts: 3,
  /** From a dial to digits: a few round trips. */
  pairingStepMs: 10_000,
  /** Machines with which a node agrees on digits at once, so that one that hangs holds nobody up; the oldest makes room. */
  pairingCandidates: 16,
  /** The least time between two calls to a peer that is busy, or could not be reached. */
  pairingRetryMs: 2_000,
  /** How long a node waits for its person's answer before the caller has to ask again. */
  pairingPollMs: 15_000,
  /** Peers whose hellos are remembered, to know where a caller is reached. */
  pairingHellos: 64,
} as const
