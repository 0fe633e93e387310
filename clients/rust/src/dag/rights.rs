//! Who may write a tree: decides, for each entry in turn, whether it stands on the right policy entries and whether its
//! author may write it. The verdict depends on the entry's ancestors alone. `docs/protocol.md`, "Policy", defines the
//! words.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use crate::{
    dag::{
        entry::Entry,
        id::{Id, PeerId},
        judge::Standing,
        policy::{self, POLICY_STORE},
    },
    error::{Code, Error, Result},
    proto::{Permission, PolicyChange, PublicAccess},
};

const MEMBERS: usize = 64;
const CLOSURE: usize = 8192;
const REVOCATIONS: usize = 512;
const NAMES: usize = 65_536;
const LINKS: usize = 32_768;
/// The client's own bound: with revocations, judging takes time by the square of this, for each policy entry.
const JUDGED: usize = 1024;

/// The entries of one tree, so far.
pub(crate) struct Rights {
    root: Id,
    placed: HashMap<Id, Placed>,
    /// The policy entries, by number, in the order in which they came.
    pub(super) entries: Vec<PolicyEntry>,
    points: HashMap<Vec<usize>, Arc<Point>>,
}

/// What is remembered of every entry.
struct Placed {
    height: u64,
    author: PeerId,
    /// The point of an entry that has this one as its only parent.
    after: Arc<Point>,
}

pub(super) struct PolicyEntry {
    pub id: Id,
    pub height: u64,
    pub author: PeerId,
    /// What the entry stands on; none for the root.
    pub point: Option<Arc<Point>>,
    pub change: PolicyChange,
    /// The grants of admin on which it rests.
    pub supports: Vec<usize>,
}

/// A set of policy entries, none below another. Equal points are one.
pub(super) struct Point {
    members: Vec<usize>,
    pub closure: Bits,
    /// What authors may do here, as far as it was asked.
    permissions: Mutex<HashMap<PeerId, i32>>,
}

/// A set of numbers.
#[derive(Clone, Default)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub fn has(&self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    fn add(&mut self, number: usize) {
        self.0.resize(self.0.len().max(number / 64 + 1), 0);
        self.0[number / 64] |= 1 << (number % 64);
    }

    fn add_all(&mut self, others: &Bits) {
        self.0.resize(self.0.len().max(others.0.len()), 0);
        self.0.iter_mut().zip(&others.0).for_each(|(word, other)| *word |= other);
    }

    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.0.len() * 64).filter(|number| self.has(*number))
    }
}

fn refuse<T>(code: Code, message: String) -> Result<T> {
    Err(Error::new(code, message))
}

impl Rights {
    pub fn new(root: Id) -> Rights {
        Rights { root, placed: HashMap::new(), entries: Vec::new(), points: HashMap::new() }
    }

    pub fn len(&self) -> usize {
        self.placed.len()
    }

    /// Returns the height of an entry that is here.
    pub fn height(&self, id: &Id) -> Option<u64> {
        Some(self.placed.get(id)?.height)
    }

    /// Takes an entry whose parents are here. Fails with `ENTRY_POLICY` or `ENTRY_FORBIDDEN`.
    pub fn take(&mut self, entry: &Entry) -> Result<()> {
        let body = entry.body();
        let said = body.changes.iter().find(|change| change.store == POLICY_STORE);
        let change = said.map(|change| policy::decode(&change.payload)).transpose()?;
        if entry.id() == self.root {
            return self.add(entry, None, change.unwrap_or_default(), Vec::new());
        }
        let point = self.point_of(&body.parents)?;
        let mut named: Vec<Id> = point.members.iter().map(|&member| self.entries[member].id).collect();
        named.sort_unstable();
        if named == [self.root] {
            named.clear();
        }
        if named != body.policy {
            let message = format!("{} does not name the policy entries that its parents imply.", entry.id());
            return refuse(Code::EntryPolicy, message);
        }
        let needed = if change.is_some() { Permission::Admin } else { Permission::Write };
        if self.permission(&point, &entry.author()) < needed as i32 {
            let message = format!("The author of {} had no right to write it.", entry.id());
            return refuse(Code::EntryForbidden, message);
        }
        let Some(change) = change else {
            let placed = Placed { height: body.height, author: entry.author(), after: point };
            self.placed.insert(entry.id(), placed);
            return Ok(());
        };
        self.check_last_accepted(entry, &change)?;
        let supports = self.supports_of(&point.closure, &entry.author());
        self.add(entry, Some(point), change, supports)
    }

