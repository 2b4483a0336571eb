//! What must be true of every history, each a function that says what it holds and why.

use std::collections::BTreeMap;

use memsync::object::{ContentHash, Memory, Metadata, SideName, Timestamp};
use memsync::reconcile::{DeletionLimit, Plan, Strategy};
use memsync::store::Store;
use memsync::sync::{self, Proposal, Reading, Session};

use crate::commands::{self, Ended, Noted, Stop};
use crate::faults::{Seen, Watch};
use crate::history::{Command, Run, Spot, is_same_type};
use crate::place::{Bytes, Memories, Place};
use crate::world::{Device, Outcome, World, Written};

/// Looks at a run and what it left.
pub(crate) fn after_a_run(world: &World, run: &Run, watch: &Watch<'_>, ended: &Ended) {
    let device = &world.devices[run.device];
    no_error_without_a_cause(world, watch, ended);
    nothing_is_written_over_unseen(world, watch);
    let store = match Store::open_read_only(&device.staging, &world.holder()) {
        Ok(store) => store,
        Err(error) => return world.say("no_error_without_a_cause", format!("{error:?}")),
    };
    if let Err(stop) = what_is_kept(world, device, &store, watch, ended) {
        world.say("no_error_without_a_cause", format!("{stop:?}"));
    }
    nothing_is_invented(world, run, watch);
    requests_are_bounded(world, watch);
    let is_exchange = matches!(
        run.command,
        Command::Sync | Command::Pull | Command::Push | Command::Apply | Command::DryRun
    );
    if is_exchange {
        nothing_is_deleted_without_evidence(world, device, run, watch);
        the_brake_holds(world, watch);
        what_is_out_of_scope_is_left_alone(world, watch);
        another_side_takes_nothing_away(world, watch);
        another_place_is_not_believed(world, device, run, watch);
        a_rewind_is_no_edit(world, device, watch);
        a_direction_is_kept(world, run, watch);
    }
    if matches!(run.command, Command::Undo | Command::UndoRemote) {
        an_undo_leaves_later_edits(world, device, watch);
    }
    if is_exchange {
        remember(world, device, run, watch, ended);
    } else if !matches!(run.command, Command::Fetch | Command::Stash | Command::Status | Command::Gc) {
        device.agreed_at.set(None);
        device.syncs.borrow_mut().clear();
    }
    a_whole_sync_agrees(world, &store, run, watch, ended);
}

/// A command fails only where something went wrong on its way: neither the staging database nor memsync itself is a cause.
fn no_error_without_a_cause(world: &World, watch: &Watch<'_>, ended: &Ended) {
    let Ended::Failed(stop) = ended else { return };
    let is_other_run = matches!(stop, Stop::Store(memsync::store::Error::Locked { .. }));
    let is_side = matches!(stop, Stop::Side(_) | Stop::Sync(sync::Error::Side { .. }));
    if !(is_other_run || is_side && watch.is_disturbed.get()) {
        world.say("no_error_without_a_cause", format!("{stop:?}"));
    }
}

/// A place changes only where it held what the edit expects: otherwise somebody's write in between is lost.
fn nothing_is_written_over_unseen(world: &World, watch: &Watch<'_>) {
    for Seen { side, key, edit, before, after, .. } in watch.seen.borrow().iter() {
        if before != after && before.as_ref().map(Memory::id) != edit.expected {
            let detail = format!("{side} {key}: expected {:?}, was {before:?}", edit.expected);
            world.say("nothing_is_written_over_unseen", detail);
        }
    }
}

/// Looks into the staging database that a run left.
fn what_is_kept(
    world: &World,
    device: &Device,
    store: &Store,
    watch: &Watch<'_>,
    ended: &Ended,
) -> Result<(), Stop> {
    what_is_replaced_can_be_printed(world, device, store, watch);
    if matches!(ended, Ended::Done { .. }) {
        what_is_done_can_be_undone(world, store, watch)?;
    }
    the_base_was_held_by_both_sides(world, device, store)
}

/// Whatever a run replaces or deletes, on either side, is in its staging database from then on, to be printed and restored.
fn what_is_replaced_can_be_printed(world: &World, device: &Device, store: &Store, watch: &Watch<'_>) {
    let mut replaced = device.replaced.borrow_mut();
    let seen = watch.seen.borrow();
    let changed = seen.iter().filter(|seen| seen.before != seen.after);
    replaced.extend(changed.filter_map(|seen| seen.before.as_ref().map(Memory::id)));
    if let Some(blob) = replaced.iter().find(|blob| store.memory(**blob).is_err()) {
        world.say("what_is_replaced_can_be_printed", format!("d{}: {blob}", device.number));
    }
}

