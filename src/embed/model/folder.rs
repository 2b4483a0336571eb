//! The folder that holds the files of a model.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

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

/// How much of a file is hashed at once.
const CHUNK: usize = 1 << 18;

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The file that the service would take out of this folder. Its ONNX path knows both places of an ONNX file, but
    /// fetches nothing else; beside safetensors, a nested one is a part of a whole repository, out of which
    /// sentence-transformers takes the safetensors.
    pub(super) fn weights(&self) -> Result<Weights, Fault> {
        let file = |name| Some(self.0.join(name)).filter(|path| path.is_file());
        file("model.onnx")
            .map(Weights::Onnx)
            .or_else(|| file("model.safetensors").map(Weights::Safetensors))
            .or_else(|| file("onnx/model.onnx").map(Weights::Onnx))
            .ok_or(Fault::NoWeights)
    }

    /// The whole of a file; `None` where there is none.
    pub(super) fn bytes(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        match read(&self.0.join(name)) {
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
        let mut digest = hasher(Kind::Sha256);
        digest.update(format!("{COMPUTATION}\n").as_bytes());
        for path in self.parts()? {
            let content = file_digest(&path).map_err(|source| self.unreadable(&path, source))?;
            let name = path.strip_prefix(&self.0).unwrap_or(&path).display();
            digest.update(format!("{content} {name}\n").as_bytes());
        }
        Ok(hexadecimal(digest))
    }

    /// What shows that a file of [`Self::digest`] was replaced, at no cost.
    pub(super) fn stamps(&self) -> Result<Stamps, Fault> {
        let stamp = |path: PathBuf| match fs::metadata(&path) {
            Ok(file) => Ok((path, file.len(), file.modified().ok())),
            Err(source) => Err(self.unreadable(&path, source)),
        };
        self.parts()?.into_iter().map(stamp).collect()
    }

    /// The weights, and the files beside them that have a say in the vectors.
    fn parts(&self) -> Result<Vec<PathBuf>, Fault> {
        let mut files = match self.weights()? {
            Weights::Onnx(path) => {
                let mut files = self.external_data(&path)?;
                files.insert(0, path);
                files
            }
            Weights::Safetensors(path) => vec![path],
        };
        files.extend(SETTINGS.iter().map(|name| self.0.join(name)).filter(|path| path.is_file()));
        Ok(files)
    }

    /// The files beside an ONNX file out of which the engine may take its weights, which it knows by their endings.
    fn external_data(&self, onnx: &Path) -> Result<Vec<PathBuf>, Fault> {
        let folder = onnx.parent().unwrap_or(&self.0);
        let mut files = fs::read_dir(folder)
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>())
            .map_err(|source| self.unreadable(folder, source))?;
        files.retain(|path| is_external_data(path) && !path.is_dir());
        files.sort_unstable();
        match files.iter().find(|path| !path.is_file()) {
            Some(other) => Err(self.unreadable(other, no_file())),
            None => Ok(files),
        }
    }

    fn unreadable(&self, path: &Path, source: io::Error) -> Fault {
        let name = path.strip_prefix(&self.0).unwrap_or(path).display().to_string();
        Fault::Unreadable { name, source }
    }
}

/// The names, sizes and times of files.
pub(super) type Stamps = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// Which vectors memsync makes of the same files: another number as soon as it makes others.
const COMPUTATION: u32 = 1;

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

/// Whether the engine takes numbers out of a file of this name: `model.onnx.data`, `model.onnx_data_1` and the like.
fn is_external_data(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().as_encoded_bytes();
    ending.starts_with(b"data") || ending.starts_with(b"onnx_data")
}

/// The whole of a file. Anything else is not opened: a pipe would be waited for, and a device may never end.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.is_file() { fs::read(path) } else { Err(no_file()) }
}

fn no_file() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is no file")
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
