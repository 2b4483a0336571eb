//! What goes wrong, and what memsync says then: `snapshots/errors/` holds every message with its hints and exit
//! code. Nothing is lost by any of it, and no key is ever shown or kept.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use memsync::local;
use rusqlite::Connection;

use crate::support::environment::{Device, as_nobody};
use crate::support::gallery::assert_gallery;
use crate::support::output::CommandOutput;
use crate::support::scene::{Scene, server};
use crate::support::service::Options;
use crate::support::{Hub, Service, Services, TestEnvironment, Version};

/// A key that no server knows, to look for where no key may be.
const WRONG_KEY: &str = "a-wrong-key-5f0c77";

/// The part of the gallery that one test fills.
#[derive(Default)]
struct Gallery(String);

impl Gallery {
    /// Adds what `output` says, which must end with `status`.
    #[track_caller]
    fn add(&mut self, title: &str, status: i32, output: &CommandOutput) {
        assert_eq!((output.status, output.stdout.as_str()), (Some(status), ""), "{title}: {output}");
        assert!(output.stderr.starts_with("error: "), "{title}: {output}");
        for key in [WRONG_KEY, Service::KEY] {
            assert!(!output.stderr.contains(key), "{title}: {output}");
        }
        self.0.extend([format!("===== {title}\n{}exit code {status}\n\n", output.stderr)]);
    }

    #[track_caller]
    fn check(&self, name: &str) {
        assert_gallery(&format!("errors/{name}.txt"), &self.0);
    }
}

/// A device in the evening, which had synced in the morning.
fn evening(server: &Service) -> Option<Scene> {
    let scene = Scene::synced(server)?;
    scene.evening();
    Some(scene)
}

