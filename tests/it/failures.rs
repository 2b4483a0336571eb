//! What goes wrong around memsync: each ends with its exit code and a word on what to do, loses nothing, and
//! is over once its cause is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::support::environment::Device;
use crate::support::output::CommandOutput;
use crate::support::service::Options;
use crate::support::{Service, Services, TestEnvironment, Version};

/// A device and a server that have synced once, and then a memory more on the device.
struct Scene {
    device: Device,
    server: Service,
    environment: TestEnvironment,
    _services: Services,
}

impl Scene {
    fn start() -> Option<Self> {
        Self::start_with(Options::default())
    }

    #[track_caller]
    fn start_with(options: Options) -> Option<Self> {
        let services = Services::available()?;
        let environment = TestEnvironment::new();
        let mut author = services.start(Version::V12_2_0, &environment.folder("laptop"));
        author.post("Known to both", &["old"]);
        let server = services.start_with(Version::V12_2_0, &environment.folder("server"), options);
        let device = environment.device("laptop").with_remote(&server);
        if device.remote.as_ref().is_some_and(|url| url.starts_with("http:")) {
            device.memsync(["init"]).success();
            device.memsync(["sync"]).success();
        }
        author.post("Known to the device", &["new"]);
        author.stop();
        device.database.settle();
        Some(Self { device, server, environment, _services: services })
    }

    /// Runs a sync that must end with `status`, say something on stderr, and leave the memories alone.
    #[track_caller]
    fn fails(&self, status: i32) -> CommandOutput {
        let before = self.device.database.rows();
        let output = self.device.memsync(["sync"]).expect_status(status);
        assert_ne!(output.stderr, "");
        assert_eq!(self.device.database.rows(), before);
        output
    }

    /// Syncs and finds everything on both sides.
    #[track_caller]
    fn recovers(&self) {
        self.device.memsync(["sync"]).success();
        assert_eq!(self.server.list().len(), self.device.database.live().len());
        assert!(self.server.list().values().any(|memory| memory["content"] == "Known to the device"));
    }
}

#[test]
fn a_server_that_is_down_is_unreachable() {
    let Some(mut scene) = Scene::start() else { return };
    scene.server.stop();
    scene.fails(4);
    scene.server.resume();
    scene.recovers();
}

#[test]
fn a_wrong_key_is_refused_and_never_shown() {
    let Some(mut scene) = Scene::start() else { return };
    let right = scene.device.key.replace("a-wrong-key-5f0c".to_owned());
    assert!(!scene.fails(4).to_string().contains("a-wrong-key-5f0c"));
    scene.device.key = None;
    scene.fails(4);
    scene.device.key = right;
    scene.recovers();
}

#[test]
fn an_unknown_certificate_is_trusted_by_hand_and_a_changed_one_refused() {
    let environment = TestEnvironment::new();
    let folder = environment.folder("certificates");
    let (first, second) = (Certificate::generate(&folder, "first"), Certificate::generate(&folder, "second"));
    let (key, certificate) = (folder.join("server.key"), folder.join("server.pem"));
    first.install(&key, &certificate);
    let tls = Some((key.clone(), certificate.clone()));
    let Some(mut scene) = Scene::start_with(Options { tls, ..Options::default() }) else { return };

    let _ = scene.device.memsync(["init"]);
    assert!(scene.fails(4).stderr.contains(&first.sha256), "the certificate is shown");
    scene.device.memsync(["remote", "trust", "origin", &first.sha256]).success();
    scene.recovers();

    scene.server.stop();
    second.install(&key, &certificate);
    scene.server.resume();
    let output = scene.fails(4);
    assert!(output.stderr.contains("CHANGED") && output.stderr.contains(&second.sha256), "{output}");
    scene.device.memsync(["remote", "trust", "origin", &second.sha256]).success();
    scene.recovers();
}

#[test]
fn a_missing_database_is_named_and_never_made() {
    let Some(scene) = Scene::start() else { return };
    let path = scene.device.database.path().to_owned();
    let aside = path.with_extension("aside");
    fs::rename(&path, &aside).unwrap();
    let output = scene.device.memsync(["sync"]).expect_status(5);
    assert!(output.stderr.contains("[TMP]/laptop/sqlite_vec.db"), "{output}");
    assert!(!path.exists());
    assert_eq!(scene.server.list().len(), 1, "what is missing is not deleted");
    fs::rename(&aside, &path).unwrap();
    scene.recovers();
}

