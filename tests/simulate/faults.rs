//! What goes wrong on the way to a side, and a record of all that memsync asked of it.
//!
//! Guarantees: a fault strikes once, at the first tick from its moment on at which it can; what happens meanwhile happens
//! at its moment; all edits are noted with what the place held before and after, whatever memsync was told.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::panic;
use std::rc::Rc;

use memsync::object::{ContentHash, Edit, Memory, Outcome, Refusal, SideName};
use memsync::side::{self, Cause, Found, Replaced, Side, Witness};

use crate::commands::Noted;
use crate::history::{Fault, FaultKind, Moment, Step};
use crate::place::Place;

/// What a killed program unwinds with.
pub(crate) struct Killed;

/// One edit as it was asked for, and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub side: SideName,
    pub key: ContentHash,
    pub edit: Edit,
    pub before: Option<Memory>,
    pub after: Option<Memory>,
    /// Whether memsync was told that it is done.
    pub is_done: bool,
    /// What was there when it was read back, where it was.
    pub read_back: Option<Memory>,
}

/// One run of a command as it is watched: its ticks, its fault, and what it does.
pub(crate) struct Watch<'a> {
    pub ticks: Cell<u32>,
    /// At which tick it began to write.
    writing_since: Cell<Option<u32>>,
    fault: Cell<Option<Fault>>,
    during: RefCell<Vec<(Moment, Step)>>,
    /// Carries out what happens meanwhile.
    happen: &'a dyn Fn(Step),
    pub seen: RefCell<Vec<Seen>>,
    /// The memories that a side was asked for directly, and did not have.
    pub absent: RefCell<BTreeSet<(SideName, ContentHash)>>,
    /// How often a side was asked anything.
    pub calls: Cell<usize>,
    /// Whether the fault has struck, or anything happened meanwhile.
    pub is_disturbed: Cell<bool>,
    /// The plans that it made.
    pub noted: RefCell<Vec<Noted>>,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(fault: Option<Fault>, during: &[(Moment, Step)], happen: &'a dyn Fn(Step)) -> Self {
        Self {
            ticks: Cell::new(0),
            writing_since: Cell::new(None),
            fault: Cell::new(fault),
            during: RefCell::new(during.to_vec()),
            happen,
            seen: RefCell::default(),
            absent: RefCell::default(),
            calls: Cell::new(0),
            is_disturbed: Cell::new(false),
            noted: RefCell::default(),
        }
    }

    /// One tick: what is due happens, and the program may be killed.
    pub(crate) fn tick(&self) {
        let now = self.ticks.get();
        self.ticks.set(now + 1);
        loop {
            let mut during = self.during.borrow_mut();
            let Some(at) = during.iter().position(|(moment, _)| self.is_due(*moment, now)) else { break };
            let (_, step) = during.remove(at);
            drop(during);
            self.is_disturbed.set(true);
            (self.happen)(step);
        }
        self.die_if_due();
    }

    /// Whether a moment has come at a tick.
    fn is_due(&self, moment: Moment, tick: u32) -> bool {
        match moment {
            Moment::Tick(at) => at <= tick,
            Moment::Writing(after) => self.writing_since.get().is_some_and(|since| since + after <= tick),
            // The place itself counts requests.
            Moment::Request(_) => false,
        }
    }

    /// The same as a tick where nothing else can happen, as inside a transaction.
    pub(crate) fn quiet_tick(&self) {
        self.ticks.set(self.ticks.get() + 1);
        self.die_if_due();
    }

    fn die_if_due(&self) {
        if self.strikes(&[FaultKind::Kill]).is_some() {
            panic::resume_unwind(Box::new(Killed));
        }
    }

    /// The fault, if it is due and one of `kinds`; it is used up.
    fn strikes(&self, kinds: &[FaultKind]) -> Option<FaultKind> {
        let is_due = |fault: &Fault| self.is_due(fault.from, self.ticks.get()) && kinds.contains(&fault.kind);
        let fault = self.fault.get().filter(is_due)?;
        self.fault.set(None);
        self.is_disturbed.set(true);
        Some(fault.kind)
    }
}

/// Notes what a place holds of a memory.
pub(crate) type Hold<'a> = Box<dyn Fn(&ContentHash, Option<&Memory>) + 'a>;

/// A side that is watched.
pub(crate) struct Watched<'a> {
    pub name: SideName,
    pub inner: Box<dyn Side>,
    pub place: Rc<dyn Place>,
    /// Notes what the place holds.
    pub hold: Hold<'a>,
    pub watch: &'a Watch<'a>,
}

