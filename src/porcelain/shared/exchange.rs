//! What `pull`, `apply`, `push` and `sync` share: from the command line to the conductor and back to the page.

use std::collections::{BTreeSet, HashMap};
use std::ops::AddAssign;

use crate::error::{CommandError, ErrorKind, ExitCode};
use crate::local::Database;
use crate::object::{ContentHash, SideName};
use crate::porcelain::shared::arguments::{Execution, Selection, Strategy};
use crate::porcelain::shared::edits::find_divergent;
use crate::porcelain::shared::reading::{Meter, fetch, read_local_beside, read_rows, requests};
use crate::porcelain::shared::selection::{scope, strategy};
use crate::porcelain::shared::vectors;
use crate::porcelain::shared::words::{brake_reasons, first_line, to_json};
use crate::reconcile::{self, Conflict, Direction, Plan, Planned, Step};
use crate::side::Side;
use crate::store;
use crate::sync::{Chosen, Done, Problem, Proposal, Reading, Report, Session, Wishes, remote_reference};
use crate::ui::escape_line;
use crate::ui::view::conflict_list::Kind;
use crate::ui::view::run::{Counts, Line, NotTaken, Run, Verb, Waiting};
use crate::ui::view::text::counted;
use crate::workspace::{Access, Workspace};

/// Which steps of a sync a command carries out.
#[derive(Clone, Copy)]
pub(crate) struct Steps {
    /// The command's words, for whoever finds the staging database locked.
    pub(crate) command: &'static str,
    /// The server is asked what it holds now; otherwise what it held when it was last fetched counts.
    pub(crate) fetch: bool,
    /// Which sides are changed.
    pub(crate) direction: Direction,
    /// The server refuses memories that are similar to others.
    pub(crate) deduplicate: bool,
}

/// How often a run starts over because memories changed while it was under way.
const ROUNDS: usize = 3;

/// Carries out a command.
pub(crate) fn run(
    steps: Steps,
    execution: &Execution,
    selection: &Selection,
    workspace: &mut Workspace,
) -> Result<ExitCode, CommandError> {
    let wishes = wishes(steps, execution, selection, workspace)?;
    let access = if execution.dry_run { Access::Read } else { Access::Write };
    let store = workspace.store(access, steps.command)?;
    let session = workspace.session(&store, execution.remote.as_deref());
    if session.interrupted_edits()? > 0 {
        workspace.ui.note("the last run did not end; this one finishes its work");
    }
    let mut exchange = Exchange { steps, execution, access, session, workspace, local: None };
    let (mut pulled, mut pushed, mut lines) = (Done::default(), Done::default(), Vec::new());
    let mut endings = Endings::default();
    let mut divergent = Vec::new();
    let mut round = 1;
    loop {
        let proposal = exchange.propose(wishes.clone())?;
        let Some(chosen) = proposal.choose(execution.allow_plan.as_deref()) else {
            return exchange.stop(&proposal, round > 1);
        };
        // Once both texts are everywhere nothing tells any more that they come from one.
        divergent.extend(find_divergent(&store, &proposal.plan)?);
        let mut page = Run { divergent_edits: divergent.clone(), ..exchange.page(chosen.plan()) };
        if execution.dry_run {
            return exchange.finish(&proposal, &page);
        }
        let before = exchange.session.store.conflicts(&exchange.session.remote)?;
        let report = exchange.execute(&proposal, chosen)?;
        endings += exchange.endings(&before, chosen.plan())?;
        pulled += report.local;
        pushed += report.remote;
        take(&mut page, &report, pulled, pushed);
        page.lines.splice(0..0, std::mem::take(&mut lines));
        if !report.stale.is_empty() && report.error.is_none() && steps.fetch && round < ROUNDS {
            lines = page.lines;
            round += 1;
            continue;
        }
        return match report.error {
            None => {
                let code = exchange.finish(&proposal, &page)?;
                exchange.tell(endings)?;
                exchange.fill(&page);
                Ok(code)
            }
            Some(error) => {
                if execution.json || !page.is_nothing() {
                    exchange.print(&page)?;
                }
                Err(CommandError::from_sync(error, &page.remote))
            }
        };
    }
}

