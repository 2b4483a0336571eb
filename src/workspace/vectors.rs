//! The staging database as the cache of all makers of vectors.
//!
//! It lies here and not in `store`, because a command opens the staging database after the makers are built, closes it,
//! or has none at all: this is the place that knows both.

use std::sync::{Arc, Mutex, PoisonError};

use crate::embed::{Cache, Cached, Maker, Makers, ModelId, from_bytes, to_bytes};
use crate::store::{Error, VectorCache};

/// The vectors of the staging database that this process writes; empty while it writes none.
#[derive(Debug, Default)]
pub(super) struct Vectors(Mutex<Option<VectorCache>>);

impl Vectors {
    /// From now on vectors are found and kept there.
    pub(super) fn set(&self, cache: VectorCache) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(cache);
    }

    /// The same makers, each of which looks here before it makes a vector.
    pub(super) fn before(self: &Arc<Self>, makers: Makers) -> Makers {
        makers.wrapped(|maker| self.wrap(maker))
    }

    /// The same maker, which looks here before it makes a vector.
    pub(super) fn wrap(self: &Arc<Self>, maker: Arc<dyn Maker>) -> Arc<dyn Maker> {
        Arc::new(Cached::new(maker, Arc::clone(self) as Arc<dyn Cache>))
    }

    /// Asks the cache. One that fails is given up, so that what keeps it from working is waited for only once.
    fn ask<T>(&self, question: impl FnOnce(&VectorCache) -> Result<T, Error>) -> Option<T> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = question(slot.as_ref()?);
        if let Err(error) = &answer {
            tracing::debug!(%error, cause = ?error, "vectors are made without the cache from here on");
            *slot = None;
        }
        answer.ok()
    }
}

impl Cache for Vectors {
    fn find(&self, model: &ModelId, texts: &[&str]) -> Vec<Option<Vec<f32>>> {
        let found = self.ask(|cache| cache.find(model.as_str(), texts));
        let read = |bytes: Option<Vec<u8>>| bytes.map(|bytes| from_bytes(&bytes));
        found.map_or_else(|| vec![None; texts.len()], |found| found.into_iter().map(read).collect())
    }

