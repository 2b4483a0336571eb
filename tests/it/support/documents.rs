//! The JSON documents that scripts may rely on, written down a second time and without memsync's own types: a
//! member that is missing, new or of another type fails the test that reads it.

#![expect(dead_code, reason = "a member that no test looks at must be there all the same")]
#![expect(clippy::struct_field_names, reason = "the names are those of the documents")]

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::output::CommandOutput;

/// Reads the document that a command printed, whose first member is the version of its schema.
#[track_caller]
pub fn parse<T: DeserializeOwned>(output: &CommandOutput) -> T {
    assert!(output.stdout.starts_with("{\n  \"schema_version\": 1,\n"), "{output}");
    assert!(output.stdout.ends_with("}\n"), "{output}");
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{output}"))
}

/// `memsync status --json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    pub schema_version: u32,
    pub device: String,
    pub remote: String,
    pub url: Option<String>,
    pub last_remote_sync: Option<i64>,
    pub last_push_attempt: Option<i64>,
    pub local_memories: u64,
    pub interrupted_edits: usize,
    pub without_vector: u64,
    pub entries: Vec<StatusEntry>,
    pub divergent_edits: Vec<DivergentEdit>,
    pub unreadable: Vec<String>,
    pub brakes: Vec<String>,
}

/// One memory of [`Status`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusEntry {
    pub content_hash: String,
    pub local: Change,
    pub remote: Change,
    pub conflict: Option<Vec<String>>,
    pub resolved: Option<Choice>,
    pub push_failed: Option<String>,
    pub edited_from: Option<String>,
    pub similarity: Option<u8>,
    pub first_line: String,
}

/// A side of an entry against the last sync.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    Same,
    Added,
    Modified,
    Deleted,
}

/// How a conflict was ended.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    Ours,
    Theirs,
    Merged,
}

/// `--json` of `pull`, `apply`, `push` and `sync`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    pub schema_version: u32,
    pub remote: String,
    pub url: Option<String>,
    pub dry_run: bool,
    pub plan: String,
    pub pulled: Counts,
    pub pushed: Counts,
    pub entries: Vec<RunEntry>,
    pub conflicts: Vec<Conflict>,
    pub divergent_edits: Vec<DivergentEdit>,
    pub not_taken: Vec<NotTaken>,
    pub stale: Vec<String>,
    pub brakes: Vec<String>,
}

/// What happened on one side of a [`Run`].
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    pub created: u64,
    pub changed: u64,
    pub deleted: u64,
}

/// One memory of a [`Run`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunEntry {
    pub content_hash: String,
    pub local_state: Change,
    pub remote_state: Change,
    pub local: Option<Verb>,
    pub remote: Option<Verb>,
}

/// What happens to a memory on a side.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    Create,
    Change,
    Delete,
}

/// A memory that waits for the user.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conflict {
    pub content_hash: String,
    pub fields: Vec<String>,
    pub first_line: String,
}

/// A memory that a side did not take.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotTaken {
    pub content_hash: String,
    pub side: String,
    pub reason: String,
    pub refused: bool,
    pub similar_to: Option<String>,
}

/// `memsync diff --json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Diff {
    pub schema_version: u32,
    pub changes: Vec<DiffEntry>,
    pub conflicts: Vec<DiffConflict>,
    pub edits: Vec<DiffEdit>,
    pub divergent_edits: Vec<DivergentEdit>,
}

/// A memory in conflict, of [`Diff`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiffConflict {
    pub id: String,
    pub content_hash: String,
    pub state: ConflictState,
    pub fields: Vec<String>,
    pub choices: BTreeMap<String, Choice>,
    pub base: Option<Memory>,
    pub base_theirs: Option<Memory>,
    pub ours: Option<Memory>,
    pub theirs: Option<Memory>,
}

/// Git's words for a conflict.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub enum ConflictState {
    #[serde(rename = "both modified")]
    BothModified,
    #[serde(rename = "both added")]
    BothAdded,
    #[serde(rename = "deleted by us")]
    DeletedByUs,
    #[serde(rename = "deleted by them")]
    DeletedByThem,
}

/// An edit that is stored as another memory, of [`Diff`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiffEdit {
    pub old: String,
    pub new: String,
    pub similarity: u8,
}

/// A memory that both sides rewrote, and not alike.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct DivergentEdit {
    pub old: String,
    pub ours: String,
    pub theirs: String,
}

/// One memory of [`Diff`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiffEntry {
    pub content_hash: String,
    pub fields: Vec<String>,
    pub old: Option<Memory>,
    pub new: Option<Memory>,
}

/// A whole memory.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    pub content: String,
    pub tags: Vec<String>,
    pub memory_type: Option<String>,
    pub metadata: BTreeMap<String, Value>,
    pub created_at: Option<f64>,
    pub store: Option<String>,
    pub superseded_by: Option<String>,
}

/// `memsync log --json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub schema_version: u32,
    pub commits: Vec<Commit>,
}

/// One sync of [`Log`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commit {
    pub id: String,
    pub parents: Vec<String>,
    pub tree: String,
    pub device: String,
    pub seconds: i64,
    pub message: String,
    pub changes: Option<Vec<Changed>>,
}