/// What a run did to this device is noted under a commit, so that `undo` can take it back.
fn what_is_done_can_be_undone(world: &World, store: &Store, watch: &Watch<'_>) -> Result<(), Stop> {
    let seen = watch.seen.borrow();
    let mut last: BTreeMap<&ContentHash, &Seen> = BTreeMap::new();
    let changed = seen.iter().filter(|seen| seen.side == SideName::Local && seen.before != seen.after);
    last.extend(changed.map(|seen| (&seen.key, seen)));
    for (key, seen) in last.into_iter().filter(|(_, seen)| seen.is_done) {
        let noted = store.last_change(SideName::Local, key)?.map(|(_, after)| after);
        if noted != Some(seen.after.as_ref().map(Memory::id)) {
            world.say("what_is_done_can_be_undone", format!("{key}: noted is {noted:?}"));
        }
    }
    Ok(())
}

/// Both forms of a base pair were held by their side: a base that runs ahead of a write turns the old value into an edit. Where
/// one side alone has a merged memory, one form was; the other is what that side had taken, of which nothing is invented.
fn the_base_was_held_by_both_sides(world: &World, device: &Device, store: &Store) -> Result<(), Stop> {
    let session = commands::session(world, device, store);
    let at = store.reference(&sync::base_reference(&session.remote)?)?;
    if device.base_seen.replace(at) == at {
        return Ok(());
    }
    let ledger = world.ledger.borrow();
    for (key, pair) in session.base()?.base {
        let was_held = [
            world.has_held(Spot::Device(device.number), &key, pair.local),
            world.has_held(Spot::Server, &key, pair.remote),
        ];
        let (blob, who) = match was_held {
            [true, true] => continue,
            [false, _] => (pair.local, "this device"),
            [true, false] => (pair.remote, "the server"),
        };
        let memory = store.memory(blob)?;
        if was_held == [false, false] || ledger.find_invented(&key, &memory).is_some() {
            world.say("the_base_was_held_by_both_sides", format!("{who} never held {key}: {memory:?}"));
        }
    }
    Ok(())
}

/// Each value that a run writes was written by a user, or is what the server makes of one.
fn nothing_is_invented(world: &World, run: &Run, watch: &Watch<'_>) {
    let ledger = world.ledger.borrow();
    for seen in watch.seen.borrow().iter().filter(|seen| seen.before != seen.after) {
        if let Some(what) = seen.after.as_ref().and_then(|after| ledger.find_invented(&seen.key, after)) {
            world.say("nothing_is_invented", format!("{} wrote {what} to {}", run, seen.key));
        }
    }
}

/// A memory is written to a side at most once a round, of which there are three, twice where a person insists.
fn requests_are_bounded(world: &World, watch: &Watch<'_>) {
    const ROUNDS: usize = 3 * 2;
    let mut edits: BTreeMap<(SideName, &ContentHash), usize> = BTreeMap::new();
    let seen = watch.seen.borrow();
    for seen in seen.iter() {
        *edits.entry((seen.side, &seen.key)).or_default() += 1;
    }
    if let Some(((side, key), count)) = edits.into_iter().find(|(_, count)| *count > ROUNDS) {
        world.say("requests_are_bounded", format!("{count} edits of {key} on the {side} side"));
    }
    if watch.calls.get() > ROUNDS * 8 + seen.len() * 2 {
        world.say("requests_are_bounded", format!("{} calls for {} edits", watch.calls.get(), seen.len()));
    }
}

/// A run asks a server for each memory only so often, and for the whole only so often: in each of its rounds the memory is
/// read, compared, written and read back, and what fails is tried again.
pub(crate) fn questions_are_bounded(world: &World, requests: u64) {
    const ATTEMPTS: u64 = 3;
    const ROUNDS: u64 = 3 * 2;
    let memories = u64::try_from(world.keys.len()).expect("few memories");
    if requests > ATTEMPTS * ROUNDS * (12 + 6 * memories) {
        world.say("requests_are_bounded", format!("{requests} requests for {memories} memories"));
    }
}

