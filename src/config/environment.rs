//! The environment of the process, read here and nowhere else.

#![expect(clippy::disallowed_methods, reason = "this is the place where the environment is read")]

use std::ffi::OsString;
use std::path::PathBuf;

use super::Secret;

/// Everything that memsync takes from its environment. An empty variable is as good as none.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `REMOTE_API`: the default remote's address.
    pub remote_api: Option<String>,
    /// `MCP_API_KEY`: the key for it.
    pub api_key: Option<Secret>,
    /// `STAGING_DB`: the staging database.
    pub staging_db: Option<PathBuf>,
    /// `HOSTNAME`: this device's name.
    pub hostname: Option<String>,
    /// `MCP_MEMORY_SQLITE_PATH`: the service's database.
    pub memory_db: Option<PathBuf>,
    /// `NO_COLOR` is set.
    pub no_color: bool,
    /// `TERM` is `dumb`.
    pub is_dumb_terminal: bool,
    /// `PAGER`; empty means that none is wanted.
    pub pager: Option<String>,
    /// `LESS` is set.
    pub has_less_options: bool,
    /// `VISUAL`, else `EDITOR`.
    pub editor: Option<String>,
    /// `HOME`, else what the system says.
    pub home: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`, if it is an absolute path.
    pub config_home: Option<PathBuf>,
    /// `LOCALAPPDATA`, where Windows programs keep their data.
    pub local_app_data: Option<PathBuf>,
    /// The file that this process runs, where the system says; for what starts it again later.
    pub program: Option<PathBuf>,
    /// `COLUMNS`: how wide text may be.
    pub columns: Option<u16>,
    /// `MEMSYNC_NOW`: a fixed time instead of the clock's, for tests.
    pub now: Option<jiff::Timestamp>,
    /// What tells the service which vectors to make.
    pub embedding: Embedding,
}

/// The variables by which the service on this device chooses what makes its vectors.
#[derive(Clone, Debug, Default)]
pub struct Embedding {
    /// `MCP_EXTERNAL_EMBEDDING_URL`: the endpoint to ask, which may hold a password. The service takes no notice of it
    /// where `MCP_MEMORY_STORAGE_BACKEND` is `hybrid` or `cloudflare`.
    pub endpoint: Option<Secret>,
    /// `MCP_EXTERNAL_EMBEDDING_MODEL`: the model to ask the endpoint for.
    pub endpoint_model: Option<String>,
    /// `MCP_EXTERNAL_EMBEDDING_API_KEY`: the key for the endpoint.
    pub endpoint_key: Option<Secret>,
    /// `MCP_EMBEDDING_MODEL`: the name of the model on this device.
    pub model: Option<String>,
    /// `HF_HOME`: where Hugging Face keeps its files.
    pub hugging_face: Option<PathBuf>,
    /// `MCP_MEMORY_USE_ONNX`, if it says yes or no.
    pub onnx: Option<bool>,
    /// `MCP_MEMORY_ALLOW_HASH_EMBEDDINGS`, if it says yes or no.
    pub hash: Option<bool>,
}

/// An environment variable whose value cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {name} is not {expected}")]
pub struct InvalidVariable {
    /// The variable. Its value is not kept, because it may be a key.
    pub name: &'static str,
    /// What it should be.
    pub expected: &'static str,
}

impl Environment {
    /// Reads the environment of this process.
    pub fn read() -> Result<Self, InvalidVariable> {
        let mut environment = Self::from_lookup(|name| std::env::var_os(name))?;
        if environment.home.is_none() {
            environment.home = etcetera::home_dir().ok();
        }
        environment.program = std::env::current_exe().ok();
        Ok(environment)
    }

    /// Reads the environment that `lookup` answers for.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, InvalidVariable> {
        let set = |name| lookup(name).filter(|value| !value.is_empty());
        let path = |name| set(name).map(PathBuf::from);
        let text = |name| {
            let invalid = |_| InvalidVariable { name, expected: "valid UTF-8" };
            set(name).map(|value| value.into_string().map_err(invalid)).transpose()
        };
        let now = text("MEMSYNC_NOW")?.map(|moment| moment.parse()).transpose().map_err(|_| {
            InvalidVariable { name: "MEMSYNC_NOW", expected: "a time such as 2025-01-31T12:00:00Z" }
        })?;
        let backend = text("MCP_MEMORY_STORAGE_BACKEND")?;
        let asks_endpoint = !matches!(backend.as_deref(), Some("hybrid" | "cloudflare"));
        Ok(Self {
            remote_api: text("REMOTE_API")?,
            api_key: text("MCP_API_KEY")?.map(Secret::new),
            staging_db: path("STAGING_DB"),
            hostname: text("HOSTNAME")?,
            memory_db: path("MCP_MEMORY_SQLITE_PATH"),
            no_color: set("NO_COLOR").is_some(),
            is_dumb_terminal: set("TERM").is_some_and(|terminal| terminal == "dumb"),
            pager: lookup("PAGER").and_then(|value| value.into_string().ok()),
            has_less_options: lookup("LESS").is_some(),
            editor: text("VISUAL")?.map_or_else(|| text("EDITOR"), |editor| Ok(Some(editor)))?,
            home: path("HOME"),
            config_home: path("XDG_CONFIG_HOME").filter(|path| path.is_absolute()),
            local_app_data: path("LOCALAPPDATA"),
            program: None,
            columns: text("COLUMNS")?.and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0),
            now,
            embedding: Embedding {
                endpoint: text("MCP_EXTERNAL_EMBEDDING_URL")?.filter(|_| asks_endpoint).map(Secret::new),
                endpoint_model: text("MCP_EXTERNAL_EMBEDDING_MODEL")?,
                endpoint_key: text("MCP_EXTERNAL_EMBEDDING_API_KEY")?.map(Secret::new),
                model: text("MCP_EMBEDDING_MODEL")?,
                hugging_face: path("HF_HOME"),
                onnx: text("MCP_MEMORY_USE_ONNX")?.and_then(|word| yes_or_no(&word)),
                hash: text("MCP_MEMORY_ALLOW_HASH_EMBEDDINGS")?.and_then(|word| yes_or_no(&word)),
            },
        })
    }
}

/// The service's words for true and false; any other word is as good as none.
fn yes_or_no(word: &str) -> Option<bool> {
    match word.trim().to_lowercase().as_str() {
        "1" | "true" | "yes" => Some(true),
        "0" | "false" | "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Result<Environment, InvalidVariable> {
        Environment::from_lookup(|name| {
            variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).into())
        })
    }

    #[test]
    fn an_empty_variable_is_as_good_as_none() {
        let read = environment(&[("STAGING_DB", ""), ("NO_COLOR", ""), ("REMOTE_API", ""), ("COLUMNS", "0")])
            .unwrap();
        assert_eq!((read.staging_db, read.remote_api, read.columns), (None, None, None));
        assert!(!read.no_color);
    }

    #[test]
    fn an_empty_pager_says_that_none_is_wanted() {
        assert_eq!(environment(&[("PAGER", "")]).unwrap().pager.as_deref(), Some(""));
        assert_eq!(environment(&[]).unwrap().pager, None);
    }

    #[test]
    fn the_visual_editor_outranks_the_other() {
        let read = environment(&[("VISUAL", "code -w"), ("EDITOR", "vi")]).unwrap();
        assert_eq!(read.editor.as_deref(), Some("code -w"));
        assert_eq!(environment(&[("EDITOR", "vi")]).unwrap().editor.as_deref(), Some("vi"));
    }

    #[test]
    fn a_fixed_time_that_is_none_is_refused_rather_than_ignored() {
        let error = environment(&[("MEMSYNC_NOW", "yesterday")]).unwrap_err();
        insta::assert_snapshot!(error, @"the environment variable MEMSYNC_NOW is not a time such as 2025-01-31T12:00:00Z");
    }

    #[test]
    fn keys_are_not_printed_with_the_rest() {
        let read = environment(&[
            ("MCP_API_KEY", "hunter2"),
            ("MCP_EXTERNAL_EMBEDDING_URL", "https://ada:hunter2@vectors.example/v1/embeddings"),
            ("MCP_EXTERNAL_EMBEDDING_API_KEY", "hunter2"),
        ])
        .unwrap();
        assert!(!format!("{read:?}").contains("hunter2"));
    }

    #[test]
    fn the_services_words_for_yes_and_no_are_understood_and_others_passed_over() {
        let read = |word| {
            let variables = [("MCP_MEMORY_USE_ONNX", word), ("MCP_MEMORY_ALLOW_HASH_EMBEDDINGS", word)];
            let Embedding { onnx, hash, .. } = environment(&variables).unwrap().embedding;
            (onnx, hash)
        };
        assert_eq!(["1", "True", " yes "].map(read), [(Some(true), Some(true)); 3]);
        assert_eq!(["0", "FALSE", "no"].map(read), [(Some(false), Some(false)); 3]);
        assert_eq!(["", "on", "2"].map(read), [(None, None); 3]);
    }

    #[test]
    fn the_endpoint_counts_only_where_the_service_asks_it() {
        let endpoint = |backend| {
            let variables =
                [("MCP_EXTERNAL_EMBEDDING_URL", "http://box:1"), ("MCP_MEMORY_STORAGE_BACKEND", backend)];
            environment(&variables).unwrap().embedding.endpoint.is_some()
        };
        assert_eq!(["", "sqlite_vec", "hybrid", "cloudflare"].map(endpoint), [true, true, false, false]);
    }
}
