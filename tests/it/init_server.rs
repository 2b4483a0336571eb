//! `memsync init --server`: prepare the central server, and the devices by the lines that it prints.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use insta::assert_snapshot;

use crate::support::environment::Device;
use crate::support::output::CommandOutput;
use crate::support::scene::Scene;
use crate::support::{Database, TestEnvironment};

/// Runs `memsync init --server` with more arguments on `machine`, where the service's database is nowhere in particular.
fn init_server(machine: &Device, arguments: &[&str]) -> CommandOutput {
    let mut command = machine.command();
    command.env_remove("MCP_MEMORY_SQLITE_PATH").args(["init", "--server"]).args(arguments);
    let output = machine.output(&command.output().unwrap());
    let replace = |text: &str| with_fingerprint(&text.replace(env!("CARGO_BIN_EXE_memsync"), "[MEMSYNC]"));
    CommandOutput { stdout: replace(&output.stdout), stderr: replace(&output.stderr), ..output }
}

/// Replaces each word that is a SHA-256.
fn with_fingerprint(text: &str) -> String {
    let is_sha256 = |word: &&str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(is_sha256).fold(text.to_owned(), |text, word| text.replace(word, "[SHA256]"))
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

    To install it as a service, which starts with this machine:
      sudo install -m 644 [TMP]/homeserver/.local/share/mcp-memory/memsync-hub.service /etc/systemd/system/
      sudo systemctl daemon-reload
      sudo systemctl enable memsync-hub
      sudo systemctl restart memsync-hub

    To sync with it, on this machine alone:
    hint: add `--listen 0.0.0.0:8443 --tls` to let other devices reach it
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

    To install it as a service, which starts with this machine:
      sudo install -m 644 '[TMP]/homeserver/my hub/memsync-hub.service' /etc/systemd/system/
      sudo systemctl daemon-reload
      sudo systemctl enable memsync-hub
      sudo systemctl restart memsync-hub

    To sync with it, on each device:
    hint: where a device does not find it by that name, its address or NAME.local will do as well
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
    LimitNOFILE=2048

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
    hint: `--db PATH` names another
    ");
    assert_snapshot!(at(&machine.folder), @"
    exit status: 5
    ----- stderr -----
    error: [TMP]/homeserver is not a database of mcp-memory-service: it is a folder
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
    hint: `--db PATH` names another
    ");
    #[cfg(target_os = "linux")]
    assert_snapshot!(at(Path::new("/proc/hub/memories.db")), @"
    exit status: 2
    ----- stderr -----
    error: cannot write /proc/hub
      caused by: No such file or directory (os error 2)
    hint: `--db PATH` puts the database, and the files beside it, elsewhere
    ");
    let names: Vec<_> = files(&machine.folder).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["file", "foreign.db"]);
}

#[test]
fn a_key_or_a_certificate_that_is_no_good_any_more_is_not_replaced() {
    let environment = TestEnvironment::new();
    let machine = environment.device("homeserver");
    let folder = machine.folder.join("hub");
    let db = folder.join("memories.db");
    let again = || {
        let output = init_server(&machine, &["--db", db.to_str().unwrap(), "--tls"]);
        let told = output.stderr.lines().filter(|line| !line.starts_with("Kept"));
        format!("{}\nexit {:?}", told.collect::<Vec<_>>().join("\n"), output.status)
    };
    again();
    let key = folder.join("memsync-hub.api-key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert_snapshot!(again(), @"
    error: others can read [TMP]/homeserver/hub/memsync-hub.api-key (mode 644)
    hint: `chmod 600 [TMP]/homeserver/hub/memsync-hub.api-key`
    exit Some(2)
    ");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&key, "").unwrap();
    assert_snapshot!(again(), @"
    error: [TMP]/homeserver/hub/memsync-hub.api-key holds no API key of visible ASCII characters
    hint: put the right file back; nothing was changed
    exit Some(2)
    ");
    fs::write(&key, "chosen-by-hand\n").unwrap();
    fs::remove_file(folder.join("memsync-hub.key")).unwrap();
    assert_snapshot!(again(), @"
    error: the certificate [TMP]/homeserver/hub/memsync-hub.crt is there, but not its private key [TMP]/homeserver/hub/memsync-hub.key
    hint: put the key back; or remove the certificate to have another made, which every device must then trust
    exit Some(2)
    ");
    assert_eq!(fs::read_to_string(&key).unwrap(), "chosen-by-hand\n");
}

/// The server, started by the line that was printed; killed at the end.
struct Running(Child);

impl Running {
    fn start(line: &str, machine: &Device, programs: &Path) -> Self {
        let log = machine.folder.join("log");
        let mut command = shell(&format!("exec {line}"), machine, programs);
        let mut running = Self(command.stderr(File::create(&log).unwrap()).spawn().unwrap());
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            let said = fs::read_to_string(&log).unwrap();
            if said.contains("Listening on https://") {
                return running;
            }
            let has_ended = running.0.try_wait().unwrap().is_some();
            assert!(!has_ended && Instant::now() < deadline, "it does not start:\n{said}");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A line as somebody types it on `device`, who has `memsync` and `scp` in `programs`.
fn shell(line: &str, device: &Device, programs: &Path) -> Command {
    let mut command = Command::new("sh");
    command.env_clear().current_dir(&device.folder).args(["-c", line]);
    for (name, value) in device.command().get_envs() {
        command.envs(value.map(|value| (name, value)));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = [programs.to_owned()].into_iter().chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(folders).unwrap());
    command
}

/// `memsync`, and an `scp` that finds every host on this machine.
fn programs(environment: &TestEnvironment) -> PathBuf {
    let folder = environment.folder("bin");
    symlink(env!("CARGO_BIN_EXE_memsync"), folder.join("memsync")).unwrap();
    let scp = folder.join("scp");
    fs::write(&scp, "#!/bin/sh\n[ \"$1\" = -p ] && exec cp -p \"${2#localhost:}\" \"$3\"\n").unwrap();
    fs::set_permissions(&scp, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// A port that the system gives to nobody who does not ask for it.
fn port() -> u16 {
    let first = u16::try_from(std::process::id() % 10_000).unwrap();
    let mut ports = (0..10_000).map(|number| 20_000 + (first + number) % 10_000);
    ports.find(|port| TcpListener::bind(("0.0.0.0", *port)).is_ok()).unwrap()
}

#[test]
fn a_device_set_up_by_the_printed_line_syncs_with_the_server_started_by_the_other() {
    let Some(scene) = Scene::morning() else { return };
    let programs = programs(&scene.environment);
    let machine = scene.environment.device("localhost");
    let folder = machine.folder.join("the hub");
    let hub = Database::in_folder(&folder);
    let mut command = machine.command();
    command.args(["init", "--server", "--tls", "--listen", &format!("0.0.0.0:{}", port()), "--db"]);
    let said = command.arg(hub.path()).output().unwrap();
    let talk = String::from_utf8(said.stderr).unwrap();
    let serve = talk
        .lines()
        .find_map(|line| line.strip_prefix("  ").filter(|line| line.starts_with("memsync serve ")));
    let _running = Running::start(serve.unwrap(), &machine, &programs);

    let line = String::from_utf8(said.stdout).unwrap();
    let initialised = scene.device.output(&shell(&line, &scene.device, &programs).output().unwrap());
    assert_snapshot!(initialised.success(), @"
    exit status: 0
    ----- stderr -----
    Initialised staging database [TMP]/laptop/staging.db
    Memories: [TMP]/laptop/sqlite_vec.db (hash vectors)
    Remote origin: https://localhost:[PORT]/
    hint: `memsync sync` does the first sync, `memsync sync --dry-run` shows what it would do
    ");
    assert_eq!(scene.device.memsync(["sync"]).success().stdout, "pushed: 3 new\n");
    assert_eq!(hub.live().len(), 3);
    assert_eq!(scene.device.memsync(["sync"]).success().stdout, "Already up to date.\n");

    let copied = fs::metadata(scene.device.folder.join(".memsync-localhost.key")).unwrap();
    assert_eq!(copied.permissions().mode() & 0o777, 0o600);
    let settings = scene.device.memsync(["config", "--list"]).success();
    assert_snapshot!(with_fingerprint(&settings.stdout), @"
    remote.origin.url=https://localhost:[PORT]/
    remote.origin.keyFile=[TMP]/laptop/.memsync-localhost.key
    remote.origin.certificate=[SHA256]
    ");
}
