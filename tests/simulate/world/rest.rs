//! Rest: nothing fails any more, and everybody syncs until nothing is left to do.

use std::collections::BTreeSet;

use memsync::object::ContentHash;

use super::World;
use crate::commands::Ended;
use crate::history::{Command, Run};
use crate::invariants;

/// What people decide, in turns.
const DECISIONS: [Command; 4] = [Command::Theirs, Command::Ours, Command::Merged(0), Command::Theirs];

impl World {
    /// Brings the world to rest and holds it to what must be true there.
    pub(super) fn rest(&self) {
        if self.right_server.borrow().is_some() {
            self.swap();
        }
        // Conflicts are ended as they come up: each device's own edits can collide once with what the server has by then.
        let passes = 2 * self.devices.len() + 2;
        let mut decision = 0;
        let is_calm = (0..passes).any(|pass| {
            // What one puts right can be a rewind to another, who has seen the same in another order: somebody gives in.
            self.takes_rewinds.set(pass > 0);
            let had_conflicts = self.devices.iter().map(|device| self.settle(device.number, &mut decision));
            let conflicts = had_conflicts.filter(|had| *had).count();
            self.is_broken() || conflicts == 0
        });
        if self.is_broken() {
            return;
        }
        if !is_calm {
            return self
                .say("everybody_converges", format!("there still are conflicts after {passes} rounds"));
        }
        // One more round brings what the last of them sent to the first.
        self.takes_rewinds.set(true);
        for device in 0..self.devices.len() {
            self.sync(device);
        }
        if !self.is_broken() {
            invariants::at_rest(self);
        }
        self.takes_rewinds.set(false);
    }

    /// Syncs and ends the conflicts; whether there were any.
    fn settle(&self, device: usize, decision: &mut usize) -> bool {
        let had_conflicts = self.sync(device) > 0;
        if had_conflicts {
            *decision += 1;
            let command = match DECISIONS[*decision % DECISIONS.len()] {
                Command::Merged(_) => {
                    Command::Merged(900_000 + u32::try_from(self.clock.get()).unwrap_or_default())
                }
                other => other,
            };
            self.clock.set(self.clock.get() + 1);
            self.run_watched(&Run::new(device, command));
            self.sync(device);
        }
        had_conflicts
    }

    /// One run, insisting where a brake stops it; how many conflicts wait.
    pub(crate) fn sync(&self, device: usize) -> usize {
        self.sync_and_tell(device).len()
    }

    /// The same; which conflicts wait.
    pub(super) fn sync_and_tell(&self, device: usize) -> BTreeSet<ContentHash> {
        self.clock.set(self.clock.get() + 1);
        let run = Run { insists: true, ..Run::new(device, Command::Sync) };
        match self.run_watched(&run) {
            Ended::Done { conflicts, .. } => conflicts,
            ended => {
                self.say("everybody_converges", format!("a sync at rest ended with {ended:?}"));
                BTreeSet::new()
            }
        }
    }
}
