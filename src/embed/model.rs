//! A sentence-transformer model out of files, run in pure Rust.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Error, Maker, ModelId};

/// Where a model cuts a text that is too long for it, `[CLS]` and `[SEP]` counted.
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
}

#[derive(Debug)]
struct Files {
    folder: PathBuf,
}

impl Model {
    /// The model in `folder`, which holds `model.onnx` (or `onnx/model.onnx`) or `model.safetensors`, and `tokenizer.json`. Nothing is
    /// read before the first [`Maker::vectors`] or [`Maker::id`].
    #[must_use]
    pub fn new(folder: PathBuf, cut: Cut, name: impl Into<String>) -> Self {
        Self { name: name.into(), cut, files: Arc::new(Files { folder }) }
    }

    /// The same model, its weights in memory only once, with another cut and the name for it.
    #[must_use]
    pub fn with_cut(&self, cut: Cut, name: impl Into<String>) -> Self {
        Self { name: name.into(), cut, files: Arc::clone(&self.files) }
    }
}

impl Maker for Model {
    fn name(&self) -> &str {
        &self.name
    }

    fn id(&self) -> Result<Option<ModelId>, Error> {
        Ok(None)
    }

    fn vectors(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Error> {
        let _ = (texts, self.cut);
        Err(Error::Unusable { path: self.files.folder.clone(), cause: "models are not built in yet".into() })
    }
}