/// A memory is deleted on one side only where the base had it and the other side, asked for it directly, did not: or where
/// people decided so.
fn nothing_is_deleted_without_evidence(world: &World, device: &Device, run: &Run, watch: &Watch<'_>) {
    let (noted, absent) = (watch.noted.borrow(), watch.absent.borrow());
    for seen in watch.seen.borrow().iter().filter(|seen| seen.before.is_some() && seen.after.is_none()) {
        let key = &seen.key;
        let (other, is_fetched) = match seen.side {
            SideName::Local => (SideName::Remote, run.command == Command::Apply),
            SideName::Remote => (SideName::Local, false),
        };
        let is_asked = absent.contains(&(other, key.clone()))
            || is_fetched && device.absent_when_fetched.borrow().contains(key);
        let is_in_base = noted.iter().any(|noted| noted.proposal.base.base.contains_key(key));
        // Who lets a rewind be put right goes by an earlier base, in which it was.
        let is_cured = |noted: &Noted| noted.is_allowed && noted.proposal.rewind.is_some();
        let is_decided = noted.iter().any(|noted| noted.decided.contains(key) || is_cured(noted));
        if !(is_decided || is_asked && is_in_base) {
            let detail =
                format!("{key} on the {} side; asked: {is_asked}, in the base: {is_in_base}", seen.side);
            world.say("nothing_is_deleted_without_evidence", detail);
        }
    }
}

/// A run deletes more than the limit allows only where people let exactly that plan through.
fn the_brake_holds(world: &World, watch: &Watch<'_>) {
    let noted = watch.noted.borrow();
    if noted.iter().any(|noted| noted.is_allowed) {
        return;
    }
    let Some(first) = noted.first() else { return };
    for side in [SideName::Local, SideName::Remote] {
        let seen = watch.seen.borrow();
        let is_deletion = |seen: &&Seen| seen.side == side && seen.before.is_some() && seen.after.is_none();
        let deletions = seen.iter().filter(is_deletion).count();
        let reading = if side == SideName::Local { &first.proposal.local } else { &first.proposal.remote };
        let held = reading.snapshot.len();
        let is_too_much = match commands::wishes(world).limit {
            DeletionLimit::Count(limit) => deletions > limit,
            DeletionLimit::Percent(percent) => {
                deletions > 10 && deletions * 100 > held * usize::from(percent)
            }
        };
        if is_too_much {
            world.say("the_brake_holds", format!("{deletions} of {held} deleted on the {side} side"));
        }
    }
}

/// What a filter leaves out is neither sent, nor fetched, nor deleted.
fn what_is_out_of_scope_is_left_alone(world: &World, watch: &Watch<'_>) {
    let noted = watch.noted.borrow();
    let scopes: Vec<_> =
        noted.iter().filter_map(|noted| noted.in_scope.as_ref().map(|keys| (noted, keys))).collect();
    if scopes.is_empty() {
        return;
    }
    for seen in watch.seen.borrow().iter().filter(|seen| seen.before != seen.after) {
        let is_held = |noted: &Noted| {
            let readings = [&noted.proposal.local, &noted.proposal.remote];
            readings.iter().any(|reading| reading.snapshot.contains_key(&seen.key))
        };
        if !scopes.iter().any(|(noted, keys)| keys.contains(&seen.key) || !is_held(noted)) {
            world
                .say("what_is_out_of_scope_is_left_alone", format!("{} on the {} side", seen.key, seen.side));
        }
    }
}

/// A side that shows none of the memories that it should have is another one, or was emptied: what it lacks is deleted
/// nowhere unless people say so. One or two memories may as well all have been deleted.
fn another_side_takes_nothing_away(world: &World, watch: &Watch<'_>) {
    let noted = watch.noted.borrow();
    let [noted] = noted.as_slice() else { return };
    if noted.is_allowed {
        return;
    }
    let base = &noted.proposal.base.base;
    let readings = [(SideName::Local, &noted.proposal.remote), (SideName::Remote, &noted.proposal.local)];
    for (side, other) in readings {
        let is_other = !base.is_empty() && !base.keys().any(|key| other.snapshot.contains_key(key));
        let is_known = other.snapshot.is_empty() || base.len() >= 3;
        let seen = watch.seen.borrow();
        let is_deletion = |seen: &Seen| seen.side == side && seen.before.is_some() && seen.after.is_none();
        if is_other && is_known && seen.iter().any(is_deletion) {
            world.say("another_side_takes_nothing_away", format!("memories were deleted on the {side} side"));
        }
    }
}

