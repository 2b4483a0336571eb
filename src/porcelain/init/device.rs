//! A device: its staging database, and the server it syncs with.

use super::Args;
use crate::error::CommandError;
use crate::local::Making;
use crate::porcelain::shared::vectors::with_causes;
use crate::ui::escape_line;
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
    report(is_new, &facts.maker, workspace)
}

fn report(is_new: bool, making: &Making, workspace: &mut Workspace) -> Result<(), CommandError> {
    let (staging, database) = (workspace.staging_path()?, workspace.database_path()?);
    let word = if is_new { "Initialised" } else { "Kept the" };
    workspace.ui.note(&format!("{word} staging database {}", staging.display()));
    let maker = making.as_ref().map_or(String::new(), |maker| format!(" ({})", escape_line(maker.name())));
    workspace.ui.note(&format!("Memories: {}{maker}", database.display()));
    if let Err(why) = making {
        let why = with_causes(why);
        workspace.ui.note(&format!("memories that arrive get no vector: {}", escape_line(&why)));
        workspace.ui.hint("`memsync embed` says what to do about it");
    }
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
