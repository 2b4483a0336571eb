//! A memory that arrives through the API.
//!
//! Guarantees: what is stored, and in which form, is what the service stores of the same request; the name is
//! taken at most once over all stores.
//!
//! Other than the service, which also looks for memories that contradict the new one (nearly the same meaning in other
//! words), tags them and links them, this writes nothing but what it was asked to: on every device a tag that nobody has
//! given would be somebody's edit.

use rusqlite::{OptionalExtension, Row, params};
use serde_json::{Map, Value, json};

use crate::local::members;
use crate::local::rows::{Assignment, moment};
use crate::object::{BlobId, Timestamp};
use crate::side;

use super::log::Operation;
use super::python::{self, Unreadable};
use super::tags::{self, NoTags};
use super::text::strip;
use super::{Changes, Condition, Reader, Vectors, Version, content_hash, types};

/// The tag of a memory that came without one.
const UNTAGGED: &str = "untagged";

/// How far back the service looks for a memory of the same meaning, in seconds.
const SIMILAR_WINDOW: f64 = 86_400.0;

/// Up to which cosine distance two vectors have the same meaning to the service.
const SIMILAR: f64 = 1.0 - 0.85;

/// What somebody asks to have stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// The text.
    pub content: String,
    /// In any form.
    pub tags: Vec<String>,
    /// In any form.
    pub memory_type: Option<String>,
    /// Its member `tags` counts as tags, too; its member `type` is left out.
    pub metadata: Map<String, Value>,
    /// The conversation that it belongs to; with one, a memory of the same meaning does not stand in its way.
    pub conversation_id: Option<String>,
    /// The store to put it into.
    pub store: String,
}

/// A memory in the form in which it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct New {
    content_hash: String,
    content: String,
    tags: Vec<String>,
    memory_type: Option<&'static str>,
    metadata: Map<String, Value>,
    store: String,
    may_be_similar: bool,
    near: Option<String>,
}

/// Why a draft cannot be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// The metadata's member `tags` is a number or the like.
    #[error(transparent)]
    NoTags(#[from] NoTags),
    /// The metadata could never be read back.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

/// What came of storing a memory.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one for each request, and it is never kept")]
pub enum Creation {
    /// It is stored.
    Stored(Version),
    /// There is one of this name.
    Exact {
        /// The store that holds it; `None` where its row names none.
        store: Option<String>,
    },
    /// There is one of the same meaning.
    Similar {
        /// Its name.
        to: String,
    },
    /// Nothing was written, because what is there does not meet the [`Condition`].
    PreconditionFailed {
        /// The version that is there, if any.
        current: Option<BlobId>,
    },
}

/// The metadata that is stored, and the tags that were in it.
type Parts = (Map<String, Value>, Option<Vec<String>>);

impl New {
    /// The text, of which a vector is needed.
    #[must_use]
    pub fn content(&self) -> &str {
        &self.content
    }

    /// Whether a memory of the same meaning would stand in its way.
    #[must_use]
    pub fn must_differ(&self) -> bool {
        !self.may_be_similar
    }

    /// The same, knowing that the memory of this name has the same meaning.
    #[must_use]
    pub fn with_near(self, near: Option<String>) -> Self {
        Self { near, ..self }
    }

    /// What is stored of the metadata, and the tags in it.
    fn metadata(draft: &mut Draft) -> Result<Parts, Unusable> {
        let mut metadata = std::mem::take(&mut draft.metadata);
        python::normalize(&mut metadata, python::METADATA_DEPTH)?;
        let tags = metadata.remove("tags").map(|tags| tags::of_metadata(&tags)).transpose()?;
        metadata.remove("type");
        if let Some(conversation) = draft.conversation_id.take().filter(|id| !id.is_empty()) {
            metadata.insert("conversation_id".to_owned(), conversation.into());
        }
        if let Some(agent) = metadata.get("agent_id").and_then(author) {
            metadata.insert("agent_id".to_owned(), agent.into());
        }
        Ok((metadata, tags))
    }

    /// The columns of the row, but for the moments.
    fn columns(&self) -> Vec<Assignment> {
        vec![
            ("content_hash", self.content_hash.clone().into()),
            ("content", self.content.clone().into()),
            ("tags", self.tags.join(",").into()),
            ("memory_type", self.memory_type.map(str::to_owned).into()),
            ("metadata", members::python(&self.metadata).into()),
            ("store", self.store.clone().into()),
        ]
    }
}

impl TryFrom<Draft> for New {
    type Error = Unusable;

    fn try_from(mut draft: Draft) -> Result<Self, Unusable> {
        let is_session = draft.memory_type.as_deref() == Some("session");
        let is_conversation = draft.conversation_id.as_ref().is_some_and(|id| !id.is_empty());
        let (metadata, more_tags) = Self::metadata(&mut draft)?;
        let mut tags = tags::normalize(&draft.tags);
        if let Some(more) = more_tags {
            tags = tags::normalize(tags.into_iter().chain(tags::normalize(more)));
        }
        if tags.is_empty() {
            tags.push(UNTAGGED.to_owned());
        }
        Ok(Self {
            content_hash: content_hash(&draft.content),
            content: draft.content,
            tags,
            memory_type: draft.memory_type.as_deref().map(types::canonical),
            metadata,
            store: draft.store,
            may_be_similar: is_session || is_conversation,
            near: None,
        })
    }
}

/// The author that a memory's metadata names, as a text; `None` where it is to stay as it is.
fn author(agent_id: &Value) -> Option<String> {
    match agent_id {
        Value::Null | Value::Array(_) | Value::Object(_) => None,
        scalar => Some(strip(&python::str(scalar)).to_owned()).filter(|name| !name.is_empty()),
    }
}

impl Reader {
    /// The name of the memory whose meaning is the same as the new one's, as the service finds it among those of the
    /// last day before `now`; for vectors that tell nothing about meaning there is none. The service, too, looks
    /// before its transaction begins: of two that arrive at the same moment, both are stored.
    pub fn similar(
        &self,
        new: &New,
        vectors: &Vectors,
        now: Timestamp,
    ) -> Result<Option<String>, side::Error> {
        if !new.must_differ() || !vectors.has_meaning(&new.content) {
            return Ok(None);
        }
        let sql = "SELECT content_hash, vec_distance_cosine(content_embedding, ?1) AS distance \
                   FROM memories JOIN memory_embeddings AS vector ON vector.rowid = memories.id \
                   WHERE created_at > ?2 AND +deleted_at IS NULL AND memories.store = ?3 \
                   ORDER BY distance LIMIT 1";
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, Option<f64>>(1)?));
        let look = || {
            let Some(vector) = vectors.get(&new.content, &self.connection)? else { return Ok(None) };
            let values = params![vector, now.seconds() - SIMILAR_WINDOW, new.store];
            self.connection.prepare_cached(sql)?.query_row(values, read).optional()
        };
        let nearest: Option<(String, _)> = look().map_err(|error| self.failed(error))?;
        Ok(nearest.filter(|(_, distance)| distance.is_some_and(|far| far <= SIMILAR)).map(|(name, _)| name))
    }
}

