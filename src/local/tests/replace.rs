//! All vectors are replaced by those of another maker, and whatever happens meanwhile.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::fake::{Fake, down};
use super::*;
use crate::embed::{self, Hash, Maker};
use crate::local::vectors::{Step, Verified};

/// A database with as many memories, each with its hash vector, and a tombstone where there can be one.
fn filled(schema: &str, count: usize) -> Fixture {
    let fixture = Fixture::with_seed(schema);
    for number in 0..count {
        let text = format!("Text {number}");
        fixture.insert(&format!("key {number}"), &text, "{}");
        fixture.put_vector(fixture.service.last_insert_rowid(), &hash_vector(&text, 384));
    }
    if schema != V8 {
        fixture.insert("gone", "Gone", "{}");
        execute(&fixture.service, "UPDATE memories SET deleted_at = 1.5 WHERE content_hash = 'gone'", []);
    }
    fixture
}

/// Each live memory and the maker of its vector.
fn verified(fixture: &Fixture, makers: Vec<Arc<dyn Maker>>) -> Verified {
    let options = Options { makers: Makers::new(makers), ..fixture.options() };
    Database::open(options).unwrap().verify_vectors(None, &mut |_, _| {}).unwrap()
}

#[test]
fn another_model_of_another_size_is_laid_out_as_the_service_would() {
    for schema in [V8, V10, V12] {
        let fixture = filled(schema, 200);
        let layout = "SELECT sql FROM sqlite_schema WHERE name = 'memory_embeddings'";
        let before: String = fixture.one(layout);
        let maker: Arc<dyn Maker> = Fake::with_dimension("model", 8);
        let mut steps = Vec::new();
        let replaced =
            fixture.open().replace_vectors(maker.as_ref(), &mut |step| steps.push(step)).unwrap().unwrap();

        assert_eq!((replaced.memories, replaced.dimension), (201, 8));
        let made = [64, 128, 192, 201].map(|done| Step::Made(done, 201));
        assert_eq!(steps, [&made[..], &[Step::Replacing]].concat());
        assert_eq!(fixture.one::<String>(layout), before.replace("[384]", "[8]"));
        let verified = verified(&fixture, vec![maker]);
        assert_eq!((verified.checked, verified.differing.len()), (201, 0));
        assert_eq!(verified.maker.as_deref(), Some("model"));
        fixture.assert_sound(&mut fixture.open());
        // What the service's search asks.
        let near: Vec<u8> = embed::to_bytes(&Fake::with_dimension("model", 8).vector("Text 7"));
        let search = "SELECT content FROM memories JOIN (SELECT rowid FROM memory_embeddings \
                      WHERE content_embedding MATCH ?1 AND k = 1) AS found ON found.rowid = id";
        let found: String = fixture.service.query_row(search, [near], |row| row.get(0)).unwrap();
        assert_eq!(found, "Text 7");
    }
}

#[test]
fn what_is_written_meanwhile_never_gets_a_vector_of_its_old_text() {
    let fixture = filled(V12, 3);
    execute(
        &fixture.service,
        "UPDATE memories SET embedding_pending = 1, store = 'work' WHERE content_hash = 'key 1'",
        [],
    );
    let path = fixture.options().path;
    let mut calls = 0;
    let maker = Fake::with_dimension("model", 8);
    maker.when_asked(move |_| {
        calls += 1;
        // The first call asks for the size of a vector, the second one for the vectors.
        if calls == 2 {
            let service = Connection::open(&path).unwrap();
            execute(&service, "UPDATE memories SET content = 'Changed' WHERE content_hash = 'key 2'", []);
            let sql = "INSERT INTO memories (content_hash, content, created_at) VALUES ('new', 'New', 2.5)";
            execute(&service, sql, []);
            execute(&service, "UPDATE memories SET deleted_at = 2.5 WHERE content_hash = 'key 0'", []);
        }
        Ok(())
    });
    let mut database = fixture.open();
    let replaced = database.replace_vectors(&*maker, &mut |_| ()).unwrap().unwrap();
    assert_eq!(replaced.memories, 3);
    assert_eq!(database.missing_vectors().unwrap(), 1, "it gets its vector afterwards");
    let left: String = fixture.one(
        "SELECT group_concat(content || ' ' || vector.store || ' ' || embedding_pending, ', ' ORDER BY vector.store, id) \
         FROM memory_embeddings AS vector JOIN memories ON id = vector.rowid",
    );
    assert_eq!(left, "Seed default 0, New default 0, Text 1 work 0");
}

