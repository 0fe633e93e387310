//! What counts of each policy entry in a closed set of them: everything, its revocations alone, or nothing.

use crate::{
    dag::{
        id::{Id, PeerId},
        rights::{Bits, PolicyEntry, Rights},
    },
    proto::{Permission, PolicyKey},
};

/// How many grants the right of an admin rests on at most.
const SUPPORTS: usize = 8;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    Void,
    Revokes,
    Full,
}

/// What a closed set says about one of its entries. A lower level is more senior.
#[derive(Clone, Copy)]
pub(super) struct Verdict {
    pub standing: Standing,
    level: usize,
}

const VOID: Verdict = Verdict { standing: Standing::Void, level: 0 };

impl Rights {
    /// Decides the standings in a closed set, level by level from the root down. Returns them by number.
    pub(super) fn judge(&self, closure: &Bits) -> Vec<Verdict> {
        let mut judged = vec![VOID; self.entries.len()];
        let mut undecided: Vec<usize> = closure.iter().collect();
        let revokes = |number: &usize| self.entries[*number].change.keys.iter().any(|key| key.revoked);
        let revocations: Vec<usize> = undecided.iter().copied().filter(revokes).collect();
        for level in 0.. {
            let (candidates, others): (Vec<_>, Vec<_>) =
                undecided.iter().partition(|&&number| self.level_of(number, &judged) == Some(level));
            // Entries of a level may only follow those of the level above.
            if candidates.is_empty() {
                break;
            }
            undecided = others;
            let standing: Vec<usize> = candidates
                .into_iter()
                .filter(|&number| !self.is_hit(number, &revocations, &judged, |its| its < level))
                .collect();
            for &number in &standing {
                judged[number] = Verdict { standing: Standing::Revokes, level };
            }
            for number in standing {
                if !self.is_hit(number, &revocations, &judged, |its| its == level) {
                    judged[number].standing = Standing::Full;
                }
            }
        }
        judged
    }

    /// Returns the level at which an entry is a candidate: one below the most senior of its supports that are fully
    /// effective.
    fn level_of(&self, number: usize, judged: &[Verdict]) -> Option<usize> {
        let entry = &self.entries[number];
        if entry.point.is_none() {
            return Some(0);
        }
        let supports = entry.supports.iter().map(|&support| judged[support]);
        supports.filter(|its| its.standing == Standing::Full).map(|its| its.level + 1).min()
    }

    /// Reports whether an effective revocation of such a level hits an entry.
    fn is_hit(
        &self,
        number: usize,
        revocations: &[usize],
        judged: &[Verdict],
        is_level: impl Fn(usize) -> bool,
    ) -> bool {
        let entry = &self.entries[number];
        revocations.iter().any(|&by| {
            let stands = judged[by].standing != Standing::Void && is_level(judged[by].level);
            let below = by == number || entry.point.as_ref().is_some_and(|point| point.closure.has(by));
            stands && !below && self.entries[by].change.keys.iter().any(|key| self.is_named(entry, number, key))
        })
    }

    /// Reports whether a revocation names the entry's author, and the entry is neither one of the last that stay valid
    /// nor an ancestor of one. Ancestors that are policy entries are found by the points alone.
    fn is_named(&self, entry: &PolicyEntry, number: usize, key: &PolicyKey) -> bool {
        let accepted = |last: &Vec<u8>| {
            let id = Id::try_from(last.as_slice()).ok();
            id.and_then(|id| self.after(&id)).is_some_and(|after| after.closure.has(number))
        };
        key.revoked && key.peer == entry.author.0 && !key.last_accepted.iter().any(accepted)
    }

    /// Returns the grants of admin to an author on which its next policy entry rests: those in the closure that are fully
    /// effective and not taken back there, the most senior ones.
    pub(super) fn supports_of(&self, closure: &Bits, author: &PeerId) -> Vec<usize> {
        let judged = self.judge(closure);
        let (mut grants, mut takers) = (Vec::new(), Vec::new());
        for number in self.ordered(closure) {
            let standing = judged[number].standing;
            for key in self.entries[number].change.keys.iter().filter(|key| key.peer == author.0) {
                let is_full = standing == Standing::Full;
                let is_admin = key.permission == Permission::Admin as i32;
                if standing != Standing::Void && (key.revoked || (is_full && !is_admin)) {
                    takers.push(number);
                } else if is_full {
                    grants.push(number);
                }
            }
        }
        let is_taken = |grant: usize| {
            takers.iter().any(|&taker| {
                let point = self.entries[taker].point.as_ref();
                point.is_some_and(|point| point.closure.has(grant))
            })
        };
        grants.retain(|&grant| !is_taken(grant));
        // They are in the order of height and id already.
        grants.sort_by_key(|&grant| judged[grant].level);
        grants.truncate(SUPPORTS);
        grants
    }
}