/// What the command line asks for.
fn wishes(
    steps: Steps,
    execution: &Execution,
    selection: &Selection,
    workspace: &Workspace,
) -> Result<Wishes, CommandError> {
    Ok(Wishes {
        direction: Some(steps.direction),
        strategy: strategy(execution.strategy),
        scope: scope(selection, workspace)?,
        retry_refused: steps.direction == Direction::Push || !steps.deduplicate,
        ..workspace.wishes()?
    })
}

/// Turns the page of a plan into that of what was done.
fn take(page: &mut Run, report: &Report, pulled: Done, pushed: Done) {
    page.is_dry = false;
    page.pulled = counts(pulled);
    page.pushed = counts(pushed);
    let problems = report.problems.iter().map(|problem| (problem.side, &problem.key));
    let open: BTreeSet<_> = problems.chain(report.stale.iter().map(|(side, key)| (*side, key))).collect();
    let is_open = |side: SideName, line: &Line| open.contains(&(side, &line.key));
    for line in &mut page.lines {
        line.local = line.local.filter(|_| !is_open(SideName::Local, line));
        line.remote = line.remote.filter(|_| !is_open(SideName::Remote, line));
    }
    page.lines.retain(|line| line.local.is_some() || line.remote.is_some());
    page.problems = report.problems.iter().map(not_taken).collect();
    page.stale = report.stale.iter().map(|(_, key)| key.to_string()).collect();
}

/// How many conflicts ended in a run that nobody was asked about.
#[derive(Clone, Copy, Default)]
struct Endings {
    by_strategy: usize,
    by_themselves: usize,
}

impl AddAssign for Endings {
    fn add_assign(&mut self, other: Self) {
        self.by_strategy += other.by_strategy;
        self.by_themselves += other.by_themselves;
    }
}

/// The parts that a run works with.
struct Exchange<'a> {
    steps: Steps,
    execution: &'a Execution,
    access: Access,
    session: Session<'a>,
    workspace: &'a mut Workspace,
    /// This device's database, once it was written to.
    local: Option<Database>,
}