/// The base is what two databases at two places agreed on: at another place nothing is written unless people say so.
fn another_place_is_not_believed(world: &World, device: &Device, run: &Run, watch: &Watch<'_>) {
    let places = places(world, device, run);
    let is_other = device.agreed_at.get().is_some_and(|agreed| places != Some(agreed));
    let noted = watch.noted.borrow();
    let has_written = watch.seen.borrow().iter().any(|seen| seen.before != seen.after);
    if is_other && has_written && !noted.iter().any(|noted| noted.is_allowed) {
        world.say(
            "another_place_is_not_believed",
            format!("{places:?}, agreed at {:?}", device.agreed_at.get()),
        );
    }
}

/// How often both sides of a run were moved: who applies what was fetched goes by where the server was then.
fn places(world: &World, device: &Device, run: &Run) -> Option<(u32, u32)> {
    let is_fetched = run.command == Command::Apply;
    let there = if is_fetched { device.fetched_at.get() } else { Some(world.server_moves.get()) };
    Some((device.moves.get(), there?))
}

/// A side that holds what it held at an earlier sync, wherever it changed since, was restored from a backup: with three or
/// more memories at older forms a run stops unless people say what is meant.
fn a_rewind_is_no_edit(world: &World, device: &Device, watch: &Watch<'_>) {
    let noted = watch.noted.borrow();
    let ([noted], syncs) = (noted.as_slice(), device.syncs.borrow()) else { return };
    let Some((newest, earlier)) = syncs.split_last().filter(|_| !noted.is_allowed && noted.is_chosen) else {
        return;
    };
    let readings = [&noted.proposal.local, &noted.proposal.remote];
    for (side, reading, other) in [(0, readings[0], readings[1]), (1, readings[1], readings[0])] {
        let held = |key: &ContentHash| reading.snapshot.get(key);
        for then in earlier {
            let (then, newest) = (&then[side], &newest[side]);
            let changed: Vec<_> =
                world.keys.iter().filter(|key| then.get(*key) != newest.get(*key)).collect();
            // What was deleted and the other side has again was made anew there.
            let is_older = |key: &&&ContentHash| {
                then.contains_key(**key)
                    && (newest.contains_key(**key) || !other.snapshot.contains_key(**key))
            };
            let older = changed.iter().filter(is_older).count();
            if older >= 3 && changed.iter().all(|key| held(key) == then.get(*key)) {
                world.say("a_rewind_is_no_edit", format!("{older} memories are back at older forms"));
            }
        }
    }
}

/// A pull plans nothing for the server, a push nothing for this device.
fn a_direction_is_kept(world: &World, run: &Run, watch: &Watch<'_>) {
    let other = match run.command {
        Command::Pull | Command::Apply => SideName::Remote,
        Command::Push => SideName::Local,
        _ => return,
    };
    let is_planned =
        watch.noted.borrow().iter().any(|noted| noted.proposal.plan.steps(other).next().is_some());
    if is_planned || watch.seen.borrow().iter().any(|seen| seen.side == other) {
        world.say("a_direction_is_kept", format!("{run} is about the {other} side"));
    }
}

/// An undo takes back what a run left, and nothing that was written since.
fn an_undo_leaves_later_edits(world: &World, device: &Device, watch: &Watch<'_>) {
    let left = device.left.borrow();
    for seen in watch.seen.borrow().iter().filter(|seen| seen.before != seen.after) {
        let before = seen.before.as_ref().map(Memory::id);
        if !left.contains(&(seen.side, seen.key.clone(), before)) {
            world.say("an_undo_leaves_later_edits", format!("{} {}: {:?}", seen.side, seen.key, seen.before));
        }
    }
}

/// Remembers what a run came to, for the runs after it.
fn remember(world: &World, device: &Device, run: &Run, watch: &Watch<'_>, ended: &Ended) {
    if run.command == Command::DryRun || !watch.noted.borrow().iter().any(|noted| noted.is_chosen) {
        return;
    }
    let is_quiet = matches!(ended, Ended::Done { .. }) && !watch.is_disturbed.get();
    device.agreed_at.set(places(world, device, run).filter(|_| is_quiet));
    let is_whole =
        matches!(ended, Ended::Done { conflicts, open } if conflicts.is_empty() && open.is_empty());
    let mut syncs = device.syncs.borrow_mut();
    if !(is_quiet && is_whole && run.command == Command::Sync && run.scope.is_none()) {
        return syncs.clear();
    }
    let ids = |held: Memories| held.into_iter().map(|(key, memory)| (key, memory.id())).collect();
    syncs.push([ids(device.place.memories()), ids(world.server.memories())]);
}

