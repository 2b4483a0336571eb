//! Where files are where nothing says otherwise.

use std::path::{Path, PathBuf};

use super::{Environment, Error};

/// The staging database: `STAGING_DB`, else `sqlite_vec_staging.db` in the service's folder.
pub fn staging(environment: &Environment) -> Result<PathBuf, Error> {
    match &environment.staging_db {
        Some(path) => Ok(path.clone()),
        None => Ok(service_folder(environment)?.join("sqlite_vec_staging.db")),
    }
}

/// The service's database, as the service itself places it.
pub fn database(environment: &Environment) -> Result<PathBuf, Error> {
    Ok(service_folder(environment)?.join("sqlite_vec.db"))
}

/// The user's configuration file.
pub fn global_config(environment: &Environment) -> Result<PathBuf, Error> {
    let folder = match &environment.config_home {
        Some(folder) => folder.clone(),
        None => home(environment)?.join(".config"),
    };
    Ok(folder.join("memsync").join("config"))
}

/// The configuration file beside a staging database.
#[must_use]
pub fn local_config(staging: &Path) -> PathBuf {
    let beside = staging.with_extension("config");
    if beside == staging { staging.with_added_extension("config") } else { beside }
}

fn service_folder(environment: &Environment) -> Result<PathBuf, Error> {
    if cfg!(windows)
        && let Some(folder) = &environment.local_app_data
    {
        return Ok(folder.join("mcp-memory"));
    }
    let beneath = if cfg!(target_os = "macos") { "Library/Application Support" } else { ".local/share" };
    Ok(home(environment)?.join(beneath).join("mcp-memory"))
}

fn home(environment: &Environment) -> Result<&Path, Error> {
    environment.home.as_deref().ok_or(Error::NoHome)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_home() -> Environment {
        Environment { home: Some("/home/ada".into()), ..Environment::default() }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_files_lie_where_the_service_and_the_old_scripts_have_them() {
        let shown = |path: Result<PathBuf, Error>| path.unwrap().display().to_string();
        assert_eq!(shown(staging(&at_home())), "/home/ada/.local/share/mcp-memory/sqlite_vec_staging.db");
        assert_eq!(shown(database(&at_home())), "/home/ada/.local/share/mcp-memory/sqlite_vec.db");
        assert_eq!(shown(global_config(&at_home())), "/home/ada/.config/memsync/config");
    }

    #[cfg(target_os = "macos")]
    #[test]
    fn the_files_lie_where_the_service_and_the_old_scripts_have_them() {
        let folder = "/home/ada/Library/Application Support/mcp-memory";
        assert_eq!(staging(&at_home()).unwrap(), Path::new(folder).join("sqlite_vec_staging.db"));
        assert_eq!(database(&at_home()).unwrap(), Path::new(folder).join("sqlite_vec.db"));
    }

    #[test]
    fn the_environment_moves_them() {
        let moved = Environment {
            staging_db: Some("/srv/staging.db".into()),
            config_home: Some("/srv/config".into()),
            ..at_home()
        };
        assert_eq!(staging(&moved).unwrap(), Path::new("/srv/staging.db"));
        assert_eq!(global_config(&moved).unwrap(), Path::new("/srv/config/memsync/config"));
    }

    #[test]
    fn the_local_file_lies_beside_the_staging_database_and_never_on_it() {
        let beside = |staging| local_config(Path::new(staging)).display().to_string();
        assert_eq!(beside("/srv/sqlite_vec_staging.db"), "/srv/sqlite_vec_staging.config");
        assert_eq!(beside("/srv/staging"), "/srv/staging.config");
        assert_eq!(beside("/srv/staging.config"), "/srv/staging.config.config");
    }

    #[test]
    fn without_a_home_only_what_is_given_is_known() {
        assert!(matches!(staging(&Environment::default()), Err(Error::NoHome)));
        let given = Environment { staging_db: Some("/srv/staging.db".into()), ..Environment::default() };
        assert!(staging(&given).is_ok());
    }
}
