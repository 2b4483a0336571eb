//! What can be wrong with the files of a model.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why the files of a model give no vectors.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("there is neither `model.onnx` nor `model.safetensors`")]
    NoWeights,
    #[error("`{0}` is missing")]
    Missing(&'static str),
    #[error("`{name}` cannot be read")]
    Unreadable { name: String, source: std::io::Error },
    #[error("`{name}` is not what its name says")]
    Damaged { name: &'static str, source: Box<dyn std::error::Error + Send + Sync> },
    /// Something that another engine would compute differently from what is done here.
    #[error("{0}, which memsync cannot compute")]
    Unsupported(String),
    #[error("`model.safetensors` has no `{0}`")]
    NoTensor(String),
    #[error("`{name}` has the shape {found:?} where {expected:?} was expected")]
    Shape { name: String, found: Vec<usize>, expected: Vec<usize> },
    #[error("the texts cannot be split into tokens")]
    Tokens(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the model cannot be run")]
    Run(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the model gives numbers that are no vector")]
    NoVector,
    #[error("its files were replaced while memsync ran")]
    Replaced,
    #[error("the files make the engine fail: {0}")]
    Panic(String),
}

/// Runs `work` on what a file holds. The engine and the tokenizer assert what damaged files can break, so their panics
/// end here: such a model makes no vectors, and everything else goes on.
pub(super) fn contained<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    // Nothing that was borrowed is used again after a panic, except what only reads.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(Fault::Panic(message(&*panic))))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "for no stated reason".to_owned())
}
