//! Which maker `memsync embed --all` is told to use.

use std::path::Path;
use std::sync::Arc;

use crate::embed::{Hash, Maker, Makers};
use crate::error::CommandError;
use crate::workspace::Workspace;

/// How many numbers the service's vectors have where it has no model and no table yet.
const USUAL_DIMENSION: usize = 384;

/// The maker that `name` means, or the one that the service itself would use. `dimension` is that of the present
/// table, which the service's hash vectors fit themselves into.
pub(super) fn find(
    name: Option<&str>,
    dimension: Option<usize>,
    workspace: &Workspace,
) -> Result<Arc<dyn Maker>, CommandError> {
    let makers = workspace.makers()?;
    let Some(name) = name else {
        return makers.usual().cloned().ok_or_else(|| none(&makers));
    };
    match name {
        "hash" => Ok(Arc::new(Hash::new(dimension.unwrap_or(USUAL_DIMENSION)))),
        "endpoint" if has_endpoint(workspace) => makers.usual().cloned().ok_or_else(|| none(&makers)),
        "endpoint" => Err(CommandError::usage("MCP_EXTERNAL_EMBEDDING_URL names no endpoint")),
        name => workspace.maker_in(Path::new(name)).map_or_else(
            || {
                let is_meant = |maker: &&Arc<dyn Maker>| contains(maker.name(), name);
                makers.models().iter().find(is_meant).cloned().ok_or_else(|| unknown(name, &makers))
            },
            Ok,
        ),
    }
}

fn has_endpoint(workspace: &Workspace) -> bool {
    workspace.environment.embedding.endpoint.is_some()
}

fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}

fn none(makers: &Makers) -> CommandError {
    let error = CommandError::usage("there is no embedding model on this device");
    let places = makers.places().iter();
    let error = places.fold(error, |error, place| error.with_hint(format!("looked in {}", place.display())));
    error.with_hint("`memsync config embed.model FOLDER` names a folder with a model").with_hint(
        "`memsync embed --all --model hash` makes vectors without one, which find equal texts only",
    )
}

fn unknown(name: &str, makers: &Makers) -> CommandError {
    let error = CommandError::usage(format!("there is no model `{name}` on this device"));
    let names: Vec<&str> = makers.models().iter().map(|maker| maker.name()).collect();
    match names.as_slice() {
        [] => error.with_hint("give the folder that holds it"),
        names => error.with_hint(format!("give a folder, or one of: {}", names.join(", "))),
    }
}
