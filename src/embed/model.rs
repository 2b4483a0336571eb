//! A sentence-transformer model out of files, run in pure Rust.
//!
//! It does what the service's two paths do. Beside `model.onnx` it is the ONNX path: `tokenizer.json` says where a text
//! is cut, the hidden states are averaged over the tokens, and the mean is brought to length 1. Beside
//! `model.safetensors` it is sentence-transformers: `sentence_bert_config.json` says where a text is cut, and
//! `modules.json` what happens to the hidden states. One engine, rten, runs both; for safetensors [`graph`] writes the
//! network that `config.json` describes.
//!
//! Guarantees: vectors are those of the reference implementations to about six digits, whatever else is in the batch.
//! What is not understood (another architecture, another pooling) and what is damaged is an error, never a vector. The
//! engine's panics are errors. Nothing is read before the first vector is wanted, and weights are in memory once however
//! many makers cut texts differently. One run takes a bounded number of tokens, so memory does not grow with the texts.
//!
//! Must never: write, download, or follow a name in a model's files to another folder.

#![expect(clippy::disallowed_methods, reason = "reads the files of models")]

mod bert;
mod fault;
mod folder;
mod graph;
mod recipe;
mod session;
#[cfg(test)]
mod tests;
mod tokens;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokenizers::Tokenizer;

use super::{Error, Maker, ModelId};
use fault::Fault;
use folder::{Folder, Stamps, Weights};
use session::Session;
use tokens::Tokens;

/// Where a model cuts a text that is too long for it, its special tokens counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Where its files say: `tokenizer.json` beside an ONNX file, as the service's ONNX path does;
    /// `sentence_bert_config.json` beside a safetensors file, as sentence-transformers does.
    Declared,
    /// After this many tokens.
    Tokens(usize),
}

/// A model of this machine.
#[derive(Clone, Debug)]
pub struct Model {
    name: String,
    cut: Cut,
    files: Arc<Files>,
    tokenizer: OnceLock<Arc<Tokenizer>>,
}

/// What makers that cut differently share.
#[derive(Debug)]
struct Files {
    folder: Folder,
    digest: OnceLock<(String, Stamps)>,
    tokenizer: Mutex<Option<Arc<Tokenizer>>>,
    session: Mutex<Option<Arc<Session>>>,
}

/// How many texts are split into tokens before the first of them is run.
const TEXTS: usize = 512;

/// How many tokens, fillings counted, are run at once: more makes nothing faster, and takes memory.
const TOKENS: usize = 1024;

impl Model {
    /// The model in `folder`, which holds `model.onnx` (or `onnx/model.onnx`) or `model.safetensors`, and
    /// `tokenizer.json`. Nothing is read before the first [`Maker::vectors`] or [`Maker::id`].
    #[must_use]
    pub fn new(folder: PathBuf, cut: Cut, name: impl Into<String>) -> Self {
        let files = Files {
            folder: Folder::new(folder),
            digest: OnceLock::new(),
            tokenizer: Mutex::default(),
            session: Mutex::default(),
        };
        Self { name: name.into(), cut, files: Arc::new(files), tokenizer: OnceLock::new() }
    }

    /// The same model with another cut and the name for it; the weights are in memory only once.
    #[must_use]
    pub fn with_cut(&self, cut: Cut, name: impl Into<String>) -> Self {
        Self { name: name.into(), cut, files: Arc::clone(&self.files), tokenizer: OnceLock::new() }
    }

    fn unusable(&self, fault: Fault) -> Error {
        Error::Unusable { path: self.files.folder.path().to_owned(), cause: fault.into() }
    }

    fn identify(&self) -> Result<ModelId, Fault> {
        let limit = tokens::limit(self.cut, &self.files.folder, &*self.files.tokenizer()?)?;
        Ok(ModelId::new(format!("{} {limit}", self.files.digest()?)))
    }