impl Watched<'_> {
    /// Counts a call, and fails it where that is due.
    pub(crate) fn call(&self) -> Result<(), side::Error> {
        self.watch.calls.set(self.watch.calls.get() + 1);
        let kinds: &[FaultKind] = match self.name {
            SideName::Local => &[FaultKind::Busy],
            SideName::Remote => &[FaultKind::Lost, FaultKind::Unauthorized, FaultKind::Garbled],
        };
        self.watch.strikes(kinds).map_or(Ok(()), |kind| Err(error(kind)))
    }

    fn apply_some(&mut self, edits: Vec<Edit>, witness: &mut dyn Witness) -> Result<(), side::Error> {
        let before: Vec<_> = edits.iter().map(|edit| self.place.memory(&edit.key)).collect();
        let mut told = Vec::new();
        let result = self.strike(edits.clone(), witness, &mut told);
        for (edit, before) in edits.into_iter().zip(before) {
            let after = self.place.memory(&edit.key);
            // At once: others may read it before this run ends.
            (self.hold)(&edit.key, after.as_ref());
            let is_done =
                told.iter().any(|(key, told)| *key == edit.key && matches!(told, Outcome::Done { .. }));
            let seen = Seen {
                side: self.name,
                key: edit.key.clone(),
                edit,
                before,
                after,
                is_done,
                read_back: None,
            };
            self.watch.seen.borrow_mut().push(seen);
        }
        result?;
        self.watch.tick();
        // A server is read again to see what it holds: somebody else may have written by then.
        if self.name == SideName::Remote && self.place.edits_at_once() == 1 {
            for (key, outcome) in &mut told {
                if let Outcome::Done { now } = outcome {
                    *now = self.place.memory(key);
                    let mut seen = self.watch.seen.borrow_mut();
                    let last = seen.iter_mut().rfind(|seen| seen.side == self.name && seen.key == *key);
                    if let Some(last) = last {
                        last.read_back.clone_from(now);
                        last.is_done &= last.after == *now;
                    }
                }
            }
        }
        for (key, outcome) in told {
            witness.report(key, outcome);
        }
        Ok(())
    }

    /// Carries edits out, or what the fault makes of that; `told` is what the answer says.
    fn strike(
        &mut self,
        edits: Vec<Edit>,
        witness: &mut dyn Witness,
        told: &mut Vec<(ContentHash, Outcome)>,
    ) -> Result<(), side::Error> {
        let kinds: &[FaultKind] = match self.name {
            SideName::Local => &[FaultKind::Full],
            SideName::Remote => &[
                FaultKind::Unanswered,
                FaultKind::Doubled,
                FaultKind::Failed,
                FaultKind::FailedAfter,
                FaultKind::Refused,
                FaultKind::Ignored,
            ],
        };
        let fault = self.watch.strikes(kinds);
        let keys: Vec<ContentHash> = edits.iter().map(|edit| edit.key.clone()).collect();
        let failed = |key| (key, Outcome::Failed { reason: "the server is busy".to_owned() });
        match fault {
            Some(FaultKind::Full) => return Err(error(FaultKind::Full)),
            Some(FaultKind::Failed) => told.extend(keys.into_iter().map(failed)),
            Some(FaultKind::Refused) => told.extend(
                keys.into_iter()
                    .map(|key| (key, Outcome::Refused(Refusal::Rejected("it is too long".to_owned())))),
            ),
            Some(FaultKind::Ignored) => told.extend(keys.into_iter().map(|key| {
                let now = self.place.memory(&key);
                (key, Outcome::Done { now })
            })),
            _ => {
                let mut notes = Notes { witness, told, watch: self.watch };
                self.inner.apply(edits.clone(), &mut notes)?;
            }
        }
        match fault {
            Some(FaultKind::Unanswered) => {
                told.clear();
                return Err(error(FaultKind::Unanswered));
            }
            Some(FaultKind::FailedAfter) => {
                for (key, outcome) in told.iter_mut() {
                    *outcome = failed(key.clone()).1;
                }
            }
            Some(FaultKind::Doubled) => self.inner.apply(edits, &mut |_, _| {})?,
            _ => {}
        }
        Ok(())
    }
}

/// Takes down what a side answers; memsync is told once the place has been looked at.
struct Notes<'a> {
    witness: &'a mut dyn Witness,
    told: &'a mut Vec<(ContentHash, Outcome)>,
    watch: &'a Watch<'a>,
}

impl Witness for Notes<'_> {
    fn keep(&mut self, replaced: Vec<Replaced>) -> Result<(), Cause> {
        self.watch.quiet_tick();
        self.witness.keep(replaced)?;
        self.watch.quiet_tick();
        Ok(())
    }

    fn report(&mut self, key: ContentHash, outcome: Outcome) {
        self.told.push((key, outcome));
    }
}

impl Side for Watched<'_> {
    fn snapshot(&mut self, visit: &mut dyn FnMut(Found) -> ControlFlow<()>) -> Result<(), side::Error> {
        self.call()?;
        let watch = self.watch;
        self.inner.snapshot(&mut |found| {
            watch.tick();
            if watch.strikes(&[FaultKind::Missed]).is_some() {
                ControlFlow::Continue(())
            } else {
                visit(found)
            }
        })?;
        watch.tick();
        self.call()
    }

    fn get(&mut self, keys: &[ContentHash]) -> Result<Vec<Option<Found>>, side::Error> {
        self.watch.tick();
        self.call()?;
        let answers = self.inner.get(keys)?;
        let unknown = keys.iter().zip(&answers).filter(|(_, answer)| answer.is_none());
        self.watch.absent.borrow_mut().extend(unknown.map(|(key, _)| (self.name, key.clone())));
        Ok(answers)
    }

    fn apply(&mut self, edits: Vec<Edit>, witness: &mut dyn Witness) -> Result<(), side::Error> {
        let mut rest = edits;
        if !rest.is_empty() && self.watch.writing_since.get().is_none() {
            self.watch.writing_since.set(Some(self.watch.ticks.get()));
        }
        self.place.begin_writing();
        while !rest.is_empty() {
            let later = rest.split_off(self.place.edits_at_once().min(rest.len()));
            self.watch.tick();
            self.call()?;
            self.apply_some(rest, witness)?;
            rest = later;
        }
        Ok(())
    }
}

/// What a fault makes a side say.
fn error(kind: FaultKind) -> side::Error {
    let address = "http://server.example".to_owned();
    let cause: Cause = format!("{kind:?}").into();
    let path = "memories.db".into();
    match kind {
        FaultKind::Unauthorized => side::Error::Unauthorized { address, detail: "wrong key".to_owned() },
        FaultKind::Garbled => side::Error::Protocol { address, detail: "not JSON".to_owned() },
        FaultKind::Busy => side::Error::Busy { path, cause },
        FaultKind::Full => side::Error::Unwritable { path, cause },
        _ => side::Error::Unreachable { address, cause },
    }
}