/// One memory that a commit changed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    pub content_hash: String,
    pub change: Kind,
    pub fields: Vec<String>,
}

/// What became of a memory.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    New,
    Changed,
    Deleted,
}

/// `memsync show --json` of a commit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownCommit {
    pub schema_version: u32,
    pub commit: Commit,
    pub changes: Vec<DiffEntry>,
}

/// `memsync show --json` of a memory.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownMemory {
    pub schema_version: u32,
    pub content_hash: Option<String>,
    pub version: String,
    pub memory: Memory,
}

/// `memsync reflog --json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reflog {
    pub schema_version: u32,
    pub reference: String,
    pub entries: Vec<Move>,
}

/// One move of a ref.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Move {
    pub name: String,
    pub old: Option<String>,
    pub new: Option<String>,
    pub seconds: i64,
    pub message: String,
}

/// `memsync explain --json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    pub schema_version: u32,
    pub content_hash: String,
    pub device: String,
    pub remote: String,
    pub base: Option<Version>,
    pub ours: Option<Version>,
    pub theirs: Option<Version>,
    pub last: Option<Version>,
    pub next: String,
    pub why: String,
    pub brakes: Vec<String>,
    pub conflict: Option<Waiting>,
    pub failures: Vec<Failed>,
    pub begun: Vec<Begun>,
    pub edited_from: Vec<String>,
    pub edited_into: Vec<String>,
    pub commits: Vec<Event>,
}

/// One version in a [`Story`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    pub version: String,
    pub updated_at: Option<f64>,
    pub memory: Memory,
}

/// The conflict of a [`Story`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    pub id: String,
    pub since: Option<i64>,
    pub fields: Vec<String>,
}

/// What a side did not take.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failed {
    pub side: String,
    pub reason: String,
    pub attempts: u32,
    pub seconds: i64,
}

/// An edit that was begun and not confirmed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begun {
    pub side: String,
    pub deletes: bool,
}

/// A commit of a [`Story`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    pub commit: String,
    pub seconds: i64,
    pub version: Option<String>,
    pub what: String,
}

/// `memsync undo --json` and `memsync restore --json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recalled {
    pub schema_version: u32,
    pub source: String,
    pub commit: Option<String>,
    pub dry_run: bool,
    pub device: String,
    pub remote: String,
    pub on_device: RecalledCounts,
    pub on_server: RecalledCounts,
    pub memories: Vec<RecalledMemory>,
    pub left_alone: Vec<LeftAlone>,
    pub not_taken: Vec<Value>,
}

/// How many memories came back, were changed back and were taken away.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct RecalledCounts {
    pub created: usize,
    pub changed: usize,
    pub deleted: usize,
}

/// One memory of [`Recalled`].
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct RecalledMemory {
    pub content_hash: String,
    pub side: String,
    pub action: String,
}

/// A memory that was changed since.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct LeftAlone {
    pub content_hash: String,
    pub side: String,
}
/// `memsync conflicts --json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conflicts {
    pub schema_version: u32,
    pub device: String,
    pub remote: String,
    pub conflicts: Vec<ConflictEntry>,
}

/// One conflict of [`Conflicts`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConflictEntry {
    pub id: String,
    pub content_hash: String,
    pub state: String,
    pub fields: Vec<String>,
    pub since: i64,
    pub choices: BTreeMap<String, Choice>,
    pub resolution: Option<Choice>,
    pub base: Option<Memory>,
    pub ours: Option<Memory>,
    pub theirs: Option<Memory>,
}

/// `memsync resolve --json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    pub schema_version: u32,
    pub answers: Vec<AnswerEntry>,
    pub conflicts_left: usize,
}

/// What became of one answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerEntry {
    pub conflict: String,
    pub content_hash: String,
    pub state: String,
    pub open_fields: Vec<String>,
}

/// `memsync embed --json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    pub schema_version: u32,
    pub database: String,
    pub memories: u64,
    pub with_vector: u64,
    pub without_vector: u64,
    pub pending: u64,
    pub orphans: u64,
    pub dimension: Option<u64>,
    pub hash_vectors: u64,
    pub sample: VectorSample,
    pub maker: Option<String>,
    pub why: Option<String>,
    pub looked_in: Vec<String>,
}

/// Where the vectors of a [`Coverage`] come from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorSample {
    pub size: u64,
    pub makers: Vec<VectorMaker>,
    pub unknown: u64,
}

/// A model of a [`VectorSample`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorMaker {
    pub name: String,
    pub vectors: u64,
}

/// `--json` of `memsync embed --missing` and `--all`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Embedded {
    pub schema_version: u32,
    pub made: u64,
    pub without_vector: u64,
    pub why: Option<String>,
}

/// `memsync embed --verify --json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verified {
    pub schema_version: u32,
    pub checked: u64,
    pub maker: Option<String>,
    pub differing: Vec<DifferingVector>,
    pub failures: Vec<VectorFailure>,
}

/// A memory of a [`Verified`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DifferingVector {
    pub content_hash: String,
    pub first_line: String,
    pub maker: Option<String>,
}

/// A model of a [`Verified`] that could not be asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorFailure {
    pub maker: String,
    pub why: String,
}
