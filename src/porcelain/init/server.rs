//! The central server: its database, and the files beside it.
//!
//! Guarantees: what devices depend on (memories, key, certificate) is made once and kept by every later run.
//!
//! Must never: show the API key, or put it where other users of this machine can see it.

use std::net::SocketAddr;
use std::path::Path;

use super::ServerArgs;
use super::service::{Manager, Service};
use super::settings::Settings;
use crate::error::CommandError;
use crate::hub::certificate::{self, Certificate};
use crate::hub::{files, key};
use crate::local::{self, Prepared};
use crate::side;
use crate::ui::shell_word as shell;
use crate::ui::{Ui, escape_line};
use crate::workspace::{Workspace, absolute};

/// The server as it was set up. Its paths are absolute.
struct Server<'a> {
    database: &'a str,
    key: String,
    listen: SocketAddr,
    certificate: Option<Certificate>,
}

pub(super) fn run(
    given: Option<&Path>,
    args: &ServerArgs,
    workspace: &mut Workspace,
) -> Result<(), CommandError> {
    let path = given.map_or_else(|| workspace.database_path(), |path| Ok(path.to_owned()))?;
    let path = absolute(&path)?;
    let database = plain_text(&path)?;
    let mut settings = Settings::load(&path, args)?;
    let host = host(settings.listen, workspace)?;
    make_database(&path, &mut workspace.ui)?;
    let key = make_key(&path, &mut workspace.ui)?;
    let certificate =
        if settings.is_encrypted { Some(make_certificate(&path, settings.listen, workspace)?) } else { None };
    settings.save()?;
    let server = Server { database, key, listen: settings.listen, certificate };
    explain(&server, &host, workspace)
}

/// A path that can stand in a service's definition, on a command line and on a terminal as it is.
fn plain_text(path: &Path) -> Result<&str, CommandError> {
    path.to_str().filter(|text| escape_line(text) == *text).ok_or_else(|| {
        CommandError::usage(format!("{} has characters that no service file can hold", path.display()))
            .with_hint("`--db PATH` puts the database elsewhere")
    })
}

/// The name or address by which devices reach a server that listens at `listen`, as it stands in an address.
fn host(listen: SocketAddr, workspace: &Workspace) -> Result<String, CommandError> {
    if !listen.ip().is_unspecified() {
        return Ok(match listen {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(address) => format!("[{}]", address.ip()),
        });
    }
    let name = workspace.host_name();
    url::Host::parse(&name).map(|host| host.to_string()).map_err(|_| {
        CommandError::usage(format!("no device could reach this machine by its name '{name}'"))
            .with_hint("give another in HOSTNAME, or the machine's own address in --listen")
    })
}

fn make_database(path: &Path, ui: &mut Ui) -> Result<(), CommandError> {
    files::create_folder(path)?;
    let text = plain_text(path)?;
    let prepared = local::prepare(path).map_err(|error| match error {
        side::Error::Unsupported { .. } => {
            CommandError { hints: vec!["`--db PATH` names another".to_owned()], ..error.into() }
        }
        error => error.into(),
    })?;
    ui.note(&match prepared {
        Prepared::Created => format!("Created the database {text}"),
        Prepared::Kept => format!("Kept the database {text}"),
        Prepared::Upgraded => format!("Kept the database {text}, brought up to date"),
    });
    Ok(())
}

fn make_key(database: &Path, ui: &mut Ui) -> Result<String, CommandError> {
    let path = key::path(database);
    let is_new = key::create(&path)?;
    // One that was kept may have become of no use: better said now than when the server starts.
    key::read(&path)?;
    let text = plain_text(&path)?;
    ui.note(&format!("{} the API key {text}", made(is_new)));
    Ok(text.to_owned())
}