impl Exchange<'_> {
    fn propose(&mut self, wishes: Wishes) -> Result<Proposal, CommandError> {
        let base = self.session.base()?;
        // A missing database is told before the server is asked anything.
        drop(self.workspace.local()?);
        let mut theirs = if self.steps.fetch {
            fetch(self.workspace, &self.session, &base.base, self.access)?
        } else {
            self.fetched()?
        };
        let needs_times = wishes.strategy == reconcile::Strategy::Newest;
        if !needs_times {
            theirs.updated_at = HashMap::new();
        }
        let ours = if needs_times {
            read_rows(self.workspace, &self.session, &base.base)?
        } else {
            read_local_beside(&theirs, self.workspace, &self.session, &base.base)?
        };
        if self.access == Access::Write {
            self.session.record_local(&ours)?;
        }
        Ok(self.session.propose(base, ours, theirs, wishes)?)
    }

    /// What the server held when it was last fetched. A remote that never was is not an empty one.
    fn fetched(&self) -> Result<Reading, CommandError> {
        let remote = &self.session.remote;
        if self.session.store.reference(&remote_reference(remote)?)?.is_some() {
            return Ok(self.session.last_fetched()?);
        }
        self.workspace.remote_settings(Some(remote))?;
        Err(CommandError::usage(format!("nothing has been fetched from {} yet", escape_line(remote)))
            .with_hint(format!("`memsync fetch {remote}` asks it what it holds")))
    }

    fn execute(&mut self, proposal: &Proposal, chosen: Chosen<'_>) -> Result<Report, CommandError> {
        let local = self.local.insert(self.workspace.local()?);
        let mut remote = match self.steps.direction {
            Direction::Pull => None,
            Direction::Push | Direction::Both => {
                Some(self.workspace.remote(&self.session, &proposal.base.base, self.steps.deduplicate)?)
            }
        };
        let mut meter = Meter::new(&mut self.workspace.ui, &self.session.remote);
        let side = remote.as_mut().map(|remote| remote as &mut dyn Side);
        let report = self.session.execute(proposal, chosen, Some(local), side, &mut |progress| {
            meter.show(progress);
        })?;
        drop(meter);
        if let Some(remote) = remote.filter(|remote| remote.requests() > 0) {
            let (all, writes) = (requests(remote.requests()), remote.writes());
            self.workspace
                .ui
                .step(&format!("{}: {all} to write, {writes} of them changes", self.session.remote));
        }
        Ok(report)
    }

    /// The conflicts that ended with a run: `before` are those that stood before it.
    fn endings(&self, before: &[store::Conflict], plan: &Plan) -> Result<Endings, CommandError> {
        let left: BTreeSet<ContentHash> =
            self.session.store.conflicts(&self.session.remote)?.into_iter().map(|left| left.key).collect();
        let by_strategy: BTreeSet<&ContentHash> =
            plan.ended.iter().map(|(conflict, _)| &conflict.key).collect();
        let is_moot = |conflict: &&store::Conflict| {
            conflict.resolution.is_none()
                && !left.contains(&conflict.key)
                && !by_strategy.contains(&conflict.key)
        };
        let by_themselves = before.iter().filter(is_moot).count();
        Ok(Endings { by_strategy: by_strategy.len(), by_themselves })
    }

    /// Says which conflicts ended, and what is left to do about them.
    fn tell(&mut self, endings: Endings) -> Result<(), CommandError> {
        let (device, remote) = (&self.session.device, &self.session.remote);
        let version = match self.execution.strategy {
            Some(Strategy::Ours) => format!("this device's values ({device})"),
            Some(Strategy::Theirs) => format!("the server's values ({remote})"),
            _ => "the values that were written last".to_owned(),
        };
        let ui = &mut self.workspace.ui;
        if endings.by_strategy > 0 {
            let ended = counted(endings.by_strategy, "conflict", "conflicts");
            ui.note(&format!("ended {ended} with {}", escape_line(&version)));
        }
        if endings.by_themselves > 0 {
            let ended = counted(
                endings.by_themselves,
                "conflict has ended by itself",
                "conflicts have ended by themselves",
            );
            ui.note(&format!("{ended}: nothing collides there any more"));
        }
        let conflicts = self.session.store.conflicts(remote)?;
        if endings.by_strategy > 0 && conflicts.iter().any(|conflict| conflict.resolution.is_some()) {
            let remote = self.named_remote().map(|remote| format!(" {remote}")).unwrap_or_default();
            self.workspace.ui.hint(&format!("`memsync sync{remote}` brings the decision to the server"));
        }
        Ok(())
    }

    /// Makes the vectors that are missing on this device, unless the run was about the server alone.
    fn fill(&mut self, page: &Run) {
        if self.steps.direction == Direction::Push {
            return;
        }
        if let Some(local) = &mut self.local {
            let has_written = page.pulled.created + page.pulled.changed > 0;
            vectors::fill(local, has_written, &mut self.workspace.ui);
        }
    }

    /// Shows what was done, or would be, and says how it ended.
    fn finish(&mut self, proposal: &Proposal, page: &Run) -> Result<ExitCode, CommandError> {
        self.print(page)?;
        self.remark(proposal, page);
        Ok(match (page.problems.is_empty(), page.conflicts.is_empty() && page.stale.is_empty()) {
            (false, _) => ExitCode::Refused,
            (true, false) => ExitCode::Differences,
            (true, true) => ExitCode::Done,
        })
    }

    /// Shows why the plan stops, and how to let it through.
    fn stop(&mut self, proposal: &Proposal, has_begun: bool) -> Result<ExitCode, CommandError> {
        let mut page = self.page(&proposal.plan);
        page.brakes = brake_reasons(proposal, &page.remote);
        if self.execution.json || self.execution.dry_run {
            self.print(&page)?;
        }
        let reasons = page.brakes.join("; ");
        let before = if has_begun { "any further change" } else { "any change" };
        let error = CommandError::new(ErrorKind::Brake, format!("stopped before {before}: {reasons}"));
        let (plain, rewound) = proposal.ids();
        Err(match rewound {
            Some(rewound) => error
                .with_hint(format!(
                    "to put back what is newer on the other side: repeat with --allow-plan {rewound}"
                ))
                .with_hint(format!(
                    "to read it as edits, deletions included: repeat with --allow-plan {plain}"
                )),
            None => error
                .with_hint("to see the plan: repeat with --dry-run")
                .with_hint(format!("to let exactly this plan through: repeat with --allow-plan {plain}")),
        })
    }

    fn print(&mut self, page: &Run) -> Result<(), CommandError> {
        let is_detailed = self.is_detailed();
        let ui = &mut self.workspace.ui;
        if self.execution.json {
            ui.data(&to_json(&page.json()))?;
        } else if !ui.is_quiet() {
            let text = page.text(ui.palette(), ui.width(), is_detailed);
            ui.data(&text)?;
        }
        Ok(())
    }

    /// Whether every memory is listed with its first line.
    fn is_detailed(&self) -> bool {
        self.execution.dry_run || self.workspace.ui.is_verbose()
    }

    /// What a person should know besides.
    fn remark(&mut self, proposal: &Proposal, page: &Run) {
        for unreadable in proposal.local.unreadable.iter().chain(&proposal.remote.unreadable) {
            self.workspace.ui.warn(&format!("left alone on both sides: {unreadable}"));
        }
        if page.problems.iter().any(|problem| problem.similar_to.is_some()) {
            self.workspace
                .ui
                .hint("`memsync push --no-dedup` sends memories that are similar to others as well");
        }
        if !page.conflicts.is_empty() {
            let hint = match self.named_remote() {
                None => "`memsync checkout --ours HASH` or `--theirs HASH` ends a conflict".to_owned(),
                Some(remote) => format!(
                    "`memsync sync {remote} -X ours` or `-X theirs` ends them; `memsync config sync.remote {remote}` \
                     lets status, checkout and mergetool see them"
                ),
            };
            self.workspace.ui.hint(&hint);
        }
    }

    /// The remote, where commands that name none would mean another one.
    fn named_remote(&self) -> Option<&str> {
        let remote = &self.session.remote;
        (*remote != self.workspace.config.default_remote()).then_some(remote)
    }

    /// The page of a plan that is not carried out yet.
    fn page(&self, plan: &Plan) -> Run {
        let remote = self.session.remote.clone();
        Run {
            url: self
                .workspace
                .remote_settings(Some(&remote))
                .ok()
                .map(|settings| settings.address.to_string()),
            remote,
            is_dry: true,
            plan_id: if self.execution.json { plan.id().to_string() } else { String::new() },
            pulled: counts(Done::planned(plan, SideName::Local)),
            pushed: counts(Done::planned(plan, SideName::Remote)),
            lines: if self.execution.json || self.is_detailed() {
                plan.entries.iter().filter_map(|entry| self.line(entry)).collect()
            } else {
                Vec::new()
            },
            conflicts: plan.conflicts.iter().map(|conflict| self.waiting(conflict)).collect(),
            ..Run::default()
        }
    }

    /// A memory that is changed on a side; `None` where only the base moves.
    fn line(&self, entry: &Planned) -> Option<Line> {
        let verb = |side| entry.step(side).map(verb);
        entry.has_step().then(|| Line {
            key: entry.key.clone(),
            state: entry.state,
            local: verb(SideName::Local),
            remote: verb(SideName::Remote),
            first_line: if self.is_detailed() {
                first_line(self.session.store, entry.versions.local.or(entry.versions.remote))
            } else {
                String::new()
            },
        })
    }

    fn waiting(&self, conflict: &Conflict) -> Waiting {
        let versions = &conflict.versions;
        Waiting {
            kind: Kind::of(versions.base.is_some(), versions.local.is_some(), versions.remote.is_some()),
            content_hash: conflict.key.to_string(),
            fields: conflict.fields.iter().map(ToString::to_string).collect(),
            first_line: first_line(self.session.store, versions.local.or(versions.remote)),
        }
    }
}

/// What a step does to a memory.
pub(crate) fn verb(step: Step) -> Verb {
    match (step.expected, step.target) {
        (None, _) => Verb::Create,
        (Some(_), Some(_)) => Verb::Change,
        (Some(_), None) => Verb::Delete,
    }
}

/// What was done, as pages show it.
pub(crate) fn counts(done: Done) -> Counts {
    Counts { created: done.created, changed: done.changed, deleted: done.deleted }
}

/// A problem, as pages show it.
pub(crate) fn not_taken(problem: &Problem) -> NotTaken {
    NotTaken {
        content_hash: problem.key.to_string(),
        side: problem.side.to_string(),
        reason: problem.reason.clone(),
        refused: problem.refused.is_some(),
        similar_to: problem.similar_to.as_ref().map(ToString::to_string),
    }
}