    fn keep(&self, model: &ModelId, vectors: &[(&str, &[f32])]) {
        let vectors: Vec<_> = vectors.iter().map(|(text, vector)| (*text, to_bytes(vector))).collect();
        self.ask(|cache| cache.keep(model.as_str(), &vectors));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::embed::{self, Maker};
    use crate::local::{self, Database};
    use crate::object::{ContentHash, Edit, Memory, Outcome, Timestamp};
    use crate::side::{Cause, Replaced, Side, Witness};
    use crate::workspace::testing::workspace;
    use crate::workspace::{Access, Workspace};

    /// A model of 384 numbers that counts the texts that it makes vectors of.
    #[derive(Debug, Default)]
    struct Counting(AtomicUsize);

    impl Counting {
        /// How many texts there were since this was asked the last time.
        fn texts(&self) -> usize {
            self.0.swap(0, Ordering::Relaxed)
        }
    }

    impl Maker for Counting {
        fn name(&self) -> &'static str {
            "counting"
        }

        fn id(&self) -> Result<Option<ModelId>, embed::Error> {
            Ok(Some(ModelId::new("counting")))
        }

        fn vectors(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, embed::Error> {
            self.0.fetch_add(texts.len(), Ordering::Relaxed);
            Ok(texts.iter().map(|text| embed::hash_vector(&format!("counting {text}"), 384)).collect())
        }
    }

    fn edit(number: usize, expected: Option<usize>, target: Option<usize>) -> Edit {
        let memory = |version| Memory { content: format!("Memory {version}"), ..Memory::default() };
        Edit {
            key: ContentHash::new(format!("key {number}")).unwrap(),
            expected: expected.map(|version| memory(version).id()),
            target: target.map(memory),
            row: None,
        }
    }

    /// What a command with the staging database open for `access` does to a database: carries out edits, and counts
    /// the texts that were made into vectors for it. All live memories have one afterwards.
    fn run(folder: &Path, access: Access, name: &str, edits: Vec<Edit>) -> usize {
        let (workspace, _, _) = workspace(folder);
        workspace.create_store().unwrap();
        let store = workspace.store(access, "memsync sync").unwrap();
        let (mut database, counting) = open(&workspace, name);
        let mut outcomes = Vec::new();
        database.apply(edits, &mut |_: ContentHash, outcome: Outcome| outcomes.push(outcome)).unwrap();
        let is_done = |outcome: &Outcome| matches!(outcome, Outcome::Done { .. });
        assert!(outcomes.iter().all(is_done), "{outcomes:?}");
        assert_eq!(database.missing_vectors().unwrap(), 0);
        drop(store);
        counting.texts()
    }

    fn open(workspace: &Workspace, name: &str) -> (Database, Arc<Counting>) {
        let path = workspace.staging_path().unwrap().with_file_name(name);
        local::prepare(&path).unwrap();
        let counting = Arc::new(Counting::default());
        let makers = workspace.vectors.before(Makers::new(vec![Arc::clone(&counting) as Arc<dyn Maker>]));
        let (bookkeeping, now) = (workspace.bookkeeping(), Timestamp::new(1.5).unwrap());
        let options = local::Options { path, bookkeeping, busy_timeout: Duration::ZERO, now, makers };
        (Database::open(options).unwrap(), counting)
    }

    fn arrivals(numbers: std::ops::Range<usize>) -> Vec<Edit> {
        numbers.map(|number| edit(number, None, Some(number))).collect()
    }

    #[test]
    fn a_memory_that_comes_back_and_a_second_database_cost_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let run = |name: &str, edits| run(folder.path(), Access::Write, name, edits);
        // The first asks for a vector of "test" too, as the service does with an empty table.
        assert_eq!(run("one.db", arrivals(0..30)), 31);
        assert_eq!(run("two.db", arrivals(0..30)), 0, "a second database");
        assert_eq!(run("one.db", vec![edit(7, Some(7), None)]), 0);
        assert_eq!(run("one.db", vec![edit(7, None, Some(7))]), 0, "made again");
        assert_eq!(run("one.db", vec![edit(8, Some(8), Some(80))]), 1, "a new text");
        assert_eq!(run("one.db", vec![edit(8, Some(80), Some(8))]), 0, "the old text");
        assert_eq!(run("one.db", arrivals(30..40)), 10, "only what is new");
    }

    /// Cannot keep what is replaced, so that nothing is written, as if the process had died just then.
    struct Full;
    impl Witness for Full {
        fn keep(&mut self, _: Vec<Replaced>) -> Result<(), Cause> {
            Err("no room".into())
        }
        fn report(&mut self, _: ContentHash, _: Outcome) {}
    }

    #[test]
    fn an_interrupted_run_goes_on_where_it_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let (workspace, _, _) = workspace(folder.path());
        workspace.create_store().unwrap();
        let store = workspace.store(Access::Write, "memsync sync").unwrap();
        let (mut database, counting) = open(&workspace, "one.db");
        assert!(database.apply(arrivals(0..30), &mut Full).is_err());
        assert_eq!(counting.texts(), 31);
        drop((database, store));
        assert_eq!(run(folder.path(), Access::Write, "one.db", arrivals(0..40)), 10);
    }

    #[test]
    fn without_a_staging_database_to_write_there_is_no_cache() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(run(folder.path(), Access::Read, "one.db", arrivals(0..30)), 31);
        assert_eq!(run(folder.path(), Access::Read, "two.db", arrivals(0..30)), 31);
    }

    #[test]
    fn a_cache_that_fails_is_done_without() {
        let folder = tempfile::tempdir().unwrap();
        let (workspace, _, _) = workspace(folder.path());
        workspace.create_store().unwrap();
        let store = workspace.store(Access::Write, "memsync sync").unwrap();
        let damage =
            |sql: &str| rusqlite::Connection::open(store.path()).unwrap().execute_batch(sql).unwrap();
        damage("DROP TABLE vectors");
        let (mut database, counting) = open(&workspace, "one.db");
        database.apply(arrivals(0..30), &mut |_: ContentHash, _: Outcome| {}).unwrap();
        assert_eq!(database.missing_vectors().unwrap(), 0);
        assert_eq!(counting.texts(), 31);
        assert!(workspace.vectors.0.lock().unwrap().is_none(), "it is not asked again");
    }
}
