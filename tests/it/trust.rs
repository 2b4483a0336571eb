//! How a device comes by the server's key, and which certificates it accepts: against the real service.

use std::fs;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::support::scene::{Scene, server};
use crate::support::service::Options;
use crate::support::terminal::Terminal;
use crate::support::{Service, Services, Version};

#[test]
fn a_credential_helper_gives_the_key_which_is_kept_nowhere() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::morning() else { return };
    let mut device = scene.device.with_remote(&server);
    device.key = None;
    device.memsync(["init"]).success();
    let vault = scene.environment.folder("vault").join("key");
    let asked = vault.with_file_name("asked");
    let (vault_path, asked_path) = (vault.display(), asked.display());
    let helper = format!(r#"!f() {{ echo "$@" >{asked_path}; cat >>{asked_path}; cat {vault_path}; }}; f"#);
    device.memsync(["config", "remote.origin.credentialHelper", &helper]).success();

    fs::write(&vault, "quit=1\n").unwrap();
    assert_snapshot!(device.memsync(["sync"]), @"
    exit status: 4
    ----- stderr -----
    error: http://127.0.0.1:[PORT] does not let this device in: the credential helper gave no key: it knows no password for http://127.0.0.1:[PORT]
    hint: give the server's API key in the environment variable MCP_API_KEY
    hint: or keep it in a file that only you can read: `memsync config remote.origin.keyFile PATH`
    ");
    fs::write(&vault, format!("username=ada\npassword={}\n", Service::KEY)).unwrap();
    let output = device.memsync(["sync", "-vvv"]).success();
    assert_eq!(server.list().len(), 3, "{output}");
    let host = server.url().replace("http://", "");
    assert_eq!(fs::read_to_string(asked).unwrap(), format!("get\nprotocol=http\nhost={host}\n\n"));

    let listed = device.memsync(["config", "--list"]).success();
    assert!(!format!("{output}{listed}").contains(Service::KEY), "{output}{listed}");
    for path in files(&device.folder) {
        let bytes = fs::read(&path).unwrap();
        let key = Service::KEY.as_bytes();
        assert!(!bytes.windows(key.len()).any(|part| part == key), "the key is in {}", path.display());
    }
}

/// Every file below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// A device, and a server whose certificate somebody's own authority vouches for.
struct Encrypted {
    scene: Scene,
    server: Service,
    folder: PathBuf,
    _services: Services,
}

impl Encrypted {
    fn start() -> Option<Self> {
        // Made first, so that nobody waits for a seat while sitting on one.
        let mut scene = Scene::morning()?;
        let services = Services::available()?;
        let folder = scene.environment.folder("certificates");
        let certificate = Self::install_certificate(&folder);
        let options = Options { tls: Some((folder.join("server.key"), certificate)), ..Options::default() };
        let server = services.start_with(Version::V12_2_0, &scene.environment.folder("server"), options);
        scene.device = scene.device.with_remote(&server);
        scene.device.memsync(["init"]).success();
        Some(Self { scene, server, folder, _services: services })
    }

    /// Makes `authority.pem`, and `server.key` and `server.pem`, which a server takes at its next start; the
    /// path of the latter.
    fn install_certificate(folder: &Path) -> PathBuf {
        let authority = authority();
        let key = KeyPair::generate().unwrap();
        let parameters = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let certificate = parameters.signed_by(&key, &authority).unwrap();
        fs::write(folder.join("authority.pem"), authority.pem()).unwrap();
        fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
        let path = folder.join("server.pem");
        fs::write(&path, certificate.pem()).unwrap();
        fs::write(folder.join("server.der"), certificate.der()).unwrap();
        path
    }

    /// The SHA-256 of the server's certificate.
    fn fingerprint(&self) -> String {
        let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha256);
        hasher.update(&fs::read(self.folder.join("server.der")).unwrap());
        hasher.try_finalize().unwrap().to_string()
    }
}

/// An authority that nobody knows.
fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::default();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

#[test]
fn ones_own_authority_may_vouch_for_the_server() {
    let Some(encrypted) = Encrypted::start() else { return };
    let device = &encrypted.scene.device;
    let trust = |path: &Path| {
        device.memsync(["config", "remote.origin.caFile", path.to_str().unwrap()]).success();
        device.memsync(["sync"])
    };
    let another = encrypted.folder.join("another.pem");
    fs::write(&another, authority().pem()).unwrap();
    let refused = trust(&another).expect_status(4);
    assert!(refused.stderr.contains(&encrypted.fingerprint()), "{refused}");
    assert!(encrypted.server.list().is_empty());

    assert_eq!(trust(&encrypted.folder.join("authority.pem")).success().stdout, "pushed: 3 new\n");
    assert_eq!(encrypted.server.list().len(), 3);
}

#[test]
fn on_a_terminal_an_unknown_certificate_is_a_question() {
    let Some(mut encrypted) = Encrypted::start() else { return };
    let device = &encrypted.scene.device;
    let first = encrypted.fingerprint();
    let sync = |answer: &str| {
        let mut terminal = Terminal::start(device, &["sync"])?;
        let is_asked = terminal.wait_for("Trust exactly this certificate?");
        if is_asked {
            terminal.type_in(answer);
        }
        Some((is_asked, terminal.finish(device)))
    };
    let Some((is_asked, refused)) = sync("n") else { return };
    assert!(is_asked && refused.stdout.contains(&first), "{refused}");
    let _ = refused.expect_status(4);
    assert!(encrypted.server.list().is_empty());
    let _ = device.memsync(["config", "remote.origin.certificate"]).expect_status(1);

    let (_, trusted) = sync("y").unwrap();
    assert!(trusted.clone().success().stdout.ends_with("pushed: 3 new\r\n"), "{trusted}");
    assert_eq!(
        device.memsync(["config", "remote.origin.certificate"]).success().stdout,
        format!("{first}\n")
    );
    assert_eq!(encrypted.server.list().len(), 3);

    // Another certificate in its place is no question: whoever asks then may be somebody else.
    encrypted.server.stop();
    Encrypted::install_certificate(&encrypted.folder);
    encrypted.server.resume();
    let (is_asked, changed) = sync("y").unwrap();
    assert!(!is_asked, "{changed}");
    let _ = changed.expect_status(4);
}
