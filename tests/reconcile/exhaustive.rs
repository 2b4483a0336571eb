//! Every base pair, local and remote version over {absent, v1, v2, v3}, under every server, scope and option: what
//! holds for each of them, law by law.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::rc::Rc;

use memsync::object::tree::Snapshot;
use memsync::object::{BlobId, Bookkeeping, Memory, Metadata, SideName};
use memsync::reconcile::{
    After, Base, Conflict, Direction, Field, Options, Pair, Plan, Planned, Scope, State, Step, Strategy,
    Versions, advance, compare, plan,
};

use crate::world::{Server, key, memory};

/// Versions that collide in every field that can, and versions that can always be merged.
const ALPHABETS: [[&str; 3]; 2] = [
    [
        "content Milk; meta.a 1; tag A; type note",
        "content milk; meta.a 2; tag b; type decision",
        "content MILK; meta.a {\"b\":1}; superseded-by x; store work; tag C",
    ],
    ["meta.a 1; tag A", "created 5; meta.a 1; meta.b 2; tag A; tag b", "tag C; meta.a 1; type note"],
];

/// Which of the versions a command is about. With one of three, a change enters the scope or leaves it.
const SCOPES: [(&str, &[&str]); 4] = [
    ("everything", &[]),
    ("all three", &["A", "b", "C", "a", "c"]),
    ("the first", &["A", "a"]),
    ("none", &["x"]),
];

const SIDES: [SideName; 2] = [SideName::Local, SideName::Remote];

/// One memory in the three trees, and the server that it is on.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Case {
    server: Server,
    versions: Versions,
}

impl Case {
    fn held(self, side: SideName) -> Option<BlobId> {
        self.versions.of_side(side).1
    }

    /// The same with the server in this device's place.
    fn mirrored(self) -> Self {
        let Versions { base, local, remote } = self.versions;
        let base = base.map(|pair| Pair { local: pair.remote, remote: pair.local });
        Self { versions: Versions { base, local: remote, remote: local }, ..self }
    }
}

/// What a command was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Question {
    direction: Direction,
    strategy: Strategy,
    newer: SideName,
    auto_merge: bool,
    /// Its place in [`SCOPES`].
    scope: usize,
}

impl Question {
    fn mirrored(self) -> Self {
        Self {
            direction: match self.direction {
                Direction::Pull => Direction::Push,
                Direction::Push => Direction::Pull,
                Direction::Both => Direction::Both,
            },
            strategy: match self.strategy {
                Strategy::Ours => Strategy::Theirs,
                Strategy::Theirs => Strategy::Ours,
                other => other,
            },
            newer: self.newer.other(),
            ..self
        }
    }
}

/// All that a plan may depend on.
type Asked = ([Option<BlobId>; 4], [u8; 4], usize);

fn asked(case: Case, question: Question) -> Asked {
    let Versions { base, local, remote } = case.versions;
    let Question { direction, strategy, newer, auto_merge, scope } = question;
    let options = [direction as u8, strategy as u8, newer as u8, u8::from(auto_merge)];
    ([base.map(|pair| pair.local), base.map(|pair| pair.remote), local, remote], options, scope)
}

/// The staging database: every version that was seen, and what was planned.
#[derive(Default)]
struct Shelf {
    memories: RefCell<HashMap<BlobId, Memory>>,
    plans: RefCell<HashMap<Asked, Rc<Plan>>>,
}

impl Shelf {
    fn put(&self, memory: &Memory) -> BlobId {
        let id = memory.id();
        self.memories.borrow_mut().entry(id).or_insert_with(|| memory.clone());
        id
    }

    fn get(&self, id: BlobId) -> Memory {
        self.memories.borrow()[&id].clone()
    }

    /// What is planned; looked up where it was asked before, since a plan is a function of what it is given.
    fn plan(&self, case: Case, question: Question) -> Rc<Plan> {
        let asked = asked(case, question);
        let known = self.plans.borrow().get(&asked).cloned();
        known.unwrap_or_else(|| {
            let plan = Rc::new(self.made(case, question));
            self.plans.borrow_mut().insert(asked, Rc::clone(&plan));
            plan
        })
    }

