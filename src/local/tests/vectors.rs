//! Vectors are made ahead of the transactions that write them, only where a maker is proven, and what lacks one gets it
//! later.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::fake::{Fake, down};
use super::*;
use crate::embed;
use crate::side::Replaced;

impl Fixture {
    /// How many rows, texts in the index and vectors there are.
    fn counts(&self) -> [i64; 3] {
        ["memories", "memory_content_fts", "memory_embeddings"]
            .map(|table| self.one(&format!("SELECT count(*) FROM {table}")))
    }
}

/// A database with one memory, whose vector `maker` made.
fn made_by(maker: &Fake) -> Fixture {
    let fixture = Fixture::new(V12);
    fixture.insert("seed", "Seed", "{}");
    fixture.give("seed", &maker.vector("Seed"));
    fixture
}

fn arrival(number: usize) -> Edit {
    let memory = Memory { content: format!("number {number}"), ..memory() };
    edit(&number.to_string(), None, Some(&memory))
}

fn arrivals(count: usize) -> Vec<Edit> {
    (0..count).map(arrival).collect()
}

fn is_done(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Done { .. })
}

#[test]
fn no_text_is_given_to_a_maker_while_the_database_is_locked() {
    let maker = Fake::new("fake");
    let fixture = made_by(&maker);
    let path = fixture.path();
    maker.when_asked(move |_| {
        let other = Connection::open(&path).unwrap();
        other.busy_timeout(Duration::ZERO).unwrap();
        other.execute_batch("BEGIN IMMEDIATE; ROLLBACK").expect("anybody can write");
        Ok(())
    });
    let mut database = fixture.open_with(&[&maker]);
    database.hold = Duration::ZERO;
    let mut kept = image::Kept::default();
    let seed = held(&mut database, "seed").unwrap();
    let changed = Memory { content: "Another seed".to_owned(), ..seed.clone() };
    let mut edits = arrivals(300);
    edits.push(edit("seed", Some(&seed), Some(&changed)));
    database.apply(edits, &mut kept).unwrap();
    assert!(kept.outcomes.iter().all(is_done));
    assert_eq!(maker.count(), 302, "each new text, and one for the proof");

    let back = kept.replaced.iter().filter(|one| one.key.as_str() == "seed").map(|one| Edit {
        key: one.key.clone(),
        expected: one.now,
        target: Some(seed.clone()),
        row: Some(one.row.clone()),
    });
    assert!(apply(&mut database, back.collect()).iter().all(is_done));
    execute(&fixture.service, "DELETE FROM memory_embeddings WHERE rowid % 2 = 0", ());
    database.fill_missing(&mut |_, _| {}).unwrap();
    fixture.assert_sound(&mut database);
    for name in ["seed", "7", "299"] {
        let text = held(&mut database, name).unwrap().content;
        assert_eq!(fixture.vector(name), Some(maker.vector(&text)));
    }
}

