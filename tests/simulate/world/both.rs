//! Two people who work at the same time: what comes of it must depend neither on whose work is synced first nor on which
//! of them is where.

use std::collections::{BTreeMap, BTreeSet};

use memsync::object::{ContentHash, Memory};

use super::World;
use crate::history::{Deed, Spot};
use crate::invariants;
use crate::ledger;
use crate::place::Memories;

/// What somebody did to a memory.
pub(crate) type Written = (Option<Memory>, Option<Memory>);

/// What came of the work of two people.
pub(crate) struct Outcome {
    /// What each of them did.
    pub written: [Written; 2],
    /// What each place holds after everybody has synced twice.
    pub held: BTreeMap<Spot, Memories>,
    /// The memories that wait for a decision somewhere.
    pub conflicts: BTreeSet<ContentHash>,
}

impl Outcome {
    /// Whether neither touched what the other did: not one field is both's, and nobody made or deleted the other's memory.
    fn is_independent(&self, keys: [&ContentHash; 2]) -> bool {
        let is_edit = |(before, after): &Written| before.is_some() && after.is_some();
        let [one, other] =
            self.written.each_ref().map(|(before, after)| ledger::differing(before.as_ref(), after.as_ref()));
        keys[0] != keys[1] || self.written.iter().all(is_edit) && one.is_disjoint(&other)
    }
}

impl World {
    /// Lets two people work in each order and in each other's place, and puts all back as it was.
    pub(super) fn both(&self, works: &[(Spot, usize, Deed); 2]) {
        let [(here, one, _), (there, other, _)] = works;
        let (Some(_), Some(_)) = (self.place(*here), self.place(*there)) else { return };
        let (Some(one), Some(other)) = (self.keys.get(*one), self.keys.get(*other)) else { return };
        self.rest();
        if self.is_broken() || here == there {
            return;
        }
        let saved = self.save(&self.devices);
        self.takes_rewinds.set(true);
        let order: Vec<usize> = (0..self.devices.len()).collect();
        let first = self.come_of(works, &order);
        self.put_back(&saved);
        if first.is_independent([one, other]) && !(self.shape.never_merge && one == other) {
            let [one, other] = *works;
            let later = self.come_of(&[other, one], &order.iter().rev().copied().collect::<Vec<_>>());
            self.put_back(&saved);
            invariants::independent_edits_commute(self, &first, &later);
        }
        let swapped = [(*there, works[0].1, works[0].2), (*here, works[1].1, works[1].2)];
        let across = |device: usize| match (*here, *there) {
            (Spot::Device(here), Spot::Device(there)) if device == here => there,
            (Spot::Device(here), Spot::Device(there)) if device == there => here,
            _ => device,
        };
        let swapped = self.come_of(&swapped, &order.into_iter().map(across).collect::<Vec<_>>());
        self.put_back(&saved);
        self.takes_rewinds.set(false);
        invariants::roles_are_alike(self, [*here, *there], &first, &swapped);
    }

    /// What comes of two works when the devices sync in this order, twice.
    fn come_of(&self, works: &[(Spot, usize, Deed); 2], order: &[usize]) -> Outcome {
        let written = works.map(|(spot, memory, deed)| {
            let look = || self.place(spot)?.memory(&self.keys[memory]);
            let before = look();
            self.work(spot, memory, deed, true);
            (before, look())
        });
        for device in order {
            self.sync(*device);
        }
        let conflicts = order.iter().flat_map(|device| self.sync_and_tell(*device)).collect();
        Outcome { written, held: self.everything().into_iter().collect(), conflicts }
    }
}