    fn check_last_accepted(&self, entry: &Entry, change: &PolicyChange) -> Result<()> {
        for (key, last) in change.keys.iter().flat_map(|key| key.last_accepted.iter().map(move |last| (key, last))) {
            let id = Id::try_from(last.as_slice())?;
            let by_key = self.placed.get(&id).is_some_and(|placed| placed.author.0.as_slice() == key.peer);
            if !by_key || !entry.body().parents.contains(&id) {
                let message =
                    "The last entries of a revoked key are its own, and parents of the entry that revokes it.";
                return refuse(Code::EntryPolicy, message.into());
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        entry: &Entry,
        point: Option<Arc<Point>>,
        change: PolicyChange,
        supports: Vec<usize>,
    ) -> Result<()> {
        let (id, height, author) = (entry.id(), entry.body().height, entry.author());
        self.entries.push(PolicyEntry { id, height, author, point, change, supports });
        let after = self.intern(vec![self.entries.len() - 1]).inspect_err(|_| {
            self.entries.pop();
        })?;
        self.placed.insert(id, Placed { height, author, after });
        Ok(())
    }

    /// Returns what is after an entry: its point, and itself if it is a policy entry.
    pub(super) fn after(&self, id: &Id) -> Option<&Arc<Point>> {
        Some(&self.placed.get(id)?.after)
    }

    fn after_number(&self, number: usize) -> &Arc<Point> {
        &self.placed[&self.entries[number].id].after
    }

    /// Returns the point of an entry with these parents.
    fn point_of(&mut self, parents: &[Id]) -> Result<Arc<Point>> {
        let afters: Vec<&Arc<Point>> = parents.iter().filter_map(|parent| self.after(parent)).collect();
        if afters.windows(2).all(|pair| Arc::ptr_eq(pair[0], pair[1])) {
            return Ok(afters[0].clone());
        }
        let mut union: Vec<usize> = afters.iter().flat_map(|after| after.members.iter().copied()).collect();
        union.sort_unstable();
        union.dedup();
        let below =
            |member: usize| union.iter().any(|&other| other != member && self.after_number(other).closure.has(member));
        let tips = union.iter().copied().filter(|&member| !below(member)).collect();
        self.intern(tips)
    }

    /// Returns the point of these policy entries, which ascend by number.
    fn intern(&mut self, members: Vec<usize>) -> Result<Arc<Point>> {
        if let Some(known) = self.points.get(&members) {
            return Ok(known.clone());
        }
        let mut closure = Bits::default();
        for &member in &members {
            if let Some(point) = &self.entries[member].point {
                closure.add_all(&point.closure);
            }
            closure.add(member);
        }
        let (mut count, mut revocations, mut names, mut links) = (0, 0, 0, 0);
        for entry in closure.iter().map(|number| &self.entries[number]) {
            count += 1;
            names += entry.change.keys.len();
            revocations += entry.change.keys.iter().filter(|key| key.revoked).count();
            links += entry.point.as_ref().map_or(0, |point| point.members.len());
        }
        let fits = members.len() <= MEMBERS && count <= CLOSURE && links <= LINKS;
        if !fits || revocations > REVOCATIONS || names > NAMES {
            return refuse(Code::EntryPolicy, "The policy that the entry stands on is larger than it may be.".into());
        }
        if revocations > 0 && count > JUDGED {
            let message = format!("This client judges policies with revocations of {JUDGED} entries, got {count}.");
            return refuse(Code::LimitExceeded, message);
        }
        let point = Arc::new(Point { members: members.clone(), closure, permissions: Mutex::default() });
        self.points.insert(members, point.clone());
        Ok(point)
    }

    /// Returns what an author may do at a point, as a `Permission`.
    fn permission(&self, point: &Point, author: &PeerId) -> i32 {
        let mut known = point.permissions.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        *known.entry(*author).or_insert_with(|| self.find_permission(&point.closure, author))
    }

    fn find_permission(&self, closure: &Bits, author: &PeerId) -> i32 {
        let judged = self.judge(closure);
        let (mut public, mut own) = (0, None);
        for number in self.ordered(closure) {
            let (standing, change) = (judged[number].standing, &self.entries[number].change);
            for key in change.keys.iter().filter(|key| key.peer == author.0) {
                if standing == Standing::Full || (standing == Standing::Revokes && key.revoked) {
                    own = Some((key.permission, key.revoked));
                }
            }
            if standing == Standing::Full && change.public_access != PublicAccess::Unspecified as i32 {
                public = change.public_access;
            }
        }
        // What everybody may do counts one more than the same right of a key.
        let open = (public - 1).max(0);
        match own {
            None => open,
            Some((_, true)) => open.min(Permission::Read as i32),
            Some((permission, false)) => open.max(permission),
        }
    }

    /// Returns the members of a closure in (height, id) order.
    pub(super) fn ordered(&self, closure: &Bits) -> Vec<usize> {
        let mut numbers: Vec<usize> = closure.iter().collect();
        numbers.sort_unstable_by_key(|&number| (self.entries[number].height, self.entries[number].id));
        numbers
    }
}