    fn make(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Fault> {
        let session = self.files.session()?;
        let tokenizer = self.tokenizer()?;
        let mut vectors = Vec::with_capacity(texts.len());
        for texts in texts.chunks(TEXTS) {
            vectors.extend(run(&session, &tokens::split(&tokenizer, texts)?)?);
        }
        Ok(vectors)
    }

    /// The tokenizer with this maker's cut.
    fn tokenizer(&self) -> Result<Arc<Tokenizer>, Fault> {
        if let Some(tokenizer) = self.tokenizer.get() {
            return Ok(Arc::clone(tokenizer));
        }
        let whole = self.files.tokenizer()?;
        let limit = tokens::limit(self.cut, &self.files.folder, &whole)?;
        let tokenizer = Arc::new(tokens::cut_at(&whole, limit, &self.files.folder)?);
        Ok(Arc::clone(self.tokenizer.get_or_init(|| tokenizer)))
    }
}

impl Maker for Model {
    fn name(&self) -> &str {
        &self.name
    }

    fn id(&self) -> Result<Option<ModelId>, Error> {
        self.identify().map(Some).map_err(|fault| self.unusable(fault))
    }

    fn vectors(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Error> {
        self.make(texts).map_err(|fault| self.unusable(fault))
    }
}

impl Files {
    fn digest(&self) -> Result<&str, Fault> {
        if self.digest.get().is_none() {
            let stamps = self.folder.stamps()?;
            let digest = self.folder.digest()?;
            self.digest.get_or_init(|| (digest, stamps));
        }
        Ok(&self.digest.get().expect("it was set above").0)
    }

    fn tokenizer(&self) -> Result<Arc<Tokenizer>, Fault> {
        once(&self.tokenizer, || tokens::load(&self.folder))
    }

    fn session(&self) -> Result<Arc<Session>, Fault> {
        once(&self.session, || {
            // Refuses what the engine would open and wait for.
            self.folder.stamps()?;
            let session = match self.folder.weights()? {
                Weights::Onnx(path) => Session::from_onnx(&path),
                Weights::Safetensors(path) => bert::load(&path, &self.folder),
            }?;
            // The id may be hours old; the vectors of other files must not be kept under it.
            match self.digest.get() {
                Some((_, known)) if *known != self.folder.stamps()? => Err(Fault::Replaced),
                _ => Ok(session),
            }
        })
    }
}

/// What `cell` holds, loaded by whoever asks first. A failure is not remembered: files may be mended.
fn once<T>(cell: &Mutex<Option<Arc<T>>>, load: impl FnOnce() -> Result<T, Fault>) -> Result<Arc<T>, Fault> {
    // Whatever panicked while holding it has left it as it was.
    let mut cell = cell.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(loaded) = &*cell {
        return Ok(Arc::clone(loaded));
    }
    let loaded = Arc::new(load()?);
    *cell = Some(Arc::clone(&loaded));
    Ok(loaded)
}

/// The vectors of `texts` in their order. Texts of like length are run together, so that little is filled up.
fn run(session: &Session, texts: &[Tokens]) -> Result<Vec<Vec<f32>>, Fault> {
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_by_key(|place| texts[*place].ids.len());
    let mut vectors = vec![Vec::new(); texts.len()];
    let mut rest = order.as_slice();
    while !rest.is_empty() {
        let (batch, later) = rest.split_at(batch_length(rest, texts));
        let members: Vec<&Tokens> = batch.iter().map(|place| &texts[*place]).collect();
        for (place, vector) in batch.iter().zip(session.vectors(&members)?) {
            vectors[*place] = vector;
        }
        rest = later;
    }
    Ok(vectors)
}

/// How many of the next texts fit into one batch: at least one.
fn batch_length(order: &[usize], texts: &[Tokens]) -> usize {
    let fits = |count: &usize| texts[order[count - 1]].ids.len() * count <= TOKENS;
    (1..=order.len()).take_while(fits).last().unwrap_or(1)
}