#[test]
fn a_maker_that_fails_leaves_everything_as_it_was() {
    let maker = Fake::with_dimension("model", 8);
    let mut calls = 0;
    maker.when_asked(move |_| {
        calls += 1;
        if calls < 3 { Ok(()) } else { Err(down()) }
    });
    let fixture = filled(V12, 100);
    let mut database = fixture.open();
    let why = database.replace_vectors(&*maker, &mut |_| ()).unwrap().unwrap_err();
    assert_eq!(why.to_string(), "model made none");
    assert_eq!(verified(&fixture, vec![]).differing, []);
    database.replace_vectors(&*Fake::with_dimension("model", 8), &mut |_| ()).unwrap().unwrap();
}

/// Where the child process of the tests below finds the database, and when it stops.
const PATH: &str = "MEMSYNC_TEST_REPLACED_AT";
const MOMENT: &str = "MEMSYNC_TEST_REPLACED_UNTIL";

/// Not a test of its own: the process that gets killed.
#[test]
#[ignore = "run by `a_killed_process_leaves_the_old_vectors_or_the_new_ones`"]
fn be_killed() {
    let Some(path) = std::env::var_os(PATH).map(std::path::PathBuf::from) else { return };
    let moment = std::env::var(MOMENT).unwrap();
    let stop = || -> ! {
        println!("\nready");
        loop {
            std::thread::park();
        }
    };
    let mut database = Database::open(Options { path, ..Fixture::new(V12).options() }).unwrap();
    // Written to the file before the end, as a transaction does that outgrows the cache.
    database.connection.pragma_update(None, "cache_size", 1).unwrap();
    let mut reached = |step: Step| {
        if format!("{step:?}") == moment {
            stop();
        }
    };
    database.replace_vectors(&*Fake::with_dimension("model", 8), &mut reached).unwrap().unwrap();
    stop();
}

/// Runs [`be_killed`] up to a moment, and kills it there.
fn kill_at(moment: &str, path: &Path) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "local::tests::replace::be_killed", "--ignored", "--nocapture"])
        .envs([(PATH, path.as_os_str()), (MOMENT, moment.as_ref())])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "ready"));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_killed_process_leaves_the_old_vectors_or_the_new_ones() {
    for (moment, dimension) in
        [("Made(64, 201)", 384), ("Made(201, 201)", 384), ("Replacing", 384), ("the end", 8)]
    {
        let fixture = filled(V12, 200);
        kill_at(moment, &fixture.options().path);
        let model: Arc<dyn Maker> = Fake::with_dimension("model", 8);
        let mut database = fixture.open();
        assert_eq!(database.facts().unwrap().dimension, Some(dimension), "{moment}");
        let verified_now = verified(&fixture, vec![Arc::clone(&model)]);
        assert_eq!((verified_now.checked, verified_now.differing.len()), (201, 0), "{moment}");
        fixture.assert_sound(&mut database);
        assert_eq!(fixture.one::<String>("PRAGMA integrity_check"), "ok", "{moment}");
        // The next run has nothing to repair.
        let replaced = database.replace_vectors(model.as_ref(), &mut |_| ()).unwrap().unwrap();
        assert_eq!(replaced.memories, 201, "{moment}");
    }
}

#[test]
#[ignore = "measures; run it by its name with --release and --nocapture"]
fn how_long_replacing_keeps_the_service_from_writing() {
    for count in [10_000, 100_000] {
        let fixture = Fixture::new(V12);
        fixture.service.execute_batch("BEGIN").unwrap();
        for number in 0..count {
            let text =
                format!("number {number}: {}", "what is worth remembering takes some lines. ".repeat(7));
            fixture.insert(&format!("key {number}"), &text, "{}");
            fixture.put_vector(fixture.service.last_insert_rowid(), &hash_vector(&text, 384));
        }
        fixture.service.execute_batch("COMMIT").unwrap();
        for dimension in [384, 768] {
            let replaced =
                fixture.open().replace_vectors(&Hash::new(dimension), &mut |_| ()).unwrap().unwrap();
            let size = fs::metadata(fixture.options().path).unwrap().len() / 1_000_000;
            println!("{count} memories, {dimension} numbers: {:?}, then {size} MB", replaced.locked);
        }
    }
}
