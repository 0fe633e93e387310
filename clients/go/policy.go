package causeway

// Decides who may write each entry of a tree as it is fetched.

import (
	"bytes"
	"maps"
	"slices"

	causewayv1 "github.com/causeway-sync/causeway/clients/go/causeway/v1"
)

// policies decides, for each entry of a tree in turn, whether it stands on the right policy entries and whether its
// author may write it. The verdict depends on the entry's ancestors alone. docs/protocol.md, "Policy", defines the words.
type policies struct {
	root ID
	// placed has every entry, changes only the policy entries.
	placed  map[ID]placed
	changes map[ID]*policyEntry
	points  map[string]*point
}

// placed is what is remembered of every entry.
type placed struct {
	// after is the point of an entry that has this one as its only parent.
	after  *point
	author PeerID
}

type policyEntry struct {
	position
	author PeerID
	// point is what the entry stands on; nil for the root.
	point    *point
	change   *causewayv1.PolicyChange
	supports []ID
}

type position struct {
	height uint64
	id     ID
}

func (a position) compare(b position) int {
	if a.height != b.height {
		if a.height < b.height {
			return -1
		}
		return 1
	}
	return bytes.Compare(a.id[:], b.id[:])
}

// A point is a set of policy entries, none below another. Equal points are one.
type point struct {
	ids     []ID
	closure set
	state   *policyState
}

type set map[ID]struct{}

func (set set) has(id ID) bool {
	_, has := set[id]
	return has
}

func newPolicies(root ID) *policies {
	return &policies{root, map[ID]placed{}, map[ID]*policyEntry{}, map[string]*point{}}
}

// take adds an entry whose parents are there. It fails with EntryPolicy or EntryForbidden.
func (all *policies) take(entry *Entry) error {
	body := entry.Body
	var change *causewayv1.PolicyChange
	for _, each := range body.Changes {
		if each.Store == policyStore {
			change, _ = readPolicy(each.Payload) // VerifyEntry has read it.
		}
	}
	place := position{body.Height, entry.ID}
	if entry.ID == all.root {
		all.add(&policyEntry{place, entry.Author(), nil, change, nil})
		return nil
	}
	point, err := all.pointOf(body.Parents)
	if err != nil {
		return err
	}
	names := bytesOf(point.ids)
	if len(point.ids) == 1 && point.ids[0] == all.root {
		names = nil
	}
	if !slices.EqualFunc(names, body.Policy, bytes.Equal) {
		return newError(EntryPolicy, "The entry %s does not name the policy entries that its parents imply.", entry.ID)
	}
	needed := causewayv1.Permission_PERMISSION_WRITE
	if change != nil {
		needed = causewayv1.Permission_PERMISSION_ADMIN
	}
	state, err := all.stateAt(point)
	if err != nil {
		return err
	}
	if state.permission(entry.Author()) < needed {
		return newError(EntryForbidden, "The author of the entry %s had no right to write it.", entry.ID)
	}
	if change == nil {
		all.placed[entry.ID] = placed{point, entry.Author()}
		return nil
	}
	for _, key := range change.Keys {
		for _, last := range key.LastAccepted {
			isParent := slices.ContainsFunc(body.Parents, func(parent []byte) bool { return bytes.Equal(parent, last) })
			if !isParent || all.placed[ID(last)].author != PeerID(key.Peer) {
				return newError(EntryPolicy, "The last entries of a revoked key are its own, and parents of the entry that revokes it.")
			}
		}
	}
	judged := all.judge(point.closure)
	own := &policyEntry{place, entry.Author(), point, change, all.supportsOf(judged, point.closure, entry.Author())}
	return all.add(own)
}

func (all *policies) add(entry *policyEntry) error {
	all.changes[entry.id] = entry
	after, err := all.intern([]ID{entry.id})
	all.placed[entry.id] = placed{after, entry.author}
	return err
}

// pointOf returns the point of an entry with these parents.
func (all *policies) pointOf(parents [][]byte) (*point, error) {
	union, first := set{}, all.placed[ID(parents[0])].after
	for _, parent := range parents {
		after := all.placed[ID(parent)].after
		if after != first {
			first = nil
		}
		for _, id := range after.ids {
			union[id] = struct{}{}
		}
	}
	if first != nil {
		return first, nil
	}
	for id := range maps.Clone(union) {
		for other := range union {
			if other != id && all.placed[other].after.closure.has(id) {
				delete(union, id)
				break
			}
		}
	}
	return all.intern(slices.SortedFunc(maps.Keys(union), func(a, b ID) int { return bytes.Compare(a[:], b[:]) }))
}

// intern returns the point of these policy entries, which ascend.
func (all *policies) intern(ids []ID) (*point, error) {
	name := string(bytes.Join(bytesOf(ids), nil))
	if known, has := all.points[name]; has {
		return known, nil
	}
	closure, revocations, keys, links := set{}, 0, 0, 0
	for open := slices.Clone(ids); len(open) > 0; {
		id := open[len(open)-1]
		open = open[:len(open)-1]
		if closure.has(id) {
			continue
		}
		closure[id] = struct{}{}
		entry := all.changes[id]
		keys += len(entry.change.Keys)
		for _, key := range entry.change.Keys {
			if key.Revoked {
				revocations++
			}
		}
		if entry.point != nil {
			links += len(entry.point.ids)
			open = append(open, entry.point.ids...)
		}
	}
	if len(ids) > maxPolicies || len(closure) > maxPolicyEntries || revocations > maxRevocations || keys > maxPolicyNames || links > maxPolicyLinks {
		return nil, newError(EntryPolicy, "The policy that the entry stands on is larger than a policy may be.")
	}
	if revocations > 0 && len(closure) > maxJudged {
		return nil, newError(LimitExceeded, "This client judges policies with revocations of at most %d entries, got %d.", maxJudged, len(closure))
	}
	known := &point{ids: ids, closure: closure}
	all.points[name] = known
	return known, nil
}

// policyState is who may do what.
type policyState struct {
	public causewayv1.PublicAccess
	keys   map[PeerID]*causewayv1.PolicyKey
}

func (state *policyState) permission(peer PeerID) causewayv1.Permission {
	// What everybody may do counts one more than the same right of a key.
	open := causewayv1.Permission(max(state.public-1, 0))
	key := state.keys[peer]
	switch {
	case key == nil:
		return open
	case key.Revoked:
		return min(open, causewayv1.Permission_PERMISSION_READ)
	}
	return max(open, key.Permission)
}

// stateAt applies the effective entries of a point's closure, in their order.
func (all *policies) stateAt(at *point) (*policyState, error) {
	if at.state != nil {
		return at.state, nil
	}
	judged := all.judge(at.closure)
	state := &policyState{keys: map[PeerID]*causewayv1.PolicyKey{}}
	for _, entry := range all.ordered(at.closure) {
		standing := judged[entry.id].standing
		for _, key := range entry.change.Keys {
			if standing == full || (standing == revokes && key.Revoked) {
				state.keys[PeerID(key.Peer)] = key
			}
		}
		if standing == full && entry.change.PublicAccess != 0 {
			state.public = entry.change.PublicAccess
		}
	}
	at.state = state
	return state, nil
}

func (all *policies) ordered(closure set) []*policyEntry {
	entries := make([]*policyEntry, 0, len(closure))
	for id := range closure {
		entries = append(entries, all.changes[id])
	}
	slices.SortFunc(entries, func(a, b *policyEntry) int { return a.compare(b.position) })
	return entries
}
