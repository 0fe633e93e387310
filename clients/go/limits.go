package causeway

// The bounds of the protocol and of this client.

import "time"

// Bounds of entries. They are rules of validity: peers with other values would disagree about entries.
const (
	maxBodyBytes      = 1 << 20
	maxNumber         = 1<<53 - 1
	maxParents        = 256
	maxPolicies       = 64
	maxChanges        = 1024
	maxNonceBytes     = 32
	minRootNonceBytes = 16
	maxNameBytes      = 64
	maxLabelBytes     = 128
	maxPolicyKeys     = 1024
	maxLastAccepted   = 64
	// maxReplaces bounds the versions that a change of a store names.
	maxReplaces = 64
)

// Bounds of the policy that an entry stands on, also rules of validity.
const (
	maxPolicyEntries = 8192
	maxRevocations   = 512
	maxPolicyNames   = 65_536
	maxPolicyLinks   = 32_768
	// maxSupports is how many grants the right of an admin rests on.
	maxSupports = 8
	// maxJudged is the client's own: with revocations, judging takes time by the square of this, for each policy entry.
	maxJudged = 1024
)

// Bounds of tickets, as nodes have them.
const (
	maxTicketBytes     = 32_768
	maxTicketPeers     = 8
	maxTicketAddresses = 16
)

// Bounds of pages and messages, as the contract has them.
const (
	pageEntries = 1024
	pageBytes   = 256 << 10
	// messageBytes is what a message may have.
	messageBytes = 4 << 20
	// listPage asks for the largest pages: fewer calls, and a page ends at 1 MiB anyway.
	listPage = 1000
	// chunkBytes is the size of all chunks of a blob but the last, maxBlobBytes that of a blob.
	chunkBytes   = 256 << 10
	maxBlobBytes = 2 << 30
	// syncTips is how many tips a request for a tree names.
	syncTips = 32
	// getKeys is how many keys one call may get.
	getKeys = 100
)

// What this client itself decides.
const (
	// quotedBytes is how much of a wrong text an error repeats.
	quotedBytes = 80
	// writeNonceBytes keeps writes apart that say the same: two programs with one key, at one millisecond.
	writeNonceBytes = 8
	// maxClockOff is how far from our clock a node may date a body that we sign: clocks differ by minutes, or by hours
	// where a time zone is set wrong. What is further off is a mistake or a lie.
	maxClockOff = 24 * time.Hour
	// tokenLife is below the 5 minutes that nodes allow, so that a clock may be off by minutes.
	tokenLife = time.Minute
	// dialTimeout is how long a connection and its handshake may take.
	dialTimeout = 15 * time.Second
	// callTimeout ends a call whose context has no deadline: more than the 30 seconds that a read may wait.
	callTimeout = time.Minute
	// silence is when a watch counts as lost: nodes give a sign of life every 15 seconds.
	silence = 40 * time.Second
	// minBackoff and maxBackoff bound the wait before a lost watch, or fetch, is asked for again.
	minBackoff = 100 * time.Millisecond
	maxBackoff = 5 * time.Second
	// maxIdleRounds ends a fetch that does not come further: two sides that differ, and nothing that arrives.
	maxIdleRounds = 5
)
