//! Finds the makers of this machine where the service itself keeps them.
//!
//! What the service looks at was read in `embeddings/onnx_embeddings.py` and `storage/mixins/embeddings.py` of 12.2.0:
//!
//! ```text
//! ~/.cache/mcp_memory/onnx_models/all-MiniLM-L6-v2/onnx/{model.onnx,tokenizer.json}   its default model
//! ~/.cache/mcp_memory/onnx_models/BASE/{model.onnx,onnx/model.onnx,tokenizer.json}    ORG/BASE, or BASE
//! HF_HOME/hub/models--sentence-transformers--NAME/snapshots/*/                         NAME, each / as --
//! HF_HOME/hub/models--ORG--NAME/snapshots/*/                                           ORG/NAME
//! ```
//!
//! Guarantees: nothing is loaded, and no name leads out of these folders. Files that the service would not take for a
//! model either are passed over.
//!
//! Must never: read the environment; what it says comes as [`Settings`].

#![expect(clippy::disallowed_methods, reason = "looks for the files of models")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::{Cut, Endpoint, HashRule, Maker, Makers, Model};

/// The model that the service uses where `MCP_EMBEDDING_MODEL` names none.
const DEFAULT_MODEL: &str = "all-MiniLM-L6-v2";

/// Where the service's ONNX path cuts texts: the limit in its default model's `tokenizer.json`.
const ONNX_TOKENS: usize = 128;

/// Where sentence-transformers cuts them: `max_seq_length` of the same model.
const HUGGING_FACE_TOKENS: usize = 256;

/// What the service's environment and our configuration say about makers.
#[derive(Debug, Default)]
pub struct Settings {
    /// `MCP_EXTERNAL_EMBEDDING_URL` and its companions. A service that has it uses nothing else.
    pub endpoint: Option<Endpoint>,
    /// `embed.model`: a folder with a model.
    pub folder: Option<PathBuf>,
    /// The home folder, which holds the caches.
    pub home: Option<PathBuf>,
    /// `HF_HOME`: where Hugging Face keeps its files, if it is not the home folder's cache.
    pub hugging_face: Option<PathBuf>,
    /// `MCP_EMBEDDING_MODEL`: the name of the service's model, if it is not the default one.
    pub model: Option<String>,
    /// Whether the service passes over ONNX files (`MCP_MEMORY_USE_ONNX=0`).
    pub skips_onnx: bool,
    /// When the service makes hash vectors.
    pub hash: HashRule,
}

impl Makers {
    /// Finds the makers of this machine: first those that the service would use, in its order; then those that it may
    /// have used before; then each model with the cut of the service's other path, as the database may come from
    /// another machine.
    #[must_use]
    pub fn find(settings: Settings) -> Self {
        let Settings { endpoint, folder, home, hugging_face, model, skips_onnx, hash } = settings;
        let model = model.as_deref().unwrap_or(DEFAULT_MODEL);
        let caches = Caches::new(home.as_deref(), hugging_face);
        let (mut used, mut unused) = (vec![folder.map(Place::configured)], Vec::new());
        if skips_onnx { &mut unused } else { &mut used }.push(caches.onnx(model));
        used.push(caches.hugging_face(model));
        if base(model) != DEFAULT_MODEL {
            // Before 12.0, the ONNX path took no notice of the name.
            unused.extend([caches.onnx(DEFAULT_MODEL), caches.hugging_face(DEFAULT_MODEL)]);
        }
        let has_default = endpoint.is_some() || used.iter().any(Option::is_some);
        let models = models(used.into_iter().chain(unused).flatten());
        let endpoint = endpoint.map(|endpoint| Arc::new(endpoint) as Arc<dyn Maker>);
        let models = endpoint.into_iter().chain(models).collect();
        Self { models, default: has_default.then_some(0), hash, places: caches.places(model) }
    }
}

/// A maker for each place, in their order, then the same with other cuts, which share the weights.
fn models(places: impl Iterator<Item = Place>) -> Vec<Arc<dyn Maker>> {
    let cut = |model: &Model, place: &Place| {
        model.with_cut(Cut::Tokens(place.other_cut), place.title(&format!(", {} tokens", place.other_cut)))
    };
    let places: Vec<Place> = places.collect();
    let models: Vec<Model> = places.iter().map(Place::model).collect();
    let cuts: Vec<Model> = models.iter().zip(&places).map(|(model, place)| cut(model, place)).collect();
    models.into_iter().chain(cuts).map(|model| Arc::new(model) as Arc<dyn Maker>).collect()
}

/// A folder that holds a model.
struct Place {
    folder: PathBuf,
    /// What the model is called.
    name: String,
    /// How it came here, for people.
    origin: &'static str,
    /// Where the service's other way to the same model cuts texts.
    other_cut: usize,
}