#[test]
fn a_file_that_is_no_memory_database_is_left_alone() {
    let Some(scene) = Scene::start() else { return };
    let path = scene.device.database.path().to_owned();
    let memories = fs::read(&path).unwrap();
    let other = scene.environment.folder("other").join("sqlite.db");
    rusqlite::Connection::open(&other).unwrap().execute("CREATE TABLE notes(text)", []).unwrap();
    for stranger in [fs::read(other).unwrap(), b"no database at all, but long enough to be one".repeat(200)] {
        fs::write(&path, &stranger).unwrap();
        let output = scene.device.memsync(["sync"]).expect_status(5);
        assert_ne!(output.stderr, "");
        assert_eq!(fs::read(&path).unwrap(), stranger);
    }
    fs::write(&path, memories).unwrap();
    scene.recovers();
}

#[test]
fn a_damaged_staging_database_stops_before_any_effect() {
    let Some(scene) = Scene::start() else { return };
    let staging = fs::read(&scene.device.staging).unwrap();
    let mut damaged = staging.clone();
    damaged[..1_000].fill(b'x');
    fs::write(&scene.device.staging, &damaged).unwrap();
    scene.fails(5);
    assert_eq!(scene.server.list().len(), 1);
    fs::write(&scene.device.staging, staging).unwrap();
    scene.recovers();
}

#[test]
fn a_staging_database_of_a_later_program_is_not_touched() {
    let Some(scene) = Scene::start() else { return };
    let set_version = |version: i64| {
        let staging = rusqlite::Connection::open(&scene.device.staging).unwrap();
        let before = staging.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        staging.pragma_update(None, "user_version", version).unwrap();
        before
    };
    let before: i64 = set_version(9_999);
    scene.fails(5);
    assert_eq!(set_version(before), 9_999);
    scene.recovers();
}

#[cfg(unix)]
#[test]
fn a_disk_that_takes_no_more_loses_nothing() {
    let Some(scene) = Scene::start() else { return };
    // Text that does not compress, in memories that together do not fit below the limit.
    for n in 0..20 {
        let digits: String = (0..1_500).map(|at| sha256(format!("{n} {at}").as_bytes())).collect();
        scene.server.post_json(&json!({ "content": digits, "tags": ["large"] }));
    }
    let before = scene.device.database.rows();
    let mut command = Command::new("sh");
    let memsync = scene.device.command();
    // A file that reaches the limit answers with an error where the signal is ignored, as a full disk does.
    command.args(["-c", "trap '' XFSZ; ulimit -f 1024; exec \"$0\" sync"]).arg(memsync.get_program());
    command.env_clear().current_dir(&scene.device.folder);
    command.envs(memsync.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = scene.device.output(&command.output().unwrap());
    assert!(matches!(output.status, Some(5 | 6)), "{output}");
    assert_ne!(output.stderr, "");
    let after = scene.device.database.rows();
    assert!(before.iter().all(|row| after.contains(row)), "{output}");
    assert_eq!(scene.server.list().values().filter(|memory| memory["tags"] == json!(["large"])).count(), 20);
    scene.recovers();
}

/// A certificate as the service's guide makes them: self-signed, for 127.0.0.1, and its own authority.
struct Certificate {
    key: PathBuf,
    chain: PathBuf,
    sha256: String,
}

impl Certificate {
    fn generate(folder: &Path, name: &str) -> Self {
        let mut parameters = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let pair = rcgen::KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&pair).unwrap();
        let made = Self {
            key: folder.join(format!("{name}.key")),
            chain: folder.join(format!("{name}.pem")),
            sha256: sha256(certificate.der()),
        };
        fs::write(&made.key, pair.serialize_pem()).unwrap();
        fs::write(&made.chain, certificate.pem()).unwrap();
        made
    }

    /// Puts it where a server will look at its next start.
    fn install(&self, key: &Path, certificate: &Path) {
        fs::copy(&self.key, key).unwrap();
        fs::copy(&self.chain, certificate).unwrap();
    }
}

fn sha256(bytes: &[u8]) -> String {
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha256);
    hasher.update(bytes);
    hasher.try_finalize().unwrap().to_string()
}