    fn made(&self, case: Case, question: Question) -> Plan {
        let Versions { base, local, remote } = case.versions;
        let snapshot =
            |held: Option<BlobId>| -> Snapshot { held.map(|blob| (key("k"), blob)).into_iter().collect() };
        let base: Base = base.map(|pair| (key("k"), pair)).into_iter().collect();
        let scope = scope(question);
        let options = Options {
            direction: question.direction,
            strategy: question.strategy,
            auto_merge: question.auto_merge,
            scope: &scope,
            resolutions: &BTreeMap::new(),
            choices: &BTreeMap::new(),
            carried_out: &BTreeMap::new(),
            newer: &|_| question.newer,
        };
        let (local, remote) = (snapshot(local), snapshot(remote));
        let compared = compare(&base, &local, &remote);
        let Ok(plan) = plan(compared, &options, &mut |blob| Ok::<_, Infallible>(self.get(blob)));
        self.memories.borrow_mut().extend(plan.objects.iter().map(|(id, memory)| (*id, memory.clone())));
        plan
    }

    /// Carries a plan out as both sides would, and moves the base.
    fn carry_out(&self, case: Case, plan: &Plan) -> Case {
        let mut next = case;
        let mut after = After::default();
        for side in SIDES {
            for (name, step) in plan.steps(side) {
                assert_eq!(step.expected, case.held(side), "a step expects what is there");
                let server = if side == SideName::Remote { case.server } else { Server::Faithful };
                let before = step.expected.map(|blob| self.get(blob));
                let now = step.target.map(|blob| self.put(&server.receive(before.as_ref(), &self.get(blob))));
                after.confirm(side, name.clone(), step, now);
                match side {
                    SideName::Local => next.versions.local = now,
                    SideName::Remote => next.versions.remote = now,
                }
            }
        }
        let base = case.versions.base.map(|pair| (key("k"), pair)).into_iter().collect();
        let Ok(advanced) = advance(&base, plan, &after, &mut |blob| Ok::<_, Infallible>(self.get(blob)));
        next.versions.base = advanced.pairs().find(|(name, _)| **name == key("k")).map(|(_, pair)| pair);
        self.memories.borrow_mut().extend(advanced.objects);
        next
    }

    /// Whether any version that decides about it is in scope.
    fn is_in_scope(&self, case: Case, question: Question) -> bool {
        let held = SIDES.map(|side| case.held(side));
        let base = case.versions.base.map(|pair| pair.local);
        let asked = if held == [None, None] { [base, None] } else { held };
        let scope = scope(question);
        asked.into_iter().flatten().any(|blob| scope.contains(&self.get(blob)))
    }
}

fn scope(question: Question) -> Scope {
    Scope { tags: SCOPES[question.scope].1.iter().map(|&tag| tag.to_owned()).collect(), ..Scope::default() }
}

/// A case, what was planned for it, and what came of it.
struct Seen<'a> {
    shelf: &'a Shelf,
    case: Case,
    question: Question,
    plan: Rc<Plan>,
    /// After the plan was carried out.
    after: Case,
    /// The plan of the same command once more.
    again: Rc<Plan>,
}

impl Seen<'_> {
    fn entry(&self) -> Option<&Planned> {
        self.plan.entries.first()
    }

    fn step(&self, side: SideName) -> Option<Step> {
        self.entry().and_then(|entry| entry.step(side))
    }

    fn conflicts(&self) -> impl Iterator<Item = &Conflict> {
        self.plan.conflicts.iter().chain(self.plan.ended.iter().map(|(conflict, _)| conflict))
    }

    /// The side that was given what both had made of the memory, where the other one was left out.
    fn taker(&self) -> Option<SideName> {
        let entry = self.entry().filter(|entry| !entry.complete)?;
        let merged = entry.merged.as_deref()?;
        SIDES.into_iter().find(|side| self.after.held(*side) == Some(merged.of_side(*side)))
    }

    fn is_changed(&self, side: SideName) -> bool {
        let (base, now) = self.case.versions.of_side(side);
        base != now
    }
}

type Law = (&'static str, fn(&Seen<'_>) -> bool);