/// `status` and `--dry-run` change no byte: here, there, or in the staging database.
pub(crate) fn looking_writes_nothing(world: &World, run: &Run, before: &Bytes) {
    if let Some(what) = difference(before, &all_bytes(world, run.device)) {
        world.say("looking_writes_nothing", format!("{run} changed {what}"));
    }
}

/// All that a command could change.
pub(crate) fn all_bytes(world: &World, device: usize) -> Bytes {
    let device = &world.devices[device];
    let places = [device.staging_bytes(), device.place.bytes()].into_iter().flatten();
    let server =
        world.server.bytes().into_iter().map(|(name, bytes)| (format!("the server's {name}"), bytes));
    places.chain(server).collect()
}

/// The first file that is another one than before.
fn difference(before: &Bytes, after: &Bytes) -> Option<String> {
    let names = before.keys().chain(after.keys());
    let changed = names.into_iter().find(|name| before.get(*name) != after.get(*name))?;
    let length = |bytes: &Bytes| bytes.get(changed).map_or(0, Vec::len);
    Some(format!("{changed}: {} bytes, were {}", length(after), length(before)))
}

/// After a sync of everything that nothing disturbed, both sides agree on all but the conflicts and what a side refused; if
/// there are none, the same again would do nothing.
fn a_whole_sync_agrees(world: &World, store: &Store, run: &Run, watch: &Watch<'_>, ended: &Ended) {
    let Ended::Done { conflicts, open } = ended else { return };
    if run.command != Command::Sync || run.scope.is_some() || watch.is_disturbed.get() {
        return;
    }
    let device = &world.devices[run.device];
    let (ours, theirs) = (device.place.memories(), world.server.memories());
    for key in world.keys.iter().filter(|key| !conflicts.contains(*key) && !open.contains(*key)) {
        if !agree(ours.get(key), theirs.get(key)) {
            let detail = format!("{key}: here {:?}, there {:?}", ours.get(key), theirs.get(key));
            world.say("a_whole_sync_agrees", detail);
        }
    }
    if conflicts.is_empty() && open.is_empty() {
        device.is_baseless.set(false);
        match plan_of(world, device, store) {
            Ok(plan) if plan.entries.is_empty() && plan.conflicts.is_empty() => {}
            Ok(plan) => world.say("the_second_plan_is_empty", format!("d{}: {plan:?}", device.number)),
            Err(stop) => world.say("no_error_without_a_cause", format!("{stop:?}")),
        }
    }
}

/// A memory that a server held from the beginning of a listing to its end is in it, whatever came and went meanwhile.
pub(crate) fn what_stands_is_read(world: &World, before: &Memories, reading: &Reading) {
    let after = world.server.memories();
    for (key, memory) in before.iter().filter(|(key, memory)| after.get(*key) == Some(*memory)) {
        if reading.snapshot.get(key) != Some(&memory.id()) {
            world.say("what_stands_is_read", format!("{key} is read as {:?}", reading.snapshot.get(key)));
        }
    }
}

/// The plan is the same whatever the clocks say, unless `-X newest` asks for them.
pub(crate) fn other_clocks_same_plan(
    world: &World,
    session: &Session<'_>,
    proposal: &Proposal,
) -> Result<(), Stop> {
    const YEAR: i64 = 365 * 24 * 60 * 60;
    if proposal.wishes.strategy == Strategy::Newest {
        return Ok(());
    }
    let other = Session { now: session.now + YEAR, ..session.clone() };
    let (mut ours, mut theirs) = (proposal.local.clone(), proposal.remote.clone());
    ours.updated_at.values_mut().for_each(|at| *at = Timestamp::new(1.0).unwrap_or(*at));
    theirs.updated_at.clear();
    let again = other.propose(proposal.base.clone(), ours, theirs, proposal.wishes.clone())?;
    if again.ids() != proposal.ids() || again.plan != proposal.plan {
        world.say("other_clocks_same_plan", format!("{:?} and {:?}", proposal.plan, again.plan));
    }
    Ok(())
}

