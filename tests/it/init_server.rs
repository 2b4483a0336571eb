//! `memsync init --server`: prepare the central server, and the devices by the lines that it prints.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;

use crate::support::TestEnvironment;
use crate::support::environment::Device;
use crate::support::output::CommandOutput;

/// Runs `memsync init --server` with more arguments on `machine`, where the service's database is nowhere in particular.
fn init_server(machine: &Device, arguments: &[&str]) -> CommandOutput {
    let mut command = machine.command();
    command.env_remove("MCP_MEMORY_SQLITE_PATH").args(["init", "--server"]).args(arguments);
    let output = machine.output(&command.output().unwrap());
    let replace = |text: &str| with_fingerprint(&text.replace(env!("CARGO_BIN_EXE_memsync"), "[MEMSYNC]"));
    CommandOutput { stdout: replace(&output.stdout), stderr: replace(&output.stderr), ..output }
}

/// Replaces what follows `--trust`.
fn with_fingerprint(text: &str) -> String {
    match text.split_once("--trust ") {
        Some((before, after)) => format!("{before}--trust [SHA256]{}", &after[64..]),
        None => text.to_owned(),
    }
}

/// The names, modes and texts of the files in `folder`, but for the database's text and those of secrets.
fn files(folder: &Path) -> Vec<(String, u32, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            (entry.file_name().into_string().unwrap(), mode, fs::read(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn it_makes_a_server_for_this_machine_in_an_empty_home() {
    let environment = TestEnvironment::new();
    let machine = environment.device("homeserver");
    assert_snapshot!(init_server(&machine, &[]), @"
    exit status: 0
    ----- stdout -----
    memsync init http://127.0.0.1:[PORT] --key-file [TMP]/homeserver/.local/share/mcp-memory/memsync-hub.api-key
    ----- stderr -----
    Created the database [TMP]/homeserver/.local/share/mcp-memory/sqlite_vec.db
    Created the API key [TMP]/homeserver/.local/share/mcp-memory/memsync-hub.api-key
    Created the service [TMP]/homeserver/.local/share/mcp-memory/memsync-hub.service

    To start the server:
      memsync serve --db [TMP]/homeserver/.local/share/mcp-memory/sqlite_vec.db --listen 127.0.0.1:[PORT] --api-key-file [TMP]/homeserver/.local/share/mcp-memory/memsync-hub.api-key
    To have the system start it instead, now and with this machine:
      sudo install -m 644 [TMP]/homeserver/.local/share/mcp-memory/memsync-hub.service /etc/systemd/system/
      sudo systemctl daemon-reload
      sudo systemctl enable memsync-hub
      sudo systemctl restart memsync-hub
    To sync with it, on this machine alone:
    hint: `memsync init --server --listen 0.0.0.0:8443 --tls` lets other devices reach it
    ");
}

#[test]
fn it_makes_a_server_for_every_device_and_keeps_it_when_run_again() {
    let environment = TestEnvironment::new();
    let machine = environment.device("homeserver");
    let folder = machine.folder.join("my hub");
    let db = folder.join("memories.db");
    let db = db.to_str().unwrap();
    let output = init_server(&machine, &["--db", db, "--listen", "0.0.0.0:8443", "--tls"]);
    assert_snapshot!(output, @"
    exit status: 0
    ----- stdout -----
    scp -p 'homeserver:[TMP]/homeserver/my hub/memsync-hub.api-key' ~/.memsync-homeserver.key && memsync init https://homeserver:8443 --key-file ~/.memsync-homeserver.key --trust [SHA256]
    ----- stderr -----
    Created the database [TMP]/homeserver/my hub/memories.db
    Created the API key [TMP]/homeserver/my hub/memsync-hub.api-key
    Created the certificate [TMP]/homeserver/my hub/memsync-hub.crt
    Created the service [TMP]/homeserver/my hub/memsync-hub.service

    To start the server:
      memsync serve --db '[TMP]/homeserver/my hub/memories.db' --listen 0.0.0.0:8443 --api-key-file '[TMP]/homeserver/my hub/memsync-hub.api-key' --tls self-signed
    To have the system start it instead, now and with this machine:
      sudo install -m 644 '[TMP]/homeserver/my hub/memsync-hub.service' /etc/systemd/system/
      sudo systemctl daemon-reload
      sudo systemctl enable memsync-hub
      sudo systemctl restart memsync-hub
    To sync with it, on each device:
    ");
    let made = files(&folder);
    let modes: Vec<_> = made.iter().map(|(name, mode, _)| format!("{name} {mode:o}")).collect();
    assert_snapshot!(modes.join("\n"), @"
    memories.db 600
    memsync-hub.api-key 600
    memsync-hub.config 600
    memsync-hub.crt 600
    memsync-hub.key 600
    memsync-hub.service 600
    ");

    // What was said stays said.
    let again = init_server(&machine, &["--db", db]);
    assert_eq!(again.stdout, output.stdout);
    assert_snapshot!(again.stderr.lines().take(4).collect::<Vec<_>>().join("\n"), @"
    Kept the database [TMP]/homeserver/my hub/memories.db
    Kept the API key [TMP]/homeserver/my hub/memsync-hub.api-key
    Kept the certificate [TMP]/homeserver/my hub/memsync-hub.crt
    Kept the service [TMP]/homeserver/my hub/memsync-hub.service
    ");
    assert_eq!(files(&folder), made);
    assert_eq!(init_server(&machine, &["--db", db, "--quiet"]).stderr, "");
    let key = fs::read_to_string(folder.join("memsync-hub.api-key")).unwrap();
    assert!(!format!("{output}{again}").contains(key.trim()));
    for (name, _, text) in made {
        let holds_key = text.windows(64).any(|part| part == key.trim().as_bytes());
        assert_eq!(holds_key, name == "memsync-hub.api-key", "{name}");
    }
}

#[test]
fn a_server_that_was_for_this_machine_can_be_opened_to_others() {
    let environment = TestEnvironment::new();
    let machine = environment.device("homeserver");
    init_server(&machine, &[]).success();
    let opened = init_server(&machine, &["--listen", "192.168.1.5:443", "--tls=self-signed"]).success();
    assert_snapshot!(opened.stdout, @"scp -p 192.168.1.5:[TMP]/homeserver/.local/share/mcp-memory/memsync-hub.api-key ~/.memsync-192.168.1.5.key && memsync init https://192.168.1.5:443 --key-file ~/.memsync-192.168.1.5.key --trust [SHA256]");
    assert_snapshot!(opened.stderr.lines().take(4).collect::<Vec<_>>().join("\n"), @"
    Kept the database [TMP]/homeserver/.local/share/mcp-memory/sqlite_vec.db
    Kept the API key [TMP]/homeserver/.local/share/mcp-memory/memsync-hub.api-key
    Created the certificate [TMP]/homeserver/.local/share/mcp-memory/memsync-hub.crt
    Changed the service [TMP]/homeserver/.local/share/mcp-memory/memsync-hub.service
    ");
    assert_eq!(init_server(&machine, &[]).stdout, opened.stdout);
}

#[cfg(target_os = "linux")]
#[test]
fn systemd_finds_nothing_wrong_with_the_unit() {
    let environment = TestEnvironment::new();
    let machine = environment.device("homeserver");
    let db = machine.folder.join("100% my $HOME \"hub\"").join("memories.db");
    init_server(&machine, &["--db", db.to_str().unwrap(), "--listen", "[::1]:443"]).success();
    let unit = db.with_file_name("memsync-hub.service");
    let text = fs::read_to_string(&unit).unwrap();
    let text = text.replace(machine.folder.to_str().unwrap(), "[HOME]");
    let user = text.lines().find(|line| line.starts_with("User=")).unwrap();
    let text = text.replace(user, "User=[UID]").replace(env!("CARGO_BIN_EXE_memsync"), "[MEMSYNC]");
    assert_snapshot!(text, @r#"
    # Written by `memsync init --server`, which writes it anew; changes belong into `systemctl edit memsync-hub`.
    [Unit]
    Description=Memories in step across devices (memsync)
    Wants=network-online.target
    After=network-online.target

    [Service]
    Type=exec
    User=[UID]
    ExecStart=[MEMSYNC] serve --db "[HOME]/100%% my $$HOME \"hub\"/memories.db" --listen "[::1]:443" --api-key-file "[HOME]/100%% my $$HOME \"hub\"/memsync-hub.api-key"
    Restart=on-failure
    RestartSec=5
    UMask=0077

    NoNewPrivileges=true
    AmbientCapabilities=CAP_NET_BIND_SERVICE
    CapabilityBoundingSet=CAP_NET_BIND_SERVICE
    ProtectSystem=strict
    ProtectHome=read-only
    ReadWritePaths="[HOME]/100%% my $HOME \"hub\""
    PrivateTmp=true
    PrivateDevices=true
    ProtectClock=true
    ProtectControlGroups=true
    ProtectHostname=true
    ProtectKernelLogs=true
    ProtectKernelModules=true
    ProtectKernelTunables=true
    LockPersonality=true
    MemoryDenyWriteExecute=true
    RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
    RestrictNamespaces=true
    RestrictRealtime=true
    RestrictSUIDSGID=true
    SystemCallArchitectures=native
    SystemCallFilter=@system-service

    [Install]
    WantedBy=multi-user.target
    "#);
    match Command::new("systemd-analyze").arg("verify").arg(&unit).output() {
        Ok(verdict) => {
            let said = String::from_utf8_lossy(&verdict.stderr).into_owned();
            let ours: Vec<_> = said.lines().filter(|line| line.contains("memsync-hub")).collect();
            assert!(verdict.status.success() && ours.is_empty(), "{said}");
        }
        Err(error) => eprintln!("skipped: there is no systemd-analyze here ({error})"),
    }
}

#[test]
fn what_cannot_be_a_server_is_explained_and_leaves_nothing_behind() {
    let environment = TestEnvironment::new();
    let machine = environment.device("homeserver");
    assert_snapshot!(init_server(&machine, &["--listen", "0.0.0.0:8000"]), @"
    exit status: 2
    ----- stderr -----
    error: 0.0.0.0:8000 can be reached from other machines, and without TLS anybody between could read the key and every memory
    hint: add `--tls`: the server gets a certificate that devices know by its SHA-256
    hint: or listen on 127.0.0.1 and let devices in by a tunnel, such as `ssh -L 8000:127.0.0.1:[PORT]`
    ");
    assert_snapshot!(init_server(&machine, &["--listen", "127.0.0.1:0"]), @"
    exit status: 2
    ----- stderr -----
    error: devices could not find a server whose port is another each time
    hint: name one: `--listen 127.0.0.1:[PORT]`
    ");
    assert_snapshot!(init_server(&machine, &["--listen", "homeserver"]), @"
    exit status: 2
    ----- stderr -----
    error: invalid value 'homeserver' for '--listen <ADDRESS:PORT>': invalid socket address syntax

    For more information, try '--help'.
    ");
    assert_snapshot!(init_server(&machine, &["http://homeserver:8000"]), @"
    exit status: 2
    ----- stderr -----
    error: the argument '--server' cannot be used with '[URL]'

    Usage: memsync init --server [URL]

    For more information, try '--help'.
    ");
    assert_eq!(files(&machine.folder), []);

    let in_the_way = machine.folder.join("file");
    fs::write(&in_the_way, "not a database, and not a folder").unwrap();
    let at = |path: &Path| init_server(&machine, &["--db", path.to_str().unwrap()]);
    assert_snapshot!(at(&in_the_way.join("memories.db")), @"
    exit status: 2
    ----- stderr -----
    error: cannot read [TMP]/homeserver/file/memsync-hub.config
      caused by: Not a directory (os error 20)
    ");
    assert_snapshot!(at(&in_the_way), @"
    exit status: 5
    ----- stderr -----
    error: [TMP]/homeserver/file is not a database of mcp-memory-service: it is not an SQLite database
    hint: say where the memories are: `memsync config core.database PATH`, or set MCP_MEMORY_SQLITE_PATH
    hint: `--db PATH` names another
    ");
    assert_snapshot!(at(&machine.folder), @"
    exit status: 5
    ----- stderr -----
    error: [TMP]/homeserver is not a database of mcp-memory-service: it is a folder
    hint: say where the memories are: `memsync config core.database PATH`, or set MCP_MEMORY_SQLITE_PATH
    hint: `--db PATH` names another
    ");
    assert_snapshot!(at(&machine.folder.join("two\nlines.db")), @"
    exit status: 2
    ----- stderr -----
    error: [TMP]/homeserver/two
      lines.db has characters that no service file can hold
    hint: `--db PATH` puts the database elsewhere
    ");
    let foreign = machine.folder.join("foreign.db");
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE songs (title TEXT)").unwrap();
    assert_snapshot!(at(&foreign), @"
    exit status: 5
    ----- stderr -----
    error: [TMP]/homeserver/foreign.db is not a database of mcp-memory-service: it has no table `memories`
    hint: say where the memories are: `memsync config core.database PATH`, or set MCP_MEMORY_SQLITE_PATH
    hint: `--db PATH` names another
    ");
    let names: Vec<_> = files(&machine.folder).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["file", "foreign.db"]);
}