/// What holds for every case.
const LAWS: [Law; 20] = [
    ("agreement is idle", |seen| {
        let alike = seen.case.held(SIDES[0]) == seen.case.held(SIDES[1]);
        let as_ever = SIDES.iter().all(|side| !seen.is_changed(*side));
        !(alike || as_ever)
            || (seen.plan.has_no_steps() && seen.plan.conflicts.is_empty() && seen.plan.ended.is_empty())
    }),
    ("what neither side changed is not part of the plan", |seen| {
        let as_ever = SIDES.iter().all(|side| !seen.is_changed(*side));
        !as_ever || *seen.plan == Plan::default()
    }),
    ("nothing is deleted but what the base held and the other side deleted", |seen| {
        SIDES.iter().all(|side| {
            let deletes = seen.step(*side).is_some_and(Step::is_deletion);
            !deletes || (seen.case.versions.base.is_some() && seen.case.held(side.other()).is_none())
        })
    }),
    ("a deletion alone never takes away what the other side changed", |seen| {
        let waits = seen.question.strategy == Strategy::Wait;
        let changed = SIDES.iter().all(|side| seen.is_changed(*side));
        !(waits && changed) || SIDES.iter().all(|side| !seen.step(*side).is_some_and(Step::is_deletion))
    }),
    ("where one side alone changed, it is not touched", |seen| {
        SIDES.iter().all(|side| {
            let alone = seen.is_changed(*side) && !seen.is_changed(side.other());
            !alone || (seen.step(*side).is_none() && seen.conflicts().next().is_none())
        })
    }),
    ("a direction never touches the other side", |seen| {
        let spared = match seen.question.direction {
            Direction::Pull => SideName::Remote,
            Direction::Push => SideName::Local,
            Direction::Both => return true,
        };
        seen.step(spared).is_none() && seen.after.held(spared) == seen.case.held(spared)
    }),
    ("what is out of scope is not part of the plan, and what is in scope is planned as ever", |seen| {
        let everything = Question { scope: 0, ..seen.question };
        if seen.shelf.is_in_scope(seen.case, seen.question) {
            seen.question.scope == 0 || seen.plan == seen.shelf.plan(seen.case, everything)
        } else {
            let left_out: Vec<_> = seen.plan.compared().collect();
            *seen.plan == Plan { left_out, ..Plan::default() } && seen.after == seen.case
        }
    }),
    ("a plan agrees where a sync of both sides would change neither of them", |seen| {
        let whole = seen.shelf.plan(seen.case, Question { direction: Direction::Both, ..seen.question });
        let steps = |plan: &Plan| SIDES.map(|side| plan.steps(side).count()) != [0, 0];
        seen.plan.has_no_steps() != steps(&seen.plan)
            && seen.plan.agrees() == (whole.conflicts.is_empty() && !steps(&whole))
    }),
    ("a memory is planned or waits, once", |seen| {
        seen.plan.entries.len() + seen.plan.conflicts.len() <= 1 && seen.plan.ended.len() <= 1
    }),
    ("a conflict lists both versions, and the fields that differ in them", |seen| {
        seen.conflicts().all(|conflict| {
            let held = [conflict.versions.local, conflict.versions.remote];
            let is_gone = conflict.fields == [Field::Existence].into();
            conflict.versions == seen.case.versions
                && held[0] != held[1]
                && !conflict.fields.is_empty()
                && is_gone == held.contains(&None)
                && State::of(conflict.versions) == Some(conflict.state)
        })
    }),
    ("what waits is not touched, and its base stays", |seen| {
        seen.plan.conflicts.is_empty() || seen.after == seen.case
    }),
    ("a strategy ends what would wait, and nothing else", |seen| {
        let waiting = Question { strategy: Strategy::Wait, ..seen.question };
        let ended = seen.plan.ended.iter().map(|(conflict, _)| conflict);
        match seen.question.strategy {
            Strategy::Wait => seen.plan.ended.is_empty(),
            _ => seen.plan.conflicts.is_empty() && ended.eq(&seen.shelf.plan(seen.case, waiting).conflicts),
        }
    }),
    ("a step replaces what is there by something else that can be had", |seen| {
        let held = SIDES.map(|side| seen.case.held(side));
        SIDES.iter().filter_map(|side| Some((side, seen.step(*side)?))).all(|(side, step)| {
            let at_hand = held.contains(&step.target)
                || step.target.is_none_or(|blob| seen.plan.objects.contains_key(&blob));
            step.expected == seen.case.held(*side) && step.expected != step.target && at_hand
        })
    }),
    ("the same command again has nothing to do", |seen| {
        seen.again.has_no_steps()
            && seen.again.conflicts == seen.plan.conflicts
            && seen.again.entries.iter().all(|entry| !entry.complete)
    }),
    ("neither side is preferred", |seen| {
        // A plan does not know the server; that each side has forms of its own, pairs of two versions show.
        if seen.case.server != Server::Faithful {
            return true;
        }
        let there = seen.shelf.plan(seen.case.mirrored(), seen.question.mirrored());
        let fields = |conflict: &Conflict| (conflict.fields.clone(), conflict.state.letter(SideName::Local));
        let mirrored =
            |conflict: &Conflict| (conflict.fields.clone(), conflict.state.letter(SideName::Remote));
        let step = |side| there.entries.first().and_then(|entry| entry.step(side));
        let complete = |plan: &Plan| plan.entries.iter().all(|entry| entry.complete);
        SIDES.iter().all(|side| seen.step(*side) == step(side.other()))
            && complete(&seen.plan) == complete(&there)
            && seen.plan.conflicts.iter().map(fields).eq(there.conflicts.iter().map(mirrored))
            && seen.plan.ended.len() == there.ended.len()
    }),
    ("pull and push, one after the other, come to the same as both at once", |seen| {
        let run = |case, direction| {
            let question = Question { direction, ..seen.question };
            seen.shelf.carry_out(case, &seen.shelf.plan(case, question))
        };
        let ends = |case: Case| SIDES.map(|side| case.held(side));
        // Under a scope, the first of them may take the memory out of it. What is not merged is a conflict in all of them.
        seen.question.direction != Direction::Both
            || seen.question.scope != 0
            || !seen.question.auto_merge
            || [[Direction::Pull, Direction::Push], [Direction::Push, Direction::Pull]]
                .iter()
                .all(|[first, second]| ends(run(run(seen.case, *first), *second)) == ends(seen.after))
    }),
    ("what is complete has come to rest", |seen| {
        let is_complete = seen.entry().is_some_and(|entry| entry.complete);
        let is_there = SIDES.map(|side| seen.after.held(side).is_some());
        !is_complete || (*seen.again == Plan::default() && is_there[0] == is_there[1])
    }),
    ("the base is what both sides hold, what it was, or what one side took of the other", |seen| {
        let is_complete = seen.entry().is_some_and(|entry| entry.complete);
        let Versions { base, local, remote } = seen.after.versions;
        let held = local.zip(remote).map(|(local, remote)| Pair { local, remote });
        match seen.taker() {
            Some(taker) => base.map(|base| base.of_side(taker.other())) == seen.case.held(taker.other()),
            None => base == if is_complete { held } else { seen.case.versions.base },
        }
    }),
    ("whoever took a change may do with it what he likes, and does not get it back", |seen| {
        let Some(taker) = seen.taker() else { return true };
        let Versions { base, local, remote } = seen.case.versions;
        let later = [local, remote, base.map(|pair| pair.local), base.map(|pair| pair.remote), None];
        let whole =
            Question { direction: Direction::Both, strategy: Strategy::Wait, scope: 0, ..seen.question };
        later.into_iter().all(|later| {
            let mut case = seen.after;
            match taker {
                SideName::Local => case.versions.local = later,
                SideName::Remote => case.versions.remote = later,
            }
            let plan = seen.shelf.plan(case, whole);
            plan.steps(taker).next().is_none() && plan.conflicts.is_empty()
        })
    }),
    ("both sides end alike where nothing is rewritten", |seen| {
        let is_complete = seen.entry().is_some_and(|entry| entry.complete);
        let one_form = seen.case.versions.base.is_none_or(|pair| pair.local == pair.remote);
        let is_asked = is_complete && one_form && seen.case.server == Server::Faithful;
        !is_asked || seen.after.held(SIDES[0]) == seen.after.held(SIDES[1])
    }),
];