impl Place {
    /// The folder that our own configuration names, whatever it holds: people should hear of one that is no model.
    fn configured(folder: PathBuf) -> Self {
        let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned();
        let is_onnx = folder.join("model.onnx").is_file() || (has_onnx(&folder) && !has_safetensors(&folder));
        let other_cut = if is_onnx { HUGGING_FACE_TOKENS } else { ONNX_TOKENS };
        Self { folder, name, origin: "embed.model", other_cut }
    }

    fn title(&self, addition: &str) -> String {
        format!("{} ({}{addition})", self.name, self.origin)
    }

    fn model(&self) -> Model {
        Model::new(self.folder.clone(), Cut::Declared, self.title(""))
    }
}

/// Where the service and its libraries keep what they have downloaded; `None` without a home folder.
struct Caches {
    onnx: Option<PathBuf>,
    hub: Option<PathBuf>,
}

impl Caches {
    fn new(home: Option<&Path>, hugging_face: Option<PathBuf>) -> Self {
        let cache = home.map(|home| home.join(".cache"));
        let onnx = cache.as_ref().map(|cache| cache.join("mcp_memory").join("onnx_models"));
        let hub = hugging_face.or_else(|| Some(cache?.join("huggingface"))).map(|folder| folder.join("hub"));
        Self { onnx, hub }
    }

    /// The folder for a model's ONNX file, wherever the model comes from.
    fn onnx_folder(&self, model: &str) -> Option<PathBuf> {
        let base = base(model);
        let folder = self.onnx.as_ref().filter(|_| is_plain(base))?.join(base);
        Some(if base == DEFAULT_MODEL { folder.join("onnx") } else { folder })
    }

    fn onnx(&self, model: &str) -> Option<Place> {
        let folder = self.onnx_folder(model).filter(|folder| has_onnx(folder))?;
        let name = base(model).to_owned();
        Some(Place { folder, name, origin: "ONNX", other_cut: HUGGING_FACE_TOKENS })
    }

    /// The folders that sentence-transformers may have downloaded a model into.
    fn hub_folders(&self, model: &str) -> Vec<PathBuf> {
        let Some(hub) = self.hub.as_ref().filter(|_| model.split('/').all(is_plain)) else {
            return Vec::new();
        };
        let file = model.replace('/', "--");
        let mut folders = vec![hub.join(format!("models--sentence-transformers--{file}"))];
        if model.contains('/') {
            folders.push(hub.join(format!("models--{file}")));
        }
        folders
    }

    fn hugging_face(&self, model: &str) -> Option<Place> {
        let folder = if Path::new(model).is_absolute() {
            // Such a name is no name: sentence-transformers takes it for a folder.
            Some(PathBuf::from(model)).filter(|folder| has_model(folder))
        } else {
            self.hub_folders(model).iter().find_map(|folder| snapshot(folder))
        };
        let (folder, name) = (folder?, base(model).to_owned());
        Some(Place { folder, name, origin: "Hugging Face", other_cut: ONNX_TOKENS })
    }

    fn places(&self, model: &str) -> Vec<PathBuf> {
        self.onnx_folder(model).into_iter().chain(self.hub_folders(model)).collect()
    }
}

/// The snapshot in a folder of the Hugging Face cache that its `main` means, else the newest one with a model.
fn snapshot(folder: &Path) -> Option<PathBuf> {
    let snapshots = folder.join("snapshots");
    let main = Some(folder.join("refs").join("main")).filter(|main| main.is_file());
    let main = main.and_then(|main| fs::read_to_string(main).ok());
    let main = main.as_deref().map(str::trim).filter(|name| is_plain(name)).map(|name| snapshots.join(name));
    main.filter(|folder| has_model(folder)).or_else(|| {
        let entries = fs::read_dir(&snapshots).ok()?.flatten().map(|entry| entry.path());
        entries.filter(|folder| has_model(folder)).max_by_key(|folder| (modified(folder), folder.clone()))
    })
}

fn modified(folder: &Path) -> Option<SystemTime> {
    fs::metadata(folder).and_then(|folder| folder.modified()).ok()
}

fn has_onnx(folder: &Path) -> bool {
    let onnx = [folder.join("model.onnx"), folder.join("onnx").join("model.onnx")];
    has_tokenizer(folder) && onnx.iter().any(|file| file.is_file())
}

fn has_model(folder: &Path) -> bool {
    has_onnx(folder) || has_safetensors(folder)
}

fn has_safetensors(folder: &Path) -> bool {
    has_tokenizer(folder) && folder.join("model.safetensors").is_file()
}

fn has_tokenizer(folder: &Path) -> bool {
    folder.join("tokenizer.json").is_file()
}

/// The last part of a model's name, which the ONNX path goes by.
fn base(model: &str) -> &str {
    model.rsplit('/').next().unwrap_or(model)
}

/// Whether a part of a name can be the name of a folder: the service's own rule.
fn is_plain(part: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    part.bytes().all(is_known) && part.bytes().any(|byte| byte != b'.')
}

#[cfg(test)]
mod tests;
