//! What holds for requests that write and read at the same moment.

use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;

use axum::body::to_bytes;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::writer::{Job, Waiting};
use super::*;
use crate::local;
use crate::local::service::{Condition, Draft, New, Vectors};
use crate::object::Timestamp;

/// A database in a folder of its own, whose clock counts the transactions.
struct Scene {
    folder: TempDir,
    runtime: Runtime,
    database: Database,
}

impl Scene {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("hub.db");
        local::prepare(&path).unwrap();
        let count = AtomicU32::new(0);
        let clock: Clock =
            Arc::new(move || Timestamp::new(count.fetch_add(1, Ordering::Relaxed).into()).unwrap());
        let runtime = Runtime::new().unwrap();
        let database = Database::open(&path, clock).unwrap();
        Self { folder, runtime, database }
    }

    fn memories(&self) -> u64 {
        let now = Timestamp::new(0.0).unwrap();
        let count = self.database.read(move |reader| Ok(reader.statistics(now)?.total_memories));
        self.runtime.block_on(count).unwrap()
    }
}

/// Stores a memory, and says in which transaction.
fn store(changes: &Changes<'_>, content: &str) -> Result<Timestamp, side::Error> {
    let draft = Draft { content: content.to_owned(), store: "default".to_owned(), ..Draft::default() };
    changes.store(&New::try_from(draft).unwrap(), &Vectors::default(), &Condition::default())?;
    Ok(changes.now)
}

fn status(failure: Failure) -> StatusCode {
    failure.into_response().status()
}

/// A job that keeps the writer busy until the returned sender is dropped.
fn hold()
-> (impl FnOnce(&Changes<'_>) -> Result<(), side::Error> + Send, mpsc::Sender<()>, mpsc::Receiver<()>) {
    let (release, until) = mpsc::channel::<()>();
    let (running, is_running) = mpsc::channel();
    let job = move |_: &Changes<'_>| {
        running.send(()).unwrap();
        // It ends when the other side is dropped.
        let _ = until.recv();
        Ok(())
    };
    (job, release, is_running)
}

