//! A device: its staging database, and the server it syncs with.

use super::Args;
use crate::error::CommandError;
use crate::workspace::Workspace;

pub(super) fn run(args: &Args, workspace: &mut Workspace) -> Result<(), CommandError> {
    let address = args.url.as_deref().map(|text| workspace.address(text)).transpose()?;
    if let Some(path) = &args.database {
        workspace.set_database(path)?;
    }
    // Looked at first: a staging database for nothing would only be in the way.
    let facts = workspace.local()?.facts()?;
    let is_new = workspace.create_store()?;
    let remote = workspace.config.default_remote();
    if let Some(address) = address {
        workspace.config.set_remote(&remote, "url", &address.to_string())?;
    }
    if let Some(path) = &args.key_file {
        workspace.set_key_file(&remote, path)?;
    }
    if let Some(fingerprint) = args.trust {
        workspace.trust(&remote, fingerprint)?;
    }
    report(is_new, facts.dimension, facts.maker.as_ref().ok().map(|maker| maker.name()), workspace)
}

fn report(
    is_new: bool,
    dimension: Option<usize>,
    maker: Option<&str>,
    workspace: &mut Workspace,
) -> Result<(), CommandError> {
    let (staging, database) = (workspace.staging_path()?, workspace.database_path()?);
    let word = if is_new { "Initialised" } else { "Kept the" };
    workspace.ui.note(&format!("{word} staging database {}", staging.display()));
    let vectors = match (dimension, maker) {
        (None, _) => "no vectors",
        (Some(_), Some(maker)) => maker,
        (Some(_), None) => "memories that arrive will lack a vector",
    };
    workspace.ui.note(&format!("Memories: {} ({vectors})", database.display()));
    match workspace.remote_settings(None) {
        Ok(settings) => {
            workspace.ui.note(&format!("Remote {}: {}", settings.name, settings.address));
            workspace
                .ui
                .hint("`memsync sync` does the first sync, `memsync sync --dry-run` shows what it would do");
        }
        Err(_) => workspace.ui.hint("`memsync remote add origin URL` names the server"),
    }
    Ok(())
}