impl Changes<'_> {
    /// Stores a memory, unless there is one of its name or its meaning.
    pub fn store(
        &self,
        new: &New,
        vectors: &Vectors,
        condition: &Condition,
    ) -> Result<Creation, side::Error> {
        let current = self.reader.find(&new.content_hash, None)?.map(|version| version.etag);
        if !condition.allows(current) {
            return Ok(Creation::PreconditionFailed { current });
        }
        let obstacle = || match self.holder(&new.content_hash)? {
            Some(store) => Ok(Some(Creation::Exact { store })),
            None if new.may_be_similar => Ok(None),
            None => Ok(self.similar(new)?.map(|to| Creation::Similar { to })),
        };
        if let Some(obstacle) = obstacle().map_err(|error| self.failed(error))? {
            return Ok(obstacle);
        }
        // The log has to be asked before it has an entry of this creation.
        let origin = self.reader.recreate_of(&new.content_hash)?;
        self.insert(new, vectors).map_err(|error| self.failed(error))?;
        self.log(Operation::Create, &new.content_hash, &self.entry(new, origin))?;
        let stored = self.reader.find(&new.content_hash, None)?;
        Ok(Creation::Stored(stored.expect("its row was written in this transaction, of texts alone")))
    }

    /// The store of the live row of this name, which may be one that cannot be shown.
    #[expect(clippy::option_option, reason = "a row may name no store, which is not the same as no row")]
    fn holder(&self, content_hash: &str) -> rusqlite::Result<Option<Option<String>>> {
        let sql = "SELECT store FROM memories WHERE content_hash = ?1 AND deleted_at IS NULL";
        let mut statement = self.reader.connection.prepare_cached(sql)?;
        statement
            .query_row([content_hash], |row| Ok(row.get_ref(0)?.as_str().ok().map(str::to_owned)))
            .optional()
    }

    /// The name of a memory whose vector is near to the new one's: what was found before, if it is still there, or one
    /// with the same text, a row that some other program has named. To hash vectors nothing else is near. The empty
    /// text has no direction there, and so is near to nothing.
    fn similar(&self, new: &New) -> rusqlite::Result<Option<String>> {
        if let Some(near) = &new.near
            && self.holder(near)?.is_some()
        {
            return Ok(Some(near.clone()));
        }
        // The plus sign keeps SQLite from using the index of `deleted_at`, by which it would read every row.
        let sql = "SELECT content_hash FROM memories \
                   WHERE created_at > ?1 AND +deleted_at IS NULL AND store = ?2 AND content = ?3 AND ?3 <> '' \
                   AND EXISTS (SELECT 1 FROM memory_embeddings AS vector WHERE vector.rowid = memories.id) LIMIT 1";
        let since = self.now.seconds() - SIMILAR_WINDOW;
        let mut statement = self.reader.connection.prepare_cached(sql)?;
        statement.query_row(params![since, new.store, new.content], |row| row.get(0)).optional()
    }

    fn insert(&self, new: &New, vectors: &Vectors) -> rusqlite::Result<()> {
        let rows = self.rows();
        rows.remove_tombstone(&new.content_hash)?;
        let mut columns = new.columns();
        columns.extend(moment("created_at", "created_at_iso", Some(self.now)));
        columns.extend(moment("updated_at", "updated_at_iso", Some(self.now)));
        rows.insert(vec![columns])?;
        let vector = vectors.get(&new.content, &self.reader.connection)?;
        rows.replace_vector(rows.id(&new.content_hash)?, &new.store, vector)
    }

    /// What the log says of a creation.
    fn entry(&self, new: &New, origin: Map<String, Value>) -> Value {
        let mut entry = json!({
            "content_hash": new.content_hash,
            "content": new.content,
            "memory_type": new.memory_type,
            "tags": new.tags,
            "created_at": self.now.seconds(),
            "updated_at": self.now.seconds(),
            "metadata": new.metadata,
            "store": new.store,
        });
        if let Value::Object(members) = &mut entry {
            members.extend(origin);
        }
        entry
    }
}
