//! The plain REST calls.

use serde_json::{Map, Value, json};

use super::{Request, Response, Row, Server, Version, content_hash, moment, rewrite};

/// For how many seconds a memory stands in the way of similar ones.
const SIMILAR_WINDOW: f64 = 24.0 * 3600.0;

/// How many searches a memory remembers.
const REMEMBERED_SEARCHES: usize = 10;

impl Server {
    /// The store that a request is about: `None` for all. 10.20.6 knows no stores.
    fn store_of(&self, request: &Request) -> Option<String> {
        let store = request.query.get("store").map_or("default", String::as_str);
        (self.version == Version::V12_2_0 && store != "all").then(|| store.to_owned())
    }

    /// Refuses to write to every store at once.
    fn check_store(&self, store: Option<&str>) -> Result<(), Response> {
        let detail = "store='all' is only valid for read scopes";
        let is_all = self.version == Version::V12_2_0 && store == Some("all");
        if is_all { Err(Response::error(400, detail)) } else { Ok(()) }
    }

    /// The live row of this name in this store.
    fn live(&self, hash: &str, store: Option<&str>) -> Option<&Row> {
        self.find(hash).map(|(_, row)| row).filter(|row| row.is_in(store))
    }

    pub(super) fn list(&self, request: &Request, now: f64) -> Response {
        let (page, size) = (request.number("page", 1), request.number("page_size", 10));
        let store = self.store_of(request);
        let mut rows: Vec<&Row> = self.rows.values().filter(|row| row.is_in(store.as_deref())).collect();
        // What has no moment comes last, as in SQLite.
        let moment = |row: &Row| row.created.0.unwrap_or(f64::NEG_INFINITY);
        rows.sort_by(|a, b| {
            let newest = moment(b).total_cmp(&moment(a));
            newest.then_with(|| b.content_hash.cmp(&a.content_hash))
        });
        let offset = (page - 1) * size;
        let shown = rows.iter().skip(usize::try_from(offset).unwrap_or(0));
        let shown = shown.take(usize::try_from(size).unwrap_or(0)).map(|row| row.shown(self.version, now));
        let total = i64::try_from(rows.len()).expect("few rows");
        Response::ok(json!({
            "memories": shown.collect::<Vec<_>>(),
            "total": total, "page": page, "page_size": size, "has_more": offset + size < total,
        }))
    }

    pub(super) fn hashes(&self, request: &Request) -> Response {
        let cursor = request.number("cursor", 0);
        let limit = usize::try_from(request.number("limit", 1000)).unwrap_or(0);
        let deleted = ["true", "1", "yes"]
            .map(Some)
            .contains(&request.query.get("include_deleted").map(String::as_str));
        let rows = self.rows.range(cursor + 1..).filter(|(_, row)| deleted || row.is_live()).take(limit);
        let (ids, hashes): (Vec<i64>, Vec<&str>) =
            rows.map(|(id, row)| (*id, row.content_hash.as_str())).unzip();
        let has_more = ids.len() == limit;
        let next_cursor = ids.last().filter(|_| has_more);
        Response::ok(json!({ "hashes": hashes, "next_cursor": next_cursor, "has_more": has_more }))
    }

    pub(super) fn one(&self, hash: &str, request: &Request, now: f64) -> Response {
        match self.live(hash, self.store_of(request).as_deref()) {
            Some(row) => Response::ok(row.shown(self.version, now)),
            None => Response::error(404, "Memory not found"),
        }
    }

