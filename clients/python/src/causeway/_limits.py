"""Every bound of the client, with its reason."""

from __future__ import annotations

# Bounds of entries. They are rules of validity: peers with other values would disagree about entries.
MAX_BODY_BYTES = 1 << 20
MAX_NUMBER = 2**53 - 1
MAX_PARENTS = 256
MAX_POLICIES = 64
MAX_CHANGES = 1024
MAX_NONCE_BYTES = 32
MIN_ROOT_NONCE_BYTES = 16
MAX_NAME_BYTES = 64
MAX_LABEL_BYTES = 128
MAX_POLICY_KEYS = 1024
MAX_LAST_ACCEPTED = 64
# The versions that a change of a store names.
MAX_REPLACES = 64

# Bounds of the policy that an entry stands on, also rules of validity.
MAX_POLICY_ENTRIES = 8192
MAX_REVOCATIONS = 512
MAX_POLICY_NAMES = 65_536
MAX_POLICY_LINKS = 32_768
# How many grants the right of an admin rests on.
MAX_SUPPORTS = 8
# The client's own: with revocations, judging takes time by the square of this, for each policy entry.
MAX_JUDGED = 1024

# Bounds of tickets, as nodes have them.
MAX_TICKET_CHARACTERS = 32_768
MAX_TICKET_PEERS = 8
MAX_TICKET_ADDRESSES = 16

# Bounds of pages and messages, as the contract has them.
PAGE_ENTRIES = 1024
PAGE_BYTES = 256 << 10
MESSAGE_BYTES = 4 << 20
# The largest pages: fewer calls, and a page ends at 1 MiB anyway.
LIST_PAGE = 1000
# How many keys one call may get.
GET_KEYS = 100
# The size of all chunks of a blob but the last, and that of a blob.
CHUNK_BYTES = 256 << 10
MAX_BLOB_BYTES = 2 << 30
# How many tips a request for a tree names, and how many a session chooses if there are more.
SYNC_TIPS = 32
SOME_TIPS = 8

# Bounds of sessions, as the contract and docs/protocol.md have them.
MIN_SKETCH_CELLS = 256
MAX_SKETCH_CELLS = 65_536
# The cells that a request has whole, and the end of those whose counts it has.
REQUEST_CELLS = 80
REQUEST_COUNTS = 256
# Up to so many entries that are new since both sides were equal, the counts say nothing that the cells do not.
FEW_NEW = 30
MAX_HAVES = 96
MAX_WANT = 65_536
MAX_CHUNKS = 4096
CHUNK_ENTRIES = 8192
# How often a session asks for more cells.
MORE_CELLS = 2
# Ends a session: two rounds in a row that move nothing.
IDLE_ROUNDS = 2
# The client's own: how many bytes of entries wait for parents that are asked for. The others come in the next round.
MAX_WAITING_BYTES = 64 << 20

# How much of a wrong text an error repeats.
QUOTED_CHARACTERS = 80
# Keeps writes apart that say the same: two programs with one key, at one millisecond.
WRITE_NONCE_BYTES = 8
# How far from our clock a node may date a body that we sign: clocks differ by minutes, or by hours where a time zone is
# set wrong. What is further off is a mistake or a lie.
MAX_CLOCK_OFF_MS = 86_400_000
# Below the 5 minutes that nodes allow, so that a clock may be off by minutes.
TOKEN_SECONDS = 60
# How long a connection and its handshake may take.
DIAL_SECONDS = 15.0
# Ends a call: more than the 30 seconds that a read may wait.
CALL_SECONDS = 60.0
# When a watch counts as lost: nodes give a sign of life every 15 seconds.
SILENCE_SECONDS = 40.0
# The wait before a lost watch, or fetch, is asked for again.
MIN_BACKOFF_SECONDS = 0.1
MAX_BACKOFF_SECONDS = 5.0
# Ends a fetch that does not come further: two sides that differ, and nothing that arrives.
MAX_IDLE_ROUNDS = 5