#[test]
fn a_maker_is_asked_only_where_a_text_needs_a_vector() {
    let maker = Fake::new("fake");
    let fixture = made_by(&maker);
    let mut database = fixture.open_with(&[&maker]);
    let mut current = held(&mut database, "seed").unwrap();
    let before = fixture.vector("seed");
    let changes: [fn(&mut Memory); 5] = [
        |memory| memory.tags = ["other".to_owned()].into(),
        |memory| memory.memory_type = Some("reference".to_owned()),
        |memory| memory.metadata = Metadata::from_text(r#"{"n": 2}"#, &Bookkeeping::default()),
        |memory| memory.superseded_by = Some("another".to_owned()),
        |memory| memory.store = Some("work".to_owned()),
    ];
    for change in changes {
        let mut target = current.clone();
        change(&mut target);
        assert!(is_done(&apply(&mut database, vec![edit("seed", Some(&current), Some(&target))])[0]));
        assert_eq!(fixture.vector("seed"), before, "not a bit of it");
        current = target;
    }
    assert_eq!(fixture.one::<String>("SELECT store FROM memory_embeddings"), "work");
    assert_eq!(maker.count(), 0);

    apply(&mut database, arrivals(3));
    assert_eq!(maker.count(), 4, "the proof, and what is new");
    apply(&mut database, (3..5).map(arrival).collect());
    assert_eq!(maker.count(), 2, "the proof stands");
    let deleted = edit("seed", Some(&current), None);
    assert!(is_done(&apply(&mut database, vec![deleted])[0]));
    assert_eq!(maker.count(), 0);
    fixture.assert_sound(&mut database);
}

#[test]
fn a_new_text_gets_its_vector_and_is_hidden_no_longer() {
    let maker = Fake::new("fake");
    let fixture = made_by(&maker);
    fixture.insert("pending", "waits", "{}");
    fixture.service.execute_batch("UPDATE memories SET embedding_pending = 1 WHERE id = 2").unwrap();
    let mut database = fixture.open_with(&[&maker]);
    for name in ["seed", "pending"] {
        let before = held(&mut database, name).unwrap();
        let target = Memory { content: format!("{} again", before.content), ..before.clone() };
        apply(&mut database, vec![edit(name, Some(&before), Some(&target))]);
        assert_eq!(fixture.vector(name), Some(maker.vector(&target.content)));
    }
    assert_eq!(fixture.one::<i64>("SELECT sum(embedding_pending) FROM memories"), 0);
}

#[test]
fn a_row_its_terms_and_its_vector_come_together_or_not_at_all() {
    let maker = Fake::new("fake");
    let fixture = made_by(&maker);
    let mut database = fixture.open_with(&[&maker]);
    // Before the vector is in the table; the row and its terms are.
    let refusal = "CREATE TRIGGER refusal BEFORE INSERT ON memory_embeddings_rowids
                   BEGIN SELECT RAISE(ABORT, 'no more vectors'); END";
    fixture.service.execute_batch(refusal).unwrap();
    let outcomes = apply(&mut database, arrivals(3));
    assert!(matches!(&outcomes[..], [Outcome::Failed { .. }, ..]), "{outcomes:?}");
    assert_eq!(fixture.counts(), [1, 1, 1]);

    // When all is written and nothing committed.
    fixture.service.execute_batch("DROP TRIGGER refusal").unwrap();
    let mut full = image::Kept { is_full: true, ..image::Kept::default() };
    database.apply(arrivals(3), &mut full).unwrap_err();
    assert_eq!(fixture.counts(), [1, 1, 1]);

    apply(&mut database, arrivals(3));
    assert_eq!(fixture.counts(), [4, 4, 4]);
}

#[test]
fn a_maker_that_fails_midway_keeps_no_memory_back_and_is_not_asked_again() {
    let maker = Fake::new("fake");
    let fixture = made_by(&maker);
    maker.when_asked(|texts| if texts.contains(&"number 70") { Err(down()) } else { Ok(()) });
    let mut database = fixture.open_with(&[&maker]);
    let outcomes = apply(&mut database, arrivals(200));
    assert_eq!(outcomes.iter().filter(|outcome| is_done(outcome)).count(), 200);
    assert_eq!(maker.count(), 1 + 64 + 64, "the proof, what it made, and what it failed at");
    assert_eq!(database.missing_vectors().unwrap(), 200 - 64);
    let seed = held(&mut database, "seed").unwrap();
    let target = Memory { content: "rewritten".to_owned(), ..seed.clone() };
    apply(&mut database, vec![edit("seed", Some(&seed), Some(&target))]);
    assert_eq!(fixture.vector("seed"), None, "the old one is wrong now");
    let filled = database.fill_missing(&mut |_, _| {}).unwrap();
    assert_eq!((filled.filled, filled.left, maker.count()), (0, 137, 0));
    insta::assert_snapshot!(filled.why.unwrap(), @"fake made none");

    maker.when_asked(|_| Ok(()));
    let filled = fixture.open_with(&[&maker]).fill_missing(&mut |_, _| {}).unwrap();
    assert_eq!((filled.filled, filled.left, filled.why.is_none()), (137, 0, true));
    fixture.assert_sound(&mut database);
}

#[test]
fn a_text_that_the_maker_refuses_keeps_no_other_from_its_vector() {
    let maker = Fake::new("fake");
    let fixture = made_by(&maker);
    let refused = |texts: &[&str]| {
        let cause = || "413".into();
        let is_long = |text: &&str| matches!(*text, "number 70" | "number 199");
        if texts.iter().any(is_long) {
            return Err(embed::Error::Refused { address: "http://model:80".to_owned(), cause: cause() });
        }
        Ok(())
    };
    maker.when_asked(refused);
    let mut database = fixture.open_with(&[&maker]);
    assert!(apply(&mut database, arrivals(200)).iter().all(is_done));
    assert_eq!(database.missing_vectors().unwrap(), 2);
    assert_eq!((fixture.vector("70"), fixture.vector("71")), (None, Some(maker.vector("number 71"))));

    execute(&fixture.service, "DELETE FROM memory_embeddings WHERE rowid % 2 = 1 AND rowid > 1", ());
    let mut database = fixture.open_with(&[&maker]);
    let filled = database.fill_missing(&mut |_, _| {}).unwrap();
    assert_eq!((filled.filled, filled.left), (99, 2));
    insta::assert_snapshot!(filled.why.unwrap(), @"fake makes none of some texts");
    assert_eq!(fixture.counts(), [201, 201, 199]);

    // Who refuses everything is not asked for the rest.
    execute(&fixture.service, "DELETE FROM memory_embeddings WHERE rowid > 1", ());
    maker.when_asked(move |texts| if texts == ["Seed"] { Ok(()) } else { refused(&["number 70"]) });
    maker.count();
    let filled = fixture.open_with(&[&maker]).fill_missing(&mut |_, _| {}).unwrap();
    assert_eq!((filled.filled, filled.left, maker.count()), (0, 200, 1 + 64 * 7));
    assert!(matches!(filled.why, Some(NoVectors::Failed { .. })), "{:?}", filled.why);
}

#[test]
fn what_was_interrupted_goes_on_where_it_stopped() {
    let maker = Fake::new("fake");
    let fixture = made_by(&maker);
    let mut outcomes = 0;
    // More than are ever made before the first are written.
    maker.when_asked(|texts| {
        assert!(!texts.contains(&"number 1600"), "killed");
        Ok(())
    });
    let mut database = fixture.open_with(&[&maker]);
    let killed = catch_unwind(AssertUnwindSafe(|| {
        database.apply(arrivals(1650), &mut |_: ContentHash, _: Outcome| outcomes += 1)
    }));
    assert!(killed.is_err());
    drop(database);
    maker.when_asked(|_| Ok(()));
    let mut database = fixture.open_with(&[&maker]);
    assert!((64..=1600).contains(&outcomes), "{outcomes} were final");
    fixture.assert_sound(&mut database);
    assert_eq!(fixture.counts()[0], outcomes + 1);
    let rest = arrivals(1650).split_off(usize::try_from(outcomes).unwrap());
    assert!(apply(&mut database, rest).iter().all(is_done));
    fixture.assert_sound(&mut database);

    execute(&fixture.service, "DELETE FROM memory_embeddings WHERE rowid > 1", ());
    maker.when_asked(|texts| {
        assert!(!texts.contains(&"number 1050"), "killed");
        Ok(())
    });
    let mut seen = Vec::new();
    let killed = catch_unwind(AssertUnwindSafe(|| {
        database.fill_missing(&mut |filled, total| seen.push((filled, total)))
    }));
    assert!(killed.is_err());
    let done = seen.last().unwrap().0;
    assert_eq!(seen, (0..=9).map(|batch| (batch * 64, 1650)).collect::<Vec<_>>(), "the bar moves");
    assert!(fixture.vector("1649").is_some() && fixture.vector("0").is_none(), "the newest first");
    maker.when_asked(|_| Ok(()));
    let filled = fixture.open_with(&[&maker]).fill_missing(&mut |_, _| {}).unwrap();
    assert_eq!(filled.filled, 1650 - done);
    fixture.assert_sound(&mut database);
}

#[test]
fn nothing_is_written_into_a_table_of_several_models_or_of_an_unknown_one() {
    let [known, other] = ["known", "other"].map(Fake::new);
    let tell = |maker: &Arc<Fake>, vectors: &[Vec<f32>]| {
        let fixture = Fixture::new(V12);
        for (number, vector) in vectors.iter().enumerate() {
            fixture.insert(&format!("old-{number}"), "Seed", "{}");
            fixture.give(&format!("old-{number}"), vector);
        }
        let before = fixture.counts()[2];
        let mut database = fixture.open_with(&[maker]);
        assert!(apply(&mut database, arrivals(2)).iter().all(is_done));
        let filled = database.fill_missing(&mut |_, _| {}).unwrap();
        assert_eq!((filled.filled, filled.left), (0, 2));
        assert_eq!(fixture.counts()[2], before);
        assert!(maker.count() <= 2, "nobody is asked for counts that nobody reads");
        let why = database.counted(filled.why.unwrap()).unwrap().to_string();
        maker.count();
        why
    };
    let [ours, theirs] = [&known, &other].map(|maker| maker.vector("Seed"));
    let hash = hash_vector("Seed", 384);
    insta::assert_snapshot!(tell(&known, std::slice::from_ref(&theirs)), @"the database's vectors are of a model that is not on this device");
    insta::assert_snapshot!(tell(&known, &[ours.clone(), ours.clone(), hash.clone(), theirs.clone()]), @"the database's vectors are not all of one model: of a sample 2 of known, 1 of hash vectors, 1 of a model that is not on this device");
    insta::assert_snapshot!(tell(&known, &[ours.clone(), theirs]), @"the database's vectors are not all of one model: of a sample 1 of known, 1 of a model that is not on this device");
    known.when_asked(|_| Err(down()));
    insta::assert_snapshot!(tell(&known, &[ours]), @"the database's vectors may be of known, which could not be asked: the embedding endpoint http://model:80 gives no vectors");
}

#[test]
fn a_table_without_vectors_takes_what_the_service_would_take() {
    let maker = Fake::new("fake");
    let fixture = Fixture::new(V12);
    let mut database = fixture.open_with(&[&maker]);
    apply(&mut database, arrivals(2));
    assert_eq!(fixture.vector("0"), Some(maker.vector("number 0")));

    let fixture = Fixture::new(V12);
    apply(&mut fixture.open(), arrivals(2));
    assert_eq!(fixture.vector("0"), Some(hash_vector("number 0", 384)), "no model, and no memories");

    let fixture = Fixture::new(V12);
    fixture.insert("old", "Old", "{}");
    let mut database = fixture.open();
    apply(&mut database, arrivals(2));
    assert_eq!(fixture.vector("0"), None, "no model, but memories");
    insta::assert_snapshot!(database.facts().unwrap().maker.unwrap_err(), @"there is no embedding model on this device, and a database that holds memories gets no hash vectors");
}

#[test]
fn whatever_lacks_a_vector_gets_it_unless_it_changes_meanwhile() {
    type Row = (&'static str, &'static str, Option<&'static str>, i64, Option<f64>);
    let maker = Fake::new("fake");
    let fixture = made_by(&maker);
    let sql =
        "INSERT INTO memories (content_hash, content, store, superseded_by, embedding_pending, deleted_at)
               VALUES (?1, ?1, ?2, ?3, ?4, ?5)";
    let rows: [Row; 6] = [
        ("plain", "default", None, 0, None),
        ("in another store", "work", None, 0, None),
        ("superseded", "default", Some("plain"), 0, None),
        ("pending", "default", None, 1, None),
        ("deleted", "default", None, 0, Some(1.5)),
        ("changes", "default", None, 0, None),
    ];
    for row in rows {
        execute(&fixture.service, sql, row);
    }
    fixture.give("pending", &hash_vector("something older", 384));
    let mut database = fixture.open_with(&[&maker]);
    assert_eq!(database.missing_vectors().unwrap(), 5);
    let path = fixture.path();
    maker.when_asked(move |texts| {
        if texts.contains(&"changes") {
            extension::register();
            let other = Connection::open(&path).unwrap();
            execute(&other, "UPDATE memories SET content = 'changed' WHERE content = 'changes'", ());
        }
        Ok(())
    });
    let filled = database.fill_missing(&mut |_, _| {}).unwrap();
    assert_eq!((filled.filled, filled.left), (4, 1));
    for name in ["plain", "in another store", "superseded", "pending"] {
        assert_eq!(fixture.vector(name), Some(maker.vector(name)), "{name}");
    }
    assert_eq!((fixture.vector("deleted"), fixture.vector("changes")), (None, None));
    assert_eq!(fixture.one::<i64>("SELECT sum(embedding_pending) FROM memories"), 0);
    let store = "SELECT store FROM memory_embeddings WHERE rowid = 3";
    assert_eq!(fixture.one::<String>(store), "work");
    database.fill_missing(&mut |_, _| {}).unwrap();
    assert_eq!(fixture.vector("changes"), Some(maker.vector("changed")));
    maker.count();
    database.fill_missing(&mut |_, _| panic!("nothing is left")).unwrap();
    assert_eq!(maker.count(), 0);
}

#[test]
fn a_database_that_another_program_holds_is_left_alone() {
    let maker = Fake::new("fake");
    let fixture = made_by(&maker);
    fixture.insert("lacks", "lacks", "{}");
    let mut database = fixture.open_with(&[&maker]);
    database.connection.busy_timeout(Duration::ZERO).unwrap();
    fixture.service.execute_batch("BEGIN IMMEDIATE").unwrap();
    let filled = database.fill_missing(&mut |_, _| {}).unwrap();
    fixture.service.execute_batch("ROLLBACK").unwrap();
    assert_eq!((filled.filled, filled.left), (0, 1));
    assert!(matches!(filled.why, Some(NoVectors::Unwritten(_))), "{:?}", filled.why);
}

#[test]
fn tables_that_were_made_anew_meanwhile_get_no_vector_of_before() {
    let fixture = || {
        let maker = Fake::new("fake");
        let fixture = made_by(&maker);
        let path = fixture.path();
        maker.when_asked(move |texts| {
            if texts != ["Seed"] {
                let anew = "DROP TABLE memory_embeddings; CREATE VIRTUAL TABLE memory_embeddings \
                            USING vec0(content_embedding FLOAT[8], store TEXT partition key)";
                Connection::open(&path).unwrap().execute_batch(anew).unwrap();
            }
            Ok(())
        });
        (fixture, maker)
    };
    let (arrived, maker) = fixture();
    assert!(apply(&mut arrived.open_with(&[&maker]), arrivals(2)).iter().all(is_done));
    assert_eq!(arrived.counts(), [3, 3, 0]);

    let (filled, maker) = fixture();
    filled.insert("lacks", "lacks", "{}");
    assert_eq!(filled.open_with(&[&maker]).fill_missing(&mut |_, _| {}).unwrap().left, 2);
    assert_eq!(filled.counts(), [2, 2, 0]);
}

#[test]
fn a_kept_vector_comes_back_bit_for_bit_unless_the_proven_maker_makes_another_one() {
    let maker = Fake::new("fake");
    let fixture = made_by(&maker);
    for name in ["same", "foreign"] {
        fixture.insert(name, name, "{}");
    }
    // As another engine makes it.
    let mut same = maker.vector("same");
    same[0] += 1e-6;
    fixture.give("same", &same);
    let foreign = hash_vector("foreign", 384);
    fixture.give("foreign", &foreign);
    let take_away_and_back = |database: &mut Database| {
        let mut kept = image::Kept::default();
        let before = ["same", "foreign"].map(|name| held(database, name).unwrap());
        let deletions = before.iter().map(|memory| edit(&memory.content, Some(memory), None)).collect();
        database.apply(deletions, &mut kept).unwrap();
        let edits = taking_back(&kept.replaced, &before);
        assert!(apply(database, edits).iter().all(is_done));
    };
    // Nothing is proven by a device that has no such model.
    let mut database = fixture.open();
    assert!(database.maker().unwrap().is_err());
    take_away_and_back(&mut database);
    assert_eq!(fixture.vector("same").as_ref(), Some(&same));
    assert_eq!(fixture.vector("foreign").as_ref(), Some(&foreign));

    take_away_and_back(&mut fixture.open_with(&[&maker]));
    assert_eq!(fixture.vector("same"), Some(same));
    assert_eq!(fixture.vector("foreign"), Some(maker.vector("foreign")));
}

/// What an undo of `edits` is made of: the rows as they were before.
fn taking_back(replaced: &[Replaced], memories: &[Memory]) -> Vec<Edit> {
    let back = |(replaced, memory): (&Replaced, &Memory)| Edit {
        key: replaced.key.clone(),
        expected: replaced.now,
        target: Some(memory.clone()),
        row: Some(replaced.row.clone()),
    };
    replaced.iter().zip(memories).map(back).collect()
}

#[test]
fn no_undo_brings_back_vectors_of_a_model_that_the_database_has_left() {
    let [old, new] = ["old", "new"].map(Fake::new);
    let fixture = made_by(&old);
    for name in ["deleted", "tagged", "rewritten"] {
        fixture.insert(name, name, "{}");
        fixture.give(name, &old.vector(name));
    }
    let names = ["deleted", "tagged", "rewritten"];
    let mut database = fixture.open_with(&[&old]);
    let before = names.map(|name| held(&mut database, name).unwrap());
    let tagged = Memory { tags: ["new".to_owned()].into(), ..before[1].clone() };
    let rewritten = Memory { content: "Another text".to_owned(), ..before[2].clone() };
    let targets = [None, Some(&tagged), Some(&rewritten)];
    let edits = names.iter().zip(&before).zip(targets);
    let mut kept = image::Kept::default();
    let edits = edits.map(|((name, before), target)| edit(name, Some(before), target)).collect();
    database.apply(edits, &mut kept).unwrap();

    // All vectors are of the new model now, as `embed --all` leaves them.
    for (name, text) in [("seed", "Seed"), ("tagged", "tagged"), ("rewritten", "Another text")] {
        execute(
            &fixture.service,
            "DELETE FROM memory_embeddings WHERE rowid = (SELECT id FROM memories WHERE content_hash = ?1)",
            [name],
        );
        fixture.give(name, &new.vector(text));
    }
    // Which one that is cannot be asked at the moment.
    new.when_asked(|_| Err(down()));
    let mut database = fixture.open_with(&[&new]);
    assert!(apply(&mut database, taking_back(&kept.replaced, &before)).iter().all(is_done));
    assert_eq!(fixture.vector("tagged"), Some(new.vector("tagged")), "its text has not changed");
    assert_eq!((fixture.vector("deleted"), fixture.vector("rewritten")), (None, None));
    assert_eq!(names.map(|name| held(&mut database, name).unwrap()), before);

    new.when_asked(|_| Ok(()));
    assert_eq!(fixture.open_with(&[&new]).fill_missing(&mut |_, _| {}).unwrap().filled, 2);
    for name in names {
        assert_eq!(fixture.vector(name), Some(new.vector(name)), "{name}");
    }
    fixture.assert_sound(&mut database);
}