    pub(super) fn create(&mut self, request: &Request, now: f64) -> Response {
        let store = request.text("store").unwrap_or("default");
        if let Err(refused) = self.check_store(Some(store)) {
            return refused;
        }
        let row = self.new_row(request, now);
        let standing = self.find(&row.content_hash).map(|(_, row)| row);
        if let Some(live) = standing.filter(|row| row.is_live()) {
            return not_stored(&self.exact(live, store));
        }
        if let Some(near) = self.similar(&row, request, now) {
            return not_stored(&format!("Duplicate content detected (semantically similar to {near})"));
        }
        if standing.is_some() && self.version == Version::V10_20_6 {
            return not_stored("Failed to store memory: UNIQUE constraint failed: memories.content_hash");
        }
        let shown = row.shown(self.version, now);
        let warning = self.type_warning(request.text("memory_type"), &shown["memory_type"]);
        self.insert(row);
        Response::ok(json!({
            "success": true,
            "message": format!("Memory stored successfully{warning}"),
            "content_hash": shown["content_hash"],
            "memory": shown,
        }))
    }

    /// The name of the first memory of the last day, in the same store, that is near to a new one, unless that belongs to a
    /// conversation.
    fn similar(&self, new: &Row, request: &Request, now: f64) -> Option<&str> {
        if request.text("conversation_id").is_some_and(|id| !id.is_empty()) {
            return None;
        }
        let since = now - SIMILAR_WINDOW;
        let store = (self.version == Version::V12_2_0).then_some(new.store.as_str());
        let is_compared = |row: &&Row| {
            row.is_in(store) && row.has_vector && row.created.0.is_some_and(|created| created > since)
        };
        let near =
            self.rows.values().filter(is_compared).find(|row| (self.alike)(&row.content, &new.content));
        near.map(|row| row.content_hash.as_str())
    }

    /// The row that a POST makes.
    fn new_row(&self, request: &Request, now: f64) -> Row {
        let content = request.text("content").unwrap_or_default();
        let mut metadata = rewrite::numbers(request.object("metadata").unwrap_or_default());
        let own = request.texts("tags").unwrap_or_default();
        let mut tags = rewrite::tags(own.iter().map(String::as_str));
        tags.extend(rewrite::tags_in(metadata.remove("tags").as_ref()));
        let tags = rewrite::tags(tags.iter().map(String::as_str));
        metadata.remove("type");
        if let Some(conversation) = request.text("conversation_id").filter(|id| !id.is_empty()) {
            metadata.insert("conversation_id".to_owned(), conversation.into());
        }
        let store = request.text("store").filter(|_| self.version == Version::V12_2_0);
        Row {
            content_hash: content_hash(content),
            content: content.to_owned(),
            tags: rewrite::shown_tags(&tags.join(",")).join(","),
            memory_type: request.text("memory_type").map(|own| rewrite::shown_type(self.version, own)),
            metadata,
            created: (Some(now), moment::iso(now)),
            updated: (Some(now), moment::iso(now)),
            deleted_at: None,
            store: store.unwrap_or("default").to_owned(),
            superseded_by: None,
            has_vector: true,
        }
    }

    /// The words for a text that is there already.
    fn exact(&self, live: &Row, store: &str) -> String {
        let message = "Duplicate content detected (exact match)";
        if self.version == Version::V10_20_6 || live.store == store {
            return message.to_owned();
        }
        format!("{message}; already exists in store '{}'", live.store)
    }

    fn type_warning(&self, wanted: Option<&str>, stored: &Value) -> String {
        match (self.version, wanted, stored.as_str()) {
            (Version::V12_2_0, Some(wanted), Some(stored)) if wanted != stored => format!(
                " Warning: requested memory_type '{wanted}' is not in the ontology — stored as '{stored}'. \
                 Register custom types via MCP_CUSTOM_MEMORY_TYPES, e.g. '{{\"{wanted}\": []}}'."
            ),
            _ => String::new(),
        }
    }

    pub(super) fn update(&mut self, hash: &str, request: &Request, now: f64) -> Response {
        if let Err(refused) = self.check_store(request.query.get("store").map(String::as_str)) {
            return refused;
        }
        let (version, store) = (self.version, self.store_of(request));
        let row = self.find_mut(hash).filter(|row| row.is_in(store.as_deref()));
        let Some(row) = row else {
            return Response::error(404, format!("Memory with hash {hash} not found"));
        };
        let names = change(row, request, version, now);
        let message = if names.is_empty() {
            "No updates provided - memory unchanged".to_owned()
        } else {
            format!("Updated fields: {}, updated_at", names.join(", "))
        };
        let memory = row.shown(version, now);
        Response::ok(json!({ "success": true, "message": message, "content_hash": hash, "memory": memory }))
    }

