//! The folder that holds the files of a model.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use gix_hash::{Kind, hasher};
use serde::de::DeserializeOwned;

use super::fault::Fault;

/// The folder. Files may be links, as in a snapshot of the Hugging Face cache.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

/// The file that holds the weights.
#[derive(Debug)]
pub(super) enum Weights {
    Onnx(PathBuf),
    Safetensors(PathBuf),
}

/// Where the weights can be, in the order in which they are looked for: the service, too, knows both places of an ONNX
/// file.
const ONNX: [&str; 2] = ["model.onnx", "onnx/model.onnx"];

/// How much of a file is hashed at once.
const CHUNK: usize = 1 << 18;

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn weights(&self) -> Result<Weights, Fault> {
        let onnx = ONNX.iter().map(|name| self.0.join(name)).find(|path| path.is_file());
        let safetensors = self.0.join("model.safetensors");
        match onnx {
            Some(path) => Ok(Weights::Onnx(path)),
            None if safetensors.is_file() => Ok(Weights::Safetensors(safetensors)),
            None => Err(Fault::NoWeights),
        }
    }

    /// The whole of a file; `None` where there is none.
    pub(super) fn bytes(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        match fs::read(self.0.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Fault::Unreadable { name: name.to_owned(), source }),
        }
    }

    /// The JSON document in a file; `None` where there is none.
    pub(super) fn json<T: DeserializeOwned>(&self, name: &'static str) -> Result<Option<T>, Fault> {
        let parse = |bytes: Vec<u8>| {
            serde_json::from_slice(&bytes).map_err(|error| Fault::Damaged { name, source: error.into() })
        };
        self.bytes(name)?.map(parse).transpose()
    }

    /// SHA-256 of everything that decides what vectors come out.
    pub(super) fn digest(&self) -> Result<String, Fault> {
        let mut files = match self.weights()? {
            Weights::Onnx(path) => with_external_data(&path)?,
            Weights::Safetensors(path) => vec![path],
        };
        files.extend(SETTINGS.iter().map(|name| self.0.join(name)).filter(|path| path.is_file()));
        let mut digest = hasher(Kind::Sha256);
        for path in files {
            let name = path.strip_prefix(&self.0).unwrap_or(&path).display().to_string();
            let content =
                file_digest(&path).map_err(|source| Fault::Unreadable { name: name.clone(), source })?;
            digest.update(format!("{content} {name}\n").as_bytes());
        }
        Ok(hexadecimal(digest))
    }
}

/// The files beside the weights that have a say in the vectors.
const SETTINGS: [&str; 7] = [
    "tokenizer.json",
    "config.json",
    "modules.json",
    "1_Pooling/config.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "tokenizer_config.json",
];

/// An ONNX file and those beside it that may hold its weights: `model.onnx.data`, `model.onnx_data` and the like.
fn with_external_data(onnx: &Path) -> Result<Vec<PathBuf>, Fault> {
    let read = |source| Fault::Unreadable { name: onnx.display().to_string(), source };
    let folder = onnx.parent().unwrap_or(Path::new("."));
    let mut files = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>())
        .map_err(read)?;
    files.retain(|path| path.is_file() && is_part_of(path, onnx.file_name()));
    files.sort_unstable();
    Ok(files)
}

fn is_part_of(path: &Path, onnx: Option<&OsStr>) -> bool {
    let [path, onnx] = [path.file_name(), onnx].map(|name| name.unwrap_or_default().as_encoded_bytes());
    path.starts_with(onnx)
}

fn file_digest(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut digest = hasher(Kind::Sha256);
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(hexadecimal(digest)),
            length => digest.update(&chunk[..length]),
        }
    }
}

fn hexadecimal(digest: gix_hash::Hasher) -> String {
    digest.try_finalize().expect("only SHA-1 can fail, when it detects a collision attack").to_string()
}
