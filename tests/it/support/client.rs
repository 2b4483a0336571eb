//! A small blocking client for the service's HTTP API, so that tests can play a user beside memsync.

use std::collections::BTreeMap;
use std::sync::Once;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// A connection to one service.
pub struct Client {
    runtime: Runtime,
    http: reqwest::Client,
    base: String,
    key: String,
}

impl Client {
    /// A client of the service at `base` (scheme, host and port), which takes any certificate.
    pub fn new(base: &str, key: &str) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let http = reqwest::Client::builder()
            .no_proxy()
            .tls_danger_accept_invalid_certs(true)
            // A connection that idles while other services start is closed by this one, unnoticed by a
            // runtime that only runs during a call.
            .pool_max_idle_per_host(0)
            .timeout(Duration::from_mins(1))
            .build()
            .unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { runtime, http, base: base.to_owned(), key: key.to_owned() }
    }

    /// Sends one request; the answer's status and JSON (`null` where it is none).
    pub fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(StatusCode, Value), reqwest::Error> {
        let mut request =
            self.http.request(method, format!("{}{path}", self.base)).header("X-API-Key", &self.key);
        if let Some(body) = body {
            request = request.json(body);
        }
        self.runtime.block_on(async {
            let response = request.send().await?;
            let status = response.status();
            let text = response.text().await?;
            Ok((status, serde_json::from_str(&text).unwrap_or_default()))
        })
    }

    /// Whether the service answers.
    pub fn is_healthy(&self) -> bool {
        self.call(Method::GET, "/api/health", None).is_ok_and(|(status, _)| status == StatusCode::OK)
    }

    /// Stores a memory with these tags and returns its key.
    #[track_caller]
    pub fn post(&self, content: &str, tags: &[&str]) -> String {
        self.post_json(&json!({ "content": content, "tags": tags }))
    }

    /// Stores a memory from a whole request body and returns its key.
    #[track_caller]
    pub fn post_json(&self, body: &Value) -> String {
        let answer = self.ok(Method::POST, "/api/memories", Some(body));
        assert_eq!(answer["success"], true, "{answer}");
        answer["content_hash"].as_str().unwrap().to_owned()
    }

    /// Changes what `body` names (tags, `memory_type`, metadata) of a memory.
    #[track_caller]
    pub fn put(&self, key: &str, body: &Value) {
        let answer = self.ok(Method::PUT, &format!("/api/memories/{key}"), Some(body));
        assert_eq!(answer["success"], true, "{answer}");
    }

    /// Deletes a memory.
    #[track_caller]
    pub fn delete(&self, key: &str) {
        let answer = self.ok(Method::DELETE, &format!("/api/memories/{key}"), None);
        assert_eq!(answer["success"], true, "{answer}");
    }

    /// Rewrites a memory as an assistant does: through the service's MCP tool, which keeps the old version and links it
    /// to the new one. Returns the new one's key. Only 12.x can do that.
    #[track_caller]
    pub fn rewrite(&self, key: &str, content: &str) -> String {
        let arguments = json!({ "content_hash": key, "versioned": true, "updates": { "content": content } });
        let answer = self.call_tool("memory_update", &arguments);
        let (_, rest) = answer.split_once("New hash: ").unwrap_or_else(|| panic!("{answer}"));
        rest.split(',').next().unwrap().to_owned()
    }

    /// One memory; `None` where the service has none of that key.
    #[track_caller]
    pub fn get(&self, key: &str) -> Option<Value> {
        let (status, answer) = self.call(Method::GET, &format!("/api/memories/{key}"), None).unwrap();
        assert!(status.is_success() || status == StatusCode::NOT_FOUND, "{status} {answer}");
        status.is_success().then_some(answer)
    }

    /// Every memory of every store, by key.
    #[track_caller]
    pub fn list(&self) -> BTreeMap<String, Value> {
        let mut memories = BTreeMap::new();
        for page in 1.. {
            let path = format!("/api/memories?page={page}&page_size=100&store=all");
            let answer = self.ok(Method::GET, &path, None);
            for memory in answer["memories"].as_array().unwrap() {
                memories.insert(memory["content_hash"].as_str().unwrap().to_owned(), memory.clone());
            }
            if answer["has_more"] != true {
                break;
            }
        }
        memories
    }

    /// Searches, which makes the service count the access in the metadata of what it finds; the keys found.
    #[track_caller]
    pub fn search(&self, query: &str) -> Vec<String> {
        let answer = self.ok(Method::POST, "/api/search", Some(&json!({ "query": query, "n_results": 10 })));
        let found = answer["results"].as_array().unwrap().iter();
        found.map(|result| result["memory"]["content_hash"].as_str().unwrap().to_owned()).collect()
    }

    /// Searches by meaning; how near each memory is to the query, by key.
    #[track_caller]
    pub fn scores(&self, query: &str) -> BTreeMap<String, f64> {
        // As many as it gives at once: every memory, where there are no more.
        let answer = self.ok(Method::POST, "/api/search", Some(&json!({ "query": query, "n_results": 100 })));
        let found = answer["results"].as_array().unwrap().iter();
        let key = |result: &Value| result["memory"]["content_hash"].as_str().unwrap().to_owned();
        found.map(|result| (key(result), result["similarity_score"].as_f64().unwrap())).collect()
    }

    /// Searches by text as an assistant does, which only an MCP tool of 12.x can; the keys found, the best first.
    /// `exact` looks for the query in the texts, `hybrid` asks the full-text index and the vectors.
    #[track_caller]
    pub fn search_text(&self, query: &str, mode: &str) -> Vec<String> {
        let arguments = json!({ "query": query, "mode": mode, "limit": 100 });
        let answer = self.call_tool("memory_search", &arguments);
        let lines = answer.lines().filter_map(|line| line.trim().strip_prefix("Hash: "));
        lines.map(str::to_owned).collect()
    }

    /// Calls an MCP tool; the text that it answers.
    #[track_caller]
    fn call_tool(&self, name: &str, arguments: &Value) -> String {
        let call = json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": { "name": name, "arguments": arguments },
        });
        let answer = self.ok(Method::POST, "/mcp", Some(&call));
        let text = answer["result"]["content"][0]["text"].as_str();
        text.unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    #[track_caller]
    fn ok(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let (status, answer) = self.call(method, path, body).unwrap();
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }
}