    pub(super) fn delete(&mut self, hash: &str, request: &Request, now: f64) -> Response {
        if let Err(refused) = self.check_store(request.query.get("store").map(String::as_str)) {
            return refused;
        }
        let (version, store) = (self.version, self.store_of(request));
        let answer = |success, message: String| {
            Response::ok(json!({ "success": success, "message": message, "content_hash": hash }))
        };
        match self.find_mut(hash).filter(|row| row.is_in(store.as_deref())) {
            Some(row) => {
                (row.deleted_at, row.has_vector) = (Some(now), false);
                answer(true, format!("Successfully deleted memory {hash}"))
            }
            None if version == Version::V12_2_0 => Response::error(404, "Memory not found"),
            None => answer(false, format!("Memory with hash {hash} not found")),
        }
    }

    /// The row that a search for exactly this text finds first.
    pub(crate) fn finds(&self, text: &str) -> Option<i64> {
        let is_shown =
            |row: &Row| row.is_in(Some("default")) && row.superseded_by.is_none() && row.has_vector;
        let is_it = |row: &Row| is_shown(row) && row.content == text;
        self.rows.iter().find(|(_, row)| is_it(row)).map(|(id, _)| *id)
    }

    /// A search notes in what it finds that it was found.
    pub(super) fn search(&mut self, request: &Request, now: f64) -> Response {
        let query = request.text("query").unwrap_or_default();
        let row = self.finds(query).and_then(|id| self.rows.get_mut(&id));
        if let Some(row) = row {
            note_search(&mut row.metadata, query, now);
        }
        Response::ok(json!({ "query": query }))
    }
}

/// Carries a PUT out, and gives the names of what it set. 12.2.0 moves `updated_at` only where tags or type change.
fn change(row: &mut Row, request: &Request, version: Version, now: f64) -> Vec<&'static str> {
    let before = row.clone();
    let mut names = Vec::new();
    if let Some(tags) = request.texts("tags") {
        row.tags = tags.join(",");
        names.push("tags");
    }
    if let Some(memory_type) = request.text("memory_type") {
        row.memory_type = Some(memory_type.to_owned());
        names.push("memory_type");
    }
    if let Some(metadata) = request.object("metadata") {
        row.metadata.extend(rewrite::numbers(metadata));
        names.push("custom_metadata");
    }
    let is_edit =
        rewrite::set(&row.tags) != rewrite::set(&before.tags) || row.memory_type != before.memory_type;
    let moves = version == Version::V10_20_6 || is_edit;
    if !names.is_empty() && (moves || row.updated.0.is_none_or(|seconds| seconds == 0.0)) {
        row.updated.0 = Some(now);
    }
    if !names.is_empty() && (moves || row.updated.1.is_empty()) {
        row.updated.1 = moment::iso(now);
    }
    names
}

/// What a search writes into the metadata of what it found.
fn note_search(metadata: &mut Map<String, Value>, query: &str, now: f64) {
    let count = metadata.get("access_count").and_then(Value::as_i64).unwrap_or(0);
    metadata.insert("access_count".to_owned(), json!(count + 1));
    metadata.insert("last_accessed_at".to_owned(), json!(now));
    let mut queries = metadata.get("access_queries").and_then(Value::as_array).cloned().unwrap_or_default();
    queries.push(json!({ "query": query, "timestamp": now }));
    let rest = queries.split_off(queries.len().saturating_sub(REMEMBERED_SEARCHES));
    metadata.insert("access_queries".to_owned(), json!(rest));
}

fn not_stored(message: &str) -> Response {
    Response::ok(json!({ "success": false, "message": message, "content_hash": null, "memory": null }))
}