/// A search rewrites counters and times, and is no change to memsync.
pub(crate) fn searching_changes_no_plan(world: &World, spot: Spot, search: &dyn Fn()) {
    let device = &world.devices[if let Spot::Device(number) = spot { number } else { 0 }];
    // The server may be about to restart.
    let plan = || {
        let store = Store::open_read_only(&device.staging, &world.holder()).ok()?;
        plan_of(world, device, &store).ok()
    };
    let before = plan();
    search();
    let after = plan();
    if before != after {
        world.say("searching_changes_no_plan", format!("{before:?} became {after:?}"));
    }
}

/// The plan that a device would make now; nothing is written down.
fn plan_of(world: &World, device: &Device, store: &Store) -> Result<Plan, Stop> {
    let session = commands::session(world, device, store);
    let base = session.base()?;
    let caller = world.caller(device, true);
    let read = |side, place: &dyn Place| -> Result<Reading, Stop> {
        Ok(session.read(side, &mut *place.side(&caller)?, &base.base, &mut |_| {})?)
    };
    let (theirs, ours) = (read(SideName::Remote, &*world.server)?, read(SideName::Local, &*device.place)?);
    Ok(session.propose(base, ours, theirs, commands::wishes(world))?.plan)
}

/// A run that is killed anywhere and an ordinary one after it come to the same as two ordinary ones.
pub(crate) fn a_crash_equals_no_crash(world: &World, without: &[Memories; 2], with: &[Memories; 2]) {
    for (place, without, with) in
        [("the device", &without[0], &with[0]), ("the server", &without[1], &with[1])]
    {
        for key in &world.keys {
            if !agree(without.get(key), with.get(key)) {
                let detail = format!("{place} {key}: {:?} became {:?}", without.get(key), with.get(key));
                world.say("a_crash_equals_no_crash", detail);
            }
        }
    }
}

/// What two people did independently comes to the same in whichever order it is synced, and nothing waits.
pub(crate) fn independent_edits_commute(world: &World, first: &Outcome, later: &Outcome) {
    for (spot, held) in &first.held {
        for key in standing(world) {
            let (one, other) = (held.get(key), later.held.get(spot).and_then(|held| held.get(key)));
            if !agree(one, other) || first.conflicts.contains(key) || later.conflicts.contains(key) {
                let detail = format!("{spot} {key}: {one:?} or {other:?}, of {:?}", first.written);
                world.say("independent_edits_commute", detail);
            }
        }
    }
}

/// What two people did comes to the same where each is in the other's place: the same values where they can be merged, the
/// same conflict where they cannot, in which each still holds what it wrote.
pub(crate) fn roles_are_alike(world: &World, spots: [Spot; 2], first: &Outcome, swapped: &Outcome) {
    let is_same = |(one, other): (&Written, &Written)| {
        let did_something = [one, other].map(|(before, after)| before != after);
        agree(one.0.as_ref(), other.0.as_ref())
            && agree(one.1.as_ref(), other.1.as_ref())
            && did_something[0] == did_something[1]
    };
    // A place may make another thing of the same work.
    if !first.written.iter().zip(&swapped.written).all(is_same) {
        return;
    }
    let across = |spot: Spot| match spots {
        [here, there] if spot == here => there,
        [here, there] if spot == there => here,
        _ => spot,
    };
    for key in standing(world) {
        if first.conflicts.contains(key) != swapped.conflicts.contains(key) {
            let detail = format!("{key} waits once, of {:?}", first.written);
            world.say("roles_are_alike", detail);
        }
        // What waits for a decision on the server has reached those who look on in its form of then.
        let is_seen = first.conflicts.contains(key) && spots.contains(&Spot::Server);
        for spot in first.held.keys().copied().filter(|spot| !is_seen || spots.contains(spot)) {
            let [one, other] = [(first, spot), (swapped, across(spot))]
                .map(|(outcome, spot)| outcome.held.get(&spot).and_then(|held| held.get(key)));
            if !agree(one, other) {
                let detail = format!("{spot} {key}: {one:?}, across {other:?}, of {:?}", first.written);
                world.say("roles_are_alike", detail);
            }
        }
    }
}

/// The memories that the server would take.
fn standing(world: &World) -> impl Iterator<Item = &ContentHash> {
    world.keys.iter().filter(|key| !world.server.has_barred(key))
}