/// A server's answer of 20 MB does not go into memory.
#[test]
fn a_full_disk_is_not_the_servers_fault() {
    let environment = TestEnvironment::new();
    let hub = Hub::start(&environment.folder("hub"));
    hub.database().execute(
        "WITH RECURSIVE numbers(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < 20)
         INSERT INTO memories (content_hash, content, tags, memory_type, metadata, created_at, updated_at)
         SELECT 'memory ' || n, n || hex(zeroblob(500000)), '', 'note', '{}', 1.5, 1.5 FROM numbers",
        [],
    );
    let device = environment.device("laptop").with_hub(&hub);
    local::prepare(device.database.path()).unwrap();
    device.memsync(["init"]).success();
    let asked = hub.log().matches("/api/sync/baseline").count();
    let output = device.command().arg("fetch").env("TMPDIR", "/no/such/folder").output();
    let output = device.output(&output.unwrap()).expect_status(5);
    insta::assert_snapshot!(output.stderr, @"
    error: cannot keep the answer of http://127.0.0.1:[PORT] in a temporary file
      caused by: No such file or directory (os error 2)
    hint: nothing is lost; see that there is room in the folder that TMPDIR names, else in /tmp
    hint: or let TMPDIR name another folder, then run the same command again
    ");
    assert_eq!(hub.log().matches("/api/sync/baseline").count(), asked + 1, "asking again is of no use");
    device.memsync(["fetch"]).success();
}

/// The cause is gone: the next sync does all there is to do.
#[track_caller]
fn recovers(device: &Device, server: &Service) {
    device.memsync(["sync"]).success();
    let held = device.database.live();
    assert_eq!(held.len(), 3);
    assert_eq!(
        held.iter().map(|row| &row.content_hash).collect::<Vec<_>>(),
        server.list().keys().collect::<Vec<_>>()
    );
    assert_eq!(device.memsync(["sync"]).success().stdout, "Already up to date.\n");
}

#[test]
fn the_server() {
    let Some(server) = server() else { return };
    let Some(mut scene) = evening(&server) else { return };
    let mut gallery = Gallery::default();
    let rows = scene.device.database.rows();
    let asked = server.requests().len();
    let (url, _) = (scene.device.remote.take(), scene.device.key.take());

    gallery.add("no server is named", 2, &scene.device.memsync(["sync"]));
    // A port that nobody listens on: the listener is gone at the end of the line.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    scene.device.remote = Some(format!("http://127.0.0.1:{port}"));
    gallery.add("the server is down", 4, &scene.device.memsync(["sync"]));
    scene.device.remote = Some("http://no-such-host.invalid:8000".to_owned());
    let unknown = scene.device.memsync(["sync"]).expect_status(4);
    assert!(unknown.stderr.starts_with("error: cannot reach http://no-such-host.invalid:8000"), "{unknown}");
    scene.device.remote = Some("memory.local:8000".to_owned());
    gallery.add("the address is none", 2, &scene.device.memsync(["sync"]));
    scene.device.remote = Some(format!("http://ada:{WRONG_KEY}@127.0.0.1:{port}"));
    gallery.add("the address holds a password", 2, &scene.device.memsync(["sync"]));
    scene.device.remote = url.as_ref().map(|url| format!("{url}/static"));
    gallery.add("the address leads to something else", 4, &scene.device.memsync(["sync"]));

    scene.device.remote.clone_from(&url);
    gallery.add("there is no key", 4, &scene.device.memsync(["sync"]));
    scene.device.key = Some(WRONG_KEY.to_owned());
    gallery.add("the key is wrong", 4, &scene.device.memsync(["sync"]));
    scene.device.key = None;
    let file = scene.device.folder.join("key");
    scene.device.memsync(["config", "remote.origin.url", url.as_ref().unwrap()]).success();
    scene.device.memsync(["config", "remote.origin.keyFile", file.to_str().unwrap()]).success();
    gallery.add("the key file is missing", 4, &scene.device.memsync(["sync"]));
    write_key(&file, Service::KEY, 0o644);
    gallery.add("others can read the key file", 4, &scene.device.memsync(["sync"]));
    write_key(&file, "", 0o600);
    gallery.add("the key file is empty", 4, &scene.device.memsync(["sync"]));
    gallery.check("server");

    assert_eq!(scene.device.database.rows(), rows);
    assert_eq!(server.writes_since(asked), [""; 0]);
    write_key(&file, Service::KEY, 0o600);
    recovers(&scene.device, &server);
    fs::remove_file(file).unwrap();
    assert_no_key(&scene);
}

fn write_key(path: &Path, key: &str, mode: u32) {
    fs::write(path, format!("{key}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Fails the test where a file of the device holds a key.
#[track_caller]
fn assert_no_key(scene: &Scene) {
    for (name, bytes) in scene.files() {
        for key in [WRONG_KEY, Service::KEY] {
            assert!(!bytes.windows(key.len()).any(|part| part == key.as_bytes()), "{key} in {name}");
        }
    }
}

#[test]
fn the_key_is_not_kept_or_shown_by_anything_that_succeeds() {
    let Some(server) = server() else { return };
    let Some(scene) = evening(&server) else { return };
    let runs: [&[&str]; 6] = [
        &["sync", "-vvv"],
        &["sync", "-vvv", "--json"],
        &["status", "-vvv"],
        &["log"],
        &["config", "-l"],
        &["remote", "-v"],
    ];
    for run in runs {
        let output = scene.device.memsync(run).success();
        assert!(!output.to_string().contains(Service::KEY), "{output}");
    }
    assert_no_key(&scene);
}

/// Certificates as the service's guide makes them: self-signed, for 127.0.0.1, and their own authorities.
#[test]
fn the_certificate() {
    let Some(scene) = Scene::morning() else { return };
    let Some(services) = Services::available() else { return };
    let folder = scene.environment.folder("certificates");
    let (key, certificate) = (folder.join("server.key"), folder.join("server.pem"));
    let first = install_certificate(&key, &certificate);
    let options = Options { tls: Some((key.clone(), certificate.clone())), ..Options::default() };
    let mut server = services.start_with(Version::V12_2_0, &scene.environment.folder("server"), options);
    let device = scene.device.with_remote(&server);
    device.memsync(["init"]).success();
    let rows = device.database.rows();
    let mut gallery = Gallery::default();
    let named = |mut output: CommandOutput, prints: &[(&str, &str)]| {
        for (sha256, name) in prints {
            output.stderr = output.stderr.replace(sha256, name);
        }
        output
    };
    let unknown = named(device.memsync(["sync"]), &[(&first, "[FIRST]")]);
    gallery.add("the certificate is unknown", 4, &unknown);
    let other = "0".repeat(64);
    device.memsync(["remote", "trust", "origin", &other]).success();
    let output = device.memsync(["sync"]);
    gallery.add(
        "the certificate is another one than was trusted",
        4,
        &named(output, &[(&first, "[FIRST]"), (&other, "[TRUSTED]")]),
    );
    assert!(server.list().is_empty());

    device.memsync(["remote", "trust", "origin", &first]).success();
    assert_eq!(device.memsync(["sync"]).success().stdout, "pushed: 3 new\n");
    server.stop();
    let second = install_certificate(&key, &certificate);
    server.resume();
    let output = device.memsync(["sync"]);
    gallery.add(
        "the certificate has changed",
        4,
        &named(output, &[(&first, "[FIRST]"), (&second, "[SECOND]")]),
    );
    gallery.check("certificate");
    assert_eq!(device.database.rows(), rows);
    device.memsync(["remote", "trust", "origin", &second]).success();
    assert_eq!(device.memsync(["sync"]).success().stdout, "Already up to date.\n");
}

/// Makes a key and a certificate and puts them where a server will look at its next start; the certificate's SHA-256.
fn install_certificate(key: &Path, certificate: &Path) -> String {
    let mut parameters = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let pair = rcgen::KeyPair::generate().unwrap();
    let made = parameters.self_signed(&pair).unwrap();
    fs::write(key, pair.serialize_pem()).unwrap();
    fs::write(certificate, made.pem()).unwrap();
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha256);
    hasher.update(made.der());
    hasher.try_finalize().unwrap().to_string()
}

#[test]
fn the_memories() {
    let Some(server) = server() else { return };
    let Some(scene) = evening(&server) else { return };
    let mut gallery = Gallery::default();
    let asked = server.requests().len();
    let path = scene.device.database.path().to_owned();
    let memories = fs::read(&path).unwrap();

    fs::remove_file(&path).unwrap();
    gallery.add("there is no database", 5, &scene.device.memsync(["sync"]));
    assert!(!path.exists(), "none is made");
    let other = scene.environment.folder("other").join("notes.db");
    Connection::open(&other).unwrap().execute("CREATE TABLE notes(text)", []).unwrap();
    let strangers: [(&str, Vec<u8>); 3] = [
        ("the database holds no memories", fs::read(other).unwrap()),
        ("the file is no database", b"no database at all, but long enough to be one".repeat(200)),
        ("the file is empty", Vec::new()),
    ];
    for (title, stranger) in strangers {
        fs::write(&path, &stranger).unwrap();
        gallery.add(title, 5, &scene.device.memsync(["sync"]));
        assert_eq!(fs::read(&path).unwrap(), stranger, "it is not touched");
        let _ = (fs::remove_file(beside(&path, "-wal")), fs::remove_file(beside(&path, "-shm")));
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    gallery.add("the database is a folder", 5, &scene.device.memsync(["sync"]));
    fs::remove_dir(&path).unwrap();
    // Only the first page is whole.
    let mut damaged = memories.clone();
    damaged[4_096..].fill(0x5a);
    fs::write(&path, &damaged).unwrap();
    let output = scene.device.memsync(["sync"]);
    gallery.add("the database is damaged", 5, &output);
    let _ = (fs::remove_file(beside(&path, "-wal")), fs::remove_file(beside(&path, "-shm")));
    gallery.check("memories");

    assert_eq!(server.writes_since(asked), [""; 0]);
    fs::write(&path, memories).unwrap();
    recovers(&scene.device, &server);
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

#[test]
fn a_database_that_cannot_be_written() {
    let Some(server) = server() else { return };
    let Some(scene) = evening(&server) else { return };
    server.note("The server thought of this", &["server"]);
    let path = scene.device.database.path();
    fs::set_permissions(path, fs::Permissions::from_mode(0o444)).unwrap();
    let Some(nobody) = as_nobody(&scene.device) else { return };
    let Ok(output) = nobody(&["sync"]).output() else { return };
    let output = scene.device.output(&output);
    insta::assert_snapshot!(output, @"
    exit status: 5
    ----- stderr -----
    error: cannot write [TMP]/laptop/sqlite_vec.db
      caused by: Error code 8: attempt to write a readonly database
    hint: nothing is lost; see to free space and permissions, then run the same command again
    ");
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    scene.device.memsync(["sync"]).success();
    assert_eq!(scene.device.database.live().len(), 4);
}

#[test]
fn the_staging_database() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::morning() else { return };
    let device = scene.device.with_remote(&server);
    let mut gallery = Gallery::default();
    for command in ["sync", "status", "diff", "stash", "fetch", "pull", "apply", "push", "log", "show"] {
        let output = device.memsync([command]).expect_status(128);
        if command == "sync" {
            gallery.add("memsync init was not run", 128, &output);
        }
    }
    let _ = device.memsync(["checkout", "--ours", "--all"]).expect_status(128);
    assert!(!device.staging.exists());
    device.memsync(["init"]).success();
    device.memsync(["sync"]).success();

    let whole = fs::read(&device.staging).unwrap();
    let elsewhere = TestEnvironment::new();
    let notes = elsewhere.folder("other").join("notes.db");
    Connection::open(&notes).unwrap().execute("CREATE TABLE notes(text)", []).unwrap();
    let header: Vec<u8> = [&[b'x'; 1_000], &whole[1_000..]].concat();
    let half: Vec<u8> = [&whole[..8_192], &vec![0x5a; whole.len() - 8_192]].concat();
    for (title, bytes) in [
        ("the staging database is another program's", fs::read(&notes).unwrap()),
        ("the staging database has lost its beginning", header),
        ("the staging database is damaged", half),
    ] {
        fs::write(&device.staging, &bytes).unwrap();
        gallery.add(title, 5, &device.memsync(["sync"]));
        let _ = (
            fs::remove_file(beside(&device.staging, "-wal")),
            fs::remove_file(beside(&device.staging, "-shm")),
        );
    }
    fs::write(&device.staging, &whole).unwrap();
    let version = |version: i64| {
        Connection::open(&device.staging).unwrap().pragma_update(None, "user_version", version).unwrap();
    };
    let before: i64 = Connection::open(&device.staging)
        .unwrap()
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    version(9_999);
    gallery.add("the staging database is newer than the program", 5, &device.memsync(["sync"]));
    gallery.add("the staging database is newer, and init is run again", 5, &device.memsync(["init"]));
    version(before);
    gallery.check("staging");
    assert_eq!(device.memsync(["sync"]).success().stdout, "Already up to date.\n");
}

#[test]
fn another_memsync_at_work_is_named_and_its_end_frees_the_staging_database() {
    let Some(mut scene) = Scene::morning() else { return };
    // A server that takes a question and never answers it keeps the first memsync at work.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    scene.device.remote = Some(format!("http://{}", listener.local_addr().unwrap()));
    scene.device.memsync(["init"]).success();
    let mut command = scene.device.command();
    let mut first = command.arg("fetch").stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (mut connection, _) = listener.accept().unwrap();
    connection.read_exact(&mut [0]).unwrap();
    let pid = first.id().to_string();
    let mut second = scene.device.memsync(["stash"]);
    second.stderr = second.stderr.replace(&pid, "[PID]");
    let looking = scene.device.memsync(["status", "--porcelain"]);
    first.kill().unwrap();
    first.wait().unwrap();
    insta::assert_snapshot!(second, @"
    exit status: 5
    ----- stderr -----
    error: [TMP]/laptop/staging.db is in use by `memsync fetch` (process [PID], since 2025-01-02T03:04:05Z)
    hint: wait until it is done; if it hangs, ending it loses nothing
    ");
    assert_eq!(looking.success().stdout.lines().count(), 3, "who only looks does not wait");
    scene.device.memsync(["stash"]).success();
}

#[test]
fn a_disk_that_takes_no_more() {
    let Some(server) = server() else { return };
    let Some(scene) = evening(&server) else { return };
    // Text that does not compress, more of it than fits below the limit.
    let digits = |n: u64| format!("{:016x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let text = (0..40_000).map(digits).collect::<Vec<_>>().concat();
    for part in 0..4 {
        server.note(&format!("{part} {}", &text[part * 150_000..(part + 1) * 150_000]), &["large"]);
    }
    let rows = scene.device.database.rows();
    let size = fs::metadata(&scene.device.staging).unwrap().len() / 512 + 64;
    let memsync = scene.device.command();
    let mut command = Command::new("sh");
    // A file that reaches the limit answers with an error where the signal is ignored, as a full disk does.
    command
        .args(["-c", &format!("trap '' XFSZ; ulimit -f {size}; exec \"$0\" sync")])
        .arg(memsync.get_program());
    command.env_clear().current_dir(&scene.device.folder);
    command.envs(memsync.get_envs().filter_map(|(name, value)| Some((name, value?))));
    insta::assert_snapshot!(scene.device.output(&command.output().unwrap()), @"
    exit status: 5
    ----- stderr -----
    error: [TMP]/laptop/staging.db: SQLite failed
      caused by: Error code 778: disk I/O error
    hint: run the command again; nothing is lost
    ");
    assert_eq!(scene.device.database.rows(), rows);
    assert_eq!(server.list().len(), 7, "what the device would change there, it has not yet");
    scene.device.memsync(["sync"]).success();
    assert_eq!(scene.device.database.live().len(), 7);
    scene.device.database.check();
}
