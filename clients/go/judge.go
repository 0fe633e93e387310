package causeway

// Decides which entries of a policy count. docs/protocol.md has the rules.

import (
	"cmp"
	"slices"

	causewayv1 "github.com/causeway-sync/causeway/clients/go/causeway/v1"
)

// standing says what counts of a policy entry: nothing, its revocations, or everything.
type standing int

const (
	void standing = iota
	revokes
	full
)

// verdict is what a closed set of policy entries says about one of them. A lower level is more senior.
type verdict struct {
	standing standing
	level    int
}

// judge decides the standings in a closed set, level by level from the root down. It leaves out what is void.
func (all *policies) judge(closure set) map[ID]verdict {
	judged := make(map[ID]verdict, len(closure))
	entries := all.ordered(closure)
	revocations := slices.DeleteFunc(slices.Clone(entries), func(entry *policyEntry) bool {
		return !slices.ContainsFunc(entry.change.Keys, (*causewayv1.PolicyKey).GetRevoked)
	})
	undecided := entries
	for level := 0; len(undecided) > 0; level++ {
		var candidates, others []*policyEntry
		for _, entry := range undecided {
			if all.levelOf(entry, judged) == level {
				candidates = append(candidates, entry)
			} else {
				others = append(others, entry)
			}
		}
		// Entries of a level may only follow those of the level above.
		if len(candidates) == 0 {
			break
		}
		undecided = others
		for _, entry := range candidates {
			if !all.isHit(entry, revocations, judged, func(its int) bool { return its < level }) {
				judged[entry.id] = verdict{revokes, level}
			}
		}
		for _, entry := range candidates {
			_, stands := judged[entry.id]
			if stands && !all.isHit(entry, revocations, judged, func(its int) bool { return its == level }) {
				judged[entry.id] = verdict{full, level}
			}
		}
	}
	return judged
}

// levelOf returns the level at which an entry is a candidate, or -1 if it is none yet: one below the most senior of its
// supports that are fully effective.
func (all *policies) levelOf(entry *policyEntry, judged map[ID]verdict) int {
	if entry.id == all.root {
		return 0
	}
	least := -1
	for _, support := range entry.supports {
		if its, stands := judged[support]; stands && its.standing == full && (least < 0 || its.level+1 < least) {
			least = its.level + 1
		}
	}
	return least
}

// isHit reports whether an effective revocation of such a level hits an entry.
func (all *policies) isHit(entry *policyEntry, revocations []*policyEntry, judged map[ID]verdict, isLevel func(int) bool) bool {
	for _, by := range revocations {
		its, stands := judged[by.id]
		if !stands || !isLevel(its.level) || by == entry || (entry.point != nil && entry.point.closure.has(by.id)) {
			continue
		}
		for _, key := range by.change.Keys {
			if key.Revoked && PeerID(key.Peer) == entry.author && !all.isAccepted(entry, key) {
				return true
			}
		}
	}
	return false
}

// isAccepted reports whether an entry is one of the last that stay valid, or an ancestor of one. Ancestors that are
// policy entries are found by the points alone.
func (all *policies) isAccepted(entry *policyEntry, key *causewayv1.PolicyKey) bool {
	return slices.ContainsFunc(key.LastAccepted, func(last []byte) bool {
		return all.placed[ID(last)].after.closure.has(entry.id)
	})
}

// supportsOf returns the grants of admin to an author on which its policy entry stands: those in the closure that are
// fully effective and not taken back there, the eight most senior ones.
func (all *policies) supportsOf(judged map[ID]verdict, closure set, author PeerID) []ID {
	var grants, takers []*policyEntry
	for _, entry := range all.ordered(closure) {
		its := judged[entry.id].standing
		for _, key := range entry.change.Keys {
			isAdmin := key.Permission == causewayv1.Permission_PERMISSION_ADMIN
			switch {
			case PeerID(key.Peer) != author || its == void:
			case key.Revoked || (its == full && !isAdmin):
				takers = append(takers, entry)
			case its == full:
				grants = append(grants, entry)
			}
		}
	}
	grants = slices.DeleteFunc(grants, func(grant *policyEntry) bool {
		return slices.ContainsFunc(takers, func(taker *policyEntry) bool {
			return taker != grant && all.placed[taker.id].after.closure.has(grant.id)
		})
	})
	// They are in the order of height and id already.
	slices.SortStableFunc(grants, func(a, b *policyEntry) int { return cmp.Compare(judged[a.id].level, judged[b.id].level) })
	supports := []ID{}
	for _, grant := range grants[:min(len(grants), maxSupports)] {
		supports = append(supports, grant.id)
	}
	return supports
}