#[test]
fn requests_that_wait_share_a_transaction_in_which_one_that_fails_leaves_nothing() {
    let scene = Scene::new();
    let Scene { runtime, database, .. } = &scene;
    let (job, release, running) = hold();
    runtime.block_on(async {
        let first = database.write(job);
        let good = database.write(|changes| store(changes, "good"));
        let bad = database.write(|changes| {
            store(changes, "bad")?;
            Err::<(), _>(side::Error::Missing { path: "somewhere".into() })
        });
        let worse = database.write(|changes| -> Result<(), _> {
            store(changes, "worse")?;
            panic!("on purpose")
        });
        let last = database.write(|changes| store(changes, "last"));
        let waiting = async {
            // The first has a transaction of its own by now, and none of the others has begun.
            tokio::task::spawn_blocking(move || running.recv()).await.unwrap().unwrap();
            tokio::join!(good, bad, worse, last, async { drop(release) })
        };
        let (first, (good, bad, worse, last, ())) = tokio::join!(first, waiting);
        first.unwrap();
        assert_eq!(good.unwrap(), last.unwrap(), "one transaction");
        assert_eq!(status(bad.unwrap_err()), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(status(worse.unwrap_err()), StatusCode::INTERNAL_SERVER_ERROR);
    });
    assert_eq!(scene.memories(), 2);
}

#[test]
fn a_transaction_that_fails_is_every_requests_failure() {
    let outcome = |result| {
        let (answer, answered) = tokio::sync::oneshot::channel();
        let job = None::<fn(&Changes<'_>) -> Result<i32, side::Error>>;
        Box::new(Waiting { job, result, answer }).answer(&Err(Failure::busy("held")));
        answered.blocking_recv().unwrap()
    };
    assert_eq!(outcome(Some(Ok(1))), Err(Failure::busy("held")));
    assert_eq!(outcome(Some(Err(Failure::bug()))), Err(Failure::bug()));
    assert_eq!(outcome(None), Err(Failure::busy("held")));
}

#[test]
fn a_transaction_that_sqlite_rolls_back_takes_all_its_requests_with_it() {
    let scene = Scene::new();
    let Scene { runtime, database, folder } = &scene;
    let trigger = "CREATE TRIGGER full AFTER INSERT ON memories WHEN new.content = 'full'
                   BEGIN SELECT RAISE(ROLLBACK, 'as on a full disk'); END";
    rusqlite::Connection::open(folder.path().join("hub.db")).unwrap().execute_batch(trigger).unwrap();
    runtime.block_on(async {
        let (job, release, running) = hold();
        let begin = async {
            tokio::task::spawn_blocking(move || running.recv()).await.unwrap().unwrap();
            let texts = ["before", "full", "after", "later"];
            let writes = texts.map(|text| database.write(move |changes| store(changes, text)));
            let release = async { drop(release) };
            tokio::join!(futures_util::future::join_all(writes), release).0
        };
        let (first, results) = tokio::join!(database.write(job), begin);
        first.unwrap();
        let failures: Vec<_> =
            results.into_iter().map(|result| status(result.unwrap_err()).as_u16()).collect();
        assert_eq!(failures, [507, 500, 507, 507], "each its own, or that of the transaction");
    });
    assert_eq!(scene.memories(), 0);
}

#[test]
fn what_does_not_fit_into_the_queue_is_refused() {
    let scene = Scene::new();
    let Scene { runtime, database, .. } = &scene;
    let (job, release, running) = hold();
    let write = |content: String| database.write(move |changes| store(changes, &content));
    runtime.block_on(async {
        let begin = async {
            tokio::task::spawn_blocking(move || running.recv()).await.unwrap().unwrap();
            let results =
                futures_util::future::join_all((0..300).map(|number| write(format!("memory {number}"))));
            let release = async { drop(release) };
            tokio::join!(results, release).0
        };
        let (first, results) = tokio::join!(database.write(job), begin);
        first.unwrap();
        let refused: Vec<_> = results.into_iter().filter_map(Result::err).collect();
        assert_eq!(refused.len(), 300 - writer::QUEUE);
        assert!(refused.into_iter().all(|failure| status(failure) == StatusCode::SERVICE_UNAVAILABLE));
    });
    assert_eq!(scene.memories(), u64::try_from(writer::QUEUE).unwrap());
}

#[test]
fn a_reader_that_panics_is_not_lost() {
    let scene = Scene::new();
    for _ in 0..20 {
        let failure = scene.runtime.block_on(scene.database.read::<()>(|_| panic!("on purpose")));
        assert_eq!(status(failure.unwrap_err()), StatusCode::INTERNAL_SERVER_ERROR);
    }
    assert_eq!(scene.database.readers.idle().len(), 1);
    assert_eq!(scene.memories(), 0);
}

#[expect(clippy::disallowed_methods, reason = "a test looks into the folder of its database")]
#[test]
fn a_stop_finishes_what_waits_and_leaves_one_complete_file() {
    let scene = Scene::new();
    let Scene { runtime, database, folder } = &scene;
    runtime.block_on(async {
        let write = database.write(|changes| store(changes, "before the stop"));
        tokio::join!(write, database.close()).0.unwrap();
        let late = database.write(|changes| store(changes, "after it")).await;
        assert_eq!(status(late.unwrap_err()), StatusCode::SERVICE_UNAVAILABLE);
    });
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files, ["hub.db"]);
    assert_eq!(scene.memories(), 1);
}

#[test]
fn a_long_answer_is_sent_while_it_is_made() {
    let scene = Scene::new();
    let text = "0123456789".repeat(100_000);
    let sent = text.clone();
    scene.runtime.block_on(async {
        let body = scene.database.stream(move |_, chunks| {
            sent.as_bytes().chunks(1000).for_each(|piece| chunks.write_all(piece).unwrap());
            Ok(())
        });
        assert_eq!(to_bytes(body.await.unwrap(), usize::MAX).await.unwrap(), text);
        let body = scene.database.stream(|_, _| Ok(())).await.unwrap();
        assert_eq!(to_bytes(body, usize::MAX).await.unwrap(), "");
    });
}

#[test]
fn an_answer_that_fails_halfway_never_looks_whole() {
    let scene = Scene::new();
    let missing = || side::Error::Missing { path: "somewhere".into() };
    scene.runtime.block_on(async {
        let at_once = scene.database.stream(move |_, _| Err(missing())).await;
        assert_eq!(status(at_once.unwrap_err()), StatusCode::INTERNAL_SERVER_ERROR);
        let later = scene.database.stream(move |_, chunks| {
            chunks.write_all(&vec![b'x'; 200_000]).unwrap();
            Err(missing())
        });
        assert!(to_bytes(later.await.unwrap(), usize::MAX).await.is_err());
        let panicking = scene.database.stream(|_, chunks| {
            chunks.write_all(&vec![b'x'; 200_000]).unwrap();
            panic!("on purpose")
        });
        assert!(to_bytes(panicking.await.unwrap(), usize::MAX).await.is_err());
    });
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_a_piece_now_and_then_has_its_time_for_the_whole() {
    let scene = Scene::new();
    let body = scene.database.stream(|_, chunks| {
        while chunks.write_all(&[b'x'; 1000]).is_ok() {}
        Ok(())
    });
    let mut pieces = body.await.unwrap().into_data_stream();
    let begin = tokio::time::Instant::now();
    while let Some(Ok(_)) = futures_util::StreamExt::next(&mut pieces).await {
        tokio::time::advance(Duration::from_secs(29)).await;
    }
    // What was made within the time is still sent.
    assert!(begin.elapsed() < Duration::from_mins(14), "{:?}", begin.elapsed());
    drop(pieces);
    scene.runtime.shutdown_background();
}

#[test]
fn a_client_that_hangs_up_ends_the_answer_and_frees_its_reader() {
    let scene = Scene::new();
    let (end, ended) = mpsc::channel();
    scene.runtime.block_on(async {
        let body = scene.database.stream(move |_, chunks| {
            while chunks.write_all(&[b'x'; 1000]).is_ok() {}
            end.send(()).unwrap();
            Ok(())
        });
        drop(body.await.unwrap());
    });
    ended.recv().unwrap();
}