fn every_case(shelf: &Shelf, alphabet: [&str; 3], server: Server) -> Vec<Case> {
    let versions = alphabet.map(memory);
    let local = versions.each_ref().map(|memory| shelf.put(memory));
    let remote = versions.each_ref().map(|memory| shelf.put(&server.receive(None, memory)));
    let maybe = |all: [BlobId; 3]| [None].into_iter().chain(all.map(Some));
    let pairs =
        local.iter().flat_map(|&local| remote.iter().map(move |&remote| Some(Pair { local, remote })));
    let mut all = Vec::new();
    for base in [None].into_iter().chain(pairs) {
        for local in maybe(local) {
            all.extend(
                maybe(remote).map(|remote| Case { server, versions: Versions { base, local, remote } }),
            );
        }
    }
    all
}

/// Every direction and strategy. Under a scope a few, since it leaves a plan as it is or empties it; where a server
/// rewrites what it is sent, both directions together.
fn every_question(server: Server) -> Vec<Question> {
    let (ours, theirs) = (SideName::Local, SideName::Remote);
    let rules = [
        (Strategy::Wait, theirs, true),
        (Strategy::Wait, theirs, false),
        (Strategy::Ours, theirs, true),
        (Strategy::Ours, theirs, false),
        (Strategy::Theirs, theirs, true),
        (Strategy::Theirs, theirs, false),
        (Strategy::Newest, ours, true),
        (Strategy::Newest, theirs, true),
    ];
    let whole = |direction| {
        rules.map(|(strategy, newer, auto_merge)| Question {
            direction,
            strategy,
            newer,
            auto_merge,
            scope: 0,
        })
    };
    let mut all = Vec::from(whole(Direction::Both));
    if server == Server::Faithful {
        all.extend([Direction::Pull, Direction::Push].into_iter().flat_map(whole));
    }
    let scoped = |scope| [all[0], all[4]].map(|question| Question { scope, ..question });
    let scoped: Vec<Question> = (1..SCOPES.len()).flat_map(scoped).collect();
    all.extend(scoped);
    all
}