fn make_certificate(
    database: &Path,
    listen: SocketAddr,
    workspace: &mut Workspace,
) -> Result<Certificate, CommandError> {
    let certificate = certificate::keep(database, &workspace.host_name(), listen.ip(), workspace.now)?;
    let (word, path) = (made(certificate.is_new), plain_text(&certificate.path)?);
    workspace.ui.note(&format!("{word} the certificate {path}"));
    Ok(certificate)
}

const fn made(is_new: bool) -> &'static str {
    if is_new { "Created" } else { "Kept" }
}

/// Says how to start the server here and how to reach it from elsewhere, which is the one thing on stdout.
fn explain(server: &Server<'_>, host: &str, workspace: &mut Workspace) -> Result<(), CommandError> {
    let installation = make_service(server, workspace)?;
    let ui = &mut workspace.ui;
    let words = server.arguments();
    let line: Vec<_> = words.iter().map(|word| shell(word)).collect();
    ui.note(&format!("\nTo start the server:\n  memsync {}", line.join(" ")));
    if let Some(commands) = installation {
        let commands = commands.join("\n  ");
        ui.note(&format!("\nTo install it as a service, which starts with this machine:\n  {commands}"));
    }
    let address = server.listen.ip();
    let whose = if address.is_loopback() { "on this machine alone" } else { "on each device" };
    ui.note(&format!("\nTo sync with it, {whose}:"));
    ui.data(&format!("{}\n", server.device_line(host)))?;
    if address.is_loopback() {
        ui.hint("add `--listen 0.0.0.0:8443 --tls` to let other devices reach it");
    } else if address.is_unspecified() {
        ui.hint("where a device does not find it by that name, its address or NAME.local will do as well");
    }
    Ok(())
}

/// Writes what the system starts the server by; the commands that install it, on a system where that is known.
fn make_service(server: &Server<'_>, workspace: &mut Workspace) -> Result<Option<Vec<String>>, CommandError> {
    let Some(manager) = Manager::of_this_system() else { return Ok(None) };
    let database = Path::new(server.database);
    let path = files::beside(database, manager.file_name());
    let program = workspace.environment.program.clone().unwrap_or_else(|| "memsync".into());
    let definition = manager.definition(&Service {
        program: plain_text(&program)?,
        arguments: &server.arguments(),
        folder: database.parent().and_then(Path::to_str).unwrap_or("/"),
        user: files::owner(database)?,
        port: server.listen.port(),
    });
    let word = match files::read(&path)? {
        Some(before) if before == definition => "Kept",
        before => {
            files::replace(&path, &definition)?;
            if before.is_some() { "Changed" } else { "Created" }
        }
    };
    let text = plain_text(&path)?;
    workspace.ui.note(&format!("{word} the service {text}"));
    Ok(Some(manager.commands(text)))
}

impl Server<'_> {
    /// What `memsync` is given to serve.
    fn arguments(&self) -> Vec<String> {
        let listen = self.listen.to_string();
        let mut words =
            vec!["serve", "--db", self.database, "--listen", &listen, "--api-key-file", &self.key];
        if self.certificate.is_some() {
            words.extend(["--tls", "self-signed"]);
        }
        words.into_iter().map(ToOwned::to_owned).collect()
    }

    /// The line that sets a device up. The key comes by `scp` and is named by its file: arguments can be seen by
    /// everybody on a machine.
    fn device_line(&self, host: &str) -> String {
        let (scheme, trust) = match &self.certificate {
            Some(certificate) => ("https", format!(" --trust {}", certificate.sha256)),
            None => ("http", String::new()),
        };
        let url = format!("{scheme}://{host}:{}", self.listen.port());
        let (url, source) = (shell(&url), format!("{host}:{}", self.key));
        if self.listen.ip().is_loopback() {
            return format!("memsync init {url} --key-file {}{trust}", shell(&self.key));
        }
        let copy = format!(".memsync-{}.key", host.trim_matches(['[', ']']));
        let (source, copy) = (shell(&source), shell(&copy));
        format!("scp -p {source} ~/{copy} && memsync init {url} --key-file ~/{copy}{trust}")
    }
}
