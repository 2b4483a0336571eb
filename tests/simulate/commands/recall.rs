//! `undo` and `restore`, as `porcelain` and its `shared::recall` carry them out, and `gc`.

use memsync::side::Side;
use memsync::store::Retention;
use memsync::sync::{Recall, Session};

use super::{Doing, Ended, Stop, session, wishes};
use crate::history::{Command, Spot};

impl Doing<'_> {
    pub(super) fn undo(&self) -> Result<Ended, Stop> {
        let with_remote = self.run.command == Command::UndoRemote;
        let store = self.open()?;
        let session = session(self.world, self.device, &store);
        let base = session.base()?;
        let theirs =
            if with_remote { self.fetch(&session, &base.base, true)? } else { session.last_fetched()? };
        let ours = self.read_local(&session, &base.base)?;
        session.record_local(&ours)?;
        self.watch.tick();
        session.settle(&ours, &theirs)?;
        self.watch.tick();
        let Some(run) = session.last_change(with_remote)? else { return Ok(Ended::Nothing) };
        let recall = session.recall_run(run, &ours, &theirs, with_remote)?;
        self.bring_back(&session, &recall, "undo of the sync", with_remote)
    }

    /// `restore --all` from the sync before the last, or from the last where there is none before.
    pub(super) fn restore(&self) -> Result<Ended, Stop> {
        let store = self.open()?;
        let session = session(self.world, self.device, &store);
        let base = session.base()?;
        let Some(last) = base.id else { return Ok(Ended::Nothing) };
        let held = session.held_at(session.sync_before(last)?.unwrap_or(last))?;
        let ours = self.read_local(&session, &base.base)?;
        let theirs = session.last_fetched()?;
        session.record_local(&ours)?;
        self.watch.tick();
        session.settle(&ours, &theirs)?;
        self.watch.tick();
        let recall = session.recall_memories(&held, None, &ours, &theirs)?;
        self.bring_back(&session, &recall, "restore from a sync", false)
    }

    fn bring_back(
        &self,
        session: &Session<'_>,
        recall: &Recall,
        message: &str,
        with_remote: bool,
    ) -> Result<Ended, Stop> {
        if recall.displaced.is_some() {
            return Ok(Ended::Stopped);
        }
        if recall.is_empty() {
            return Ok(Ended::Nothing);
        }
        recall.plan.entries.iter().for_each(|entry| self.world.contest(&entry.key));
        let mut local = self.local()?;
        let mut remote = with_remote.then(|| self.remote(false)).transpose()?;
        let side = remote.as_mut().map(|remote| remote as &mut dyn Side);
        let (report, _) =
            session.execute_recall(recall, message, &mut local, side, &mut |_| self.watch.quiet_tick())?;
        self.watch.tick();
        if let Some(error) = report.error {
            return Err(error.into());
        }
        self.look_again(session)?;
        self.fill();
        Ok(Ended::done())
    }

    /// `gc --prune=now`.
    pub(super) fn collect(&self) -> Result<Ended, Stop> {
        const KEPT: i64 = 90 * 24 * 60 * 60;
        let now = self.world.now(Spot::Device(self.device.number));
        let retention = Retention { objects: Some(now + 1), reflog: now - KEPT };
        self.open()?.collect(retention, &mut |_, _| self.watch.quiet_tick())?;
        Ok(Ended::done())
    }

    /// `tell_what_is_next`.
    fn look_again(&self, session: &Session<'_>) -> Result<(), Stop> {
        let base = session.base()?;
        let ours = self.read_local(session, &base.base)?;
        session.record_local(&ours)?;
        self.watch.tick();
        let proposal = session.propose(base, ours, session.last_fetched()?, wishes(self.world))?;
        session.record_conflicts(&proposal)?;
        session.record_staged(&proposal)?;
        Ok(())
    }
}
