//! Files that are generated from the command line: completions and manual pages.

#![expect(clippy::disallowed_methods, reason = "these files go where the user says")]

use std::fs;
use std::path::Path;

use crate::error::CommandError;

/// Writes `files`, each a name and its text, into `folder`, which is made if need be.
pub(crate) fn write(folder: &Path, files: &[(String, String)]) -> Result<(), CommandError> {
    let failed = |path: &Path, cause: std::io::Error| {
        CommandError::usage(format!("cannot write {}", path.display())).with_cause(cause)
    };
    fs::create_dir_all(folder).map_err(|cause| failed(folder, cause))?;
    for (name, text) in files {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|cause| failed(&path, cause))?;
    }
    Ok(())
}