/// Looks at a world in which nothing is left to do.
pub(crate) fn at_rest(world: &World) {
    // What the server will never hold again stays where it is, and nobody can do anything about it.
    world.keys.iter().filter(|key| world.server.has_barred(key)).for_each(|key| world.contest(key));
    everybody_converges(world);
    the_second_plan_is_empty(world);
    no_update_is_lost(world);
    for place in world.everything().iter().filter_map(|(spot, _)| world.place(*spot)) {
        place.complaints().into_iter().for_each(|complaint| world.say("a_place_is_sound", complaint));
    }
    if !world.is_broken() {
        let (held, mut ledger) = (world.server.memories(), world.ledger.borrow_mut());
        for key in &world.keys {
            // What an old server does not take back waits on a device, for another server.
            if world.server.has_barred(key)
                && world.devices.iter().any(|device| device.place.memory(key).is_some())
            {
                ledger.contest(key);
            } else {
                ledger.rest(key, held.get(key));
            }
        }
    }
}

/// Once faults stop and conflicts are decided, every device agrees with the server on every memory after each synced twice.
fn everybody_converges(world: &World) {
    let everything = world.everything();
    let Some(((_, theirs), devices)) = everything.split_first() else { return };
    for (spot, ours) in devices {
        for key in world.keys.iter().filter(|key| !world.server.has_barred(key)) {
            if !agree(ours.get(key), theirs.get(key)) {
                let detail = format!("{spot} {key}: {:?}, the server {:?}", ours.get(key), theirs.get(key));
                world.say("everybody_converges", detail);
            }
        }
    }
}

/// Whoever syncs again has nothing to do, and changes no byte of what people hold.
fn the_second_plan_is_empty(world: &World) {
    for device in &world.devices {
        let places = || [device.place.bytes(), world.server.bytes()];
        let before = places();
        let conflicts = world.sync(device.number);
        let changed = before.iter().zip(&places()).find_map(|(before, after)| difference(before, after));
        if changed.is_some() || conflicts > 0 {
            let detail = format!("d{}: {conflicts} conflicts, changed {changed:?}", device.number);
            world.say("the_second_plan_is_empty", detail);
        }
    }
}

/// Each value that a user wrote is there, or was replaced by somebody who had seen it; what users deleted does not come
/// back. Where people decided between values, nothing is said.
fn no_update_is_lost(world: &World) {
    let ledger = world.ledger.borrow();
    for (spot, held) in world.everything() {
        for key in &world.keys {
            if let Some(what) = ledger.find_lost(key, held.get(key)) {
                world.say("no_update_is_lost", format!("{spot} {key}: {what}"));
            }
            if let Some(what) = held.get(key).and_then(|held| ledger.find_invented(key, held)) {
                world.say("nothing_is_invented", format!("{spot} {key}: {what}"));
            }
        }
    }
}

/// Without its base a device cannot tell what it deleted or changed from what the server added: what differs then is for
/// people to decide.
pub(crate) fn contest_what_differs(world: &World, device: &Device) {
    let (ours, theirs) = (device.place.memories(), world.server.memories());
    let differing = world.keys.iter().filter(|key| !agree(ours.get(*key), theirs.get(*key)));
    differing.for_each(|key| world.contest(key));
}

/// Whether both hold the same, leaving aside what the service is known to rewrite.
fn agree(ours: Option<&Memory>, theirs: Option<&Memory>) -> bool {
    let (Some(ours), Some(theirs)) = (ours, theirs) else { return ours.is_none() && theirs.is_none() };
    let tags = |memory: &Memory| -> std::collections::BTreeSet<String> {
        memory.tags.iter().map(|tag| tag.to_lowercase()).filter(|tag| tag != "untagged").collect()
    };
    let members = |memory: &Memory| match &memory.metadata {
        Metadata::Members(members) => {
            // A memory that an old server would take for another one is given a conversation of its own there.
            let mut members = members.clone();
            members.remove("conversation_id");
            Some(members)
        }
        Metadata::Opaque(_) => None,
    };
    ours.content == theirs.content
        && tags(ours) == tags(theirs)
        && is_same_type(ours.memory_type.as_deref(), theirs.memory_type.as_deref())
        && members(ours) == members(theirs)
        && ours.created_at == theirs.created_at
}