#[test]
fn every_law_holds_for_every_case() {
    let mut count = 0;
    for alphabet in ALPHABETS {
        for server in [Server::Faithful, Server::Service] {
            let shelf = Shelf::default();
            let cases = every_case(&shelf, alphabet, server);
            for question in every_question(server) {
                for case in &cases {
                    check(&shelf, *case, question);
                }
                count += cases.len();
            }
        }
    }
    assert_eq!(count, 14_080);
}

fn check(shelf: &Shelf, case: Case, question: Question) {
    let plan = shelf.plan(case, question);
    let after = shelf.carry_out(case, &plan);
    let again = shelf.plan(after, question);
    let seen = Seen { shelf, case, question, plan, after, again };
    for (law, holds) in LAWS {
        assert!(holds(&seen), "{law}: {case:?}\n{question:?}\n{:?}\nthen {:?}", seen.plan, seen.again);
    }
}

#[test]
fn what_a_server_rewrites_is_no_change() {
    for alphabet in ALPHABETS {
        let shelf = Shelf::default();
        let [plain, rewritten] =
            [Server::Faithful, Server::Service].map(|server| every_case(&shelf, alphabet, server));
        let letters =
            |case: &Case| State::of(case.versions).map(|state| SIDES.map(|side| state.letter(side)));
        for (plain, rewritten) in plain.iter().zip(&rewritten) {
            assert_eq!(letters(plain), letters(rewritten), "{plain:?}\nrewritten {rewritten:?}");
        }
    }
}

#[test]
fn what_a_service_counts_and_scores_is_not_part_of_a_memory() {
    let counted = r#""access_count":7,"last_accessed_at":1.5,"access_queries":["q"],"quality_score":0.5,"#;
    let members = r#""a":1,"gone":null,"z":{"y":null}}"#;
    for scored in [counted, r#""quality_provider":"x","memsync":{"created_at":1},"#, ""] {
        let read = |text: &str| Metadata::from_text(text, &Bookkeeping::default());
        let metadata = read(&format!("{{{scored}{members}"));
        assert_eq!(metadata, read(r#"{"a":1,"z":{"y":null}}"#), "{scored}");
    }
}
