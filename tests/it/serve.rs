//! `memsync serve` from outside: what it refuses, who gets in, what it logs, how it ends.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};

use crate::support::environment::Device;
use crate::support::{Hub, TestEnvironment};

/// A `memsync serve` with any arguments; killed when it goes out of scope.
struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    /// Starts it on a free port of this device and waits until it listens.
    fn start(device: &Device, arguments: &[&str]) -> Self {
        let log = device.folder.join("serve.log");
        let mut command = device.command();
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stderr(File::create(&log).unwrap());
        let mut running = Self { child: command.spawn().unwrap(), log };
        running.wait_for("Listening on ");
        running
    }

    /// Waits until its log holds `text`.
    fn wait_for(&mut self, text: &str) {
        while !self.log().contains(text) {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "it has ended:\n{}", self.log());
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    fn address(&self) -> SocketAddr {
        let log = self.log();
        let (_, url) = log.split_once("Listening on ").unwrap();
        let (_, address) = url.lines().next().unwrap().split_once("://").unwrap();
        address.parse().unwrap()
    }

    /// The answer to a request with these header lines, as it came.
    fn ask(&self, request: &str, headers: &[&str]) -> String {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        let headers = headers.join("\r\n");
        let request = format!("{request} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn status(&self, request: &str, headers: &[&str]) -> u16 {
        self.ask(request, headers)["HTTP/1.1 ".len()..][..3].parse().unwrap()
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes a file that only its owner may read.
fn write_private(path: &Path, text: &str) -> String {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn others_than_this_device_are_served_only_with_a_key_and_tls() {
    let environment = TestEnvironment::new();
    let mut device = environment.device("box");
    let serve = |device: &Device, arguments: &[&str]| {
        device.memsync([&["serve", "--listen", "0.0.0.0:1"], arguments].concat()).expect_status(2)
    };
    insta::assert_snapshot!(serve(&device, &[]), @"
    exit status: 2
    ----- stderr -----
    error: listening at 0.0.0.0:1 needs an API key: everybody on the network could read and change the memories
    hint: `memsync init --server` makes a key; `--api-key-file` or MCP_API_KEY names one
    ");
    insta::assert_snapshot!(serve(&device, &["--tls", "self-signed"]).stderr, @"
    error: listening at 0.0.0.0:1 needs an API key: everybody on the network could read and change the memories
    hint: `memsync init --server` makes a key; `--api-key-file` or MCP_API_KEY names one
    ");
    device.key = Some("sesame".to_owned());
    insta::assert_snapshot!(serve(&device, &[]), @"
    exit status: 2
    ----- stderr -----
    error: listening at 0.0.0.0:1 needs TLS: everybody on the way could read the API key and the memories
    hint: add `--tls self-signed`; in a network that is encrypted already, `--insecure-no-tls`
    ");
    assert_eq!(fs::read_dir(&device.folder).unwrap().count(), 0, "nothing was made for nothing");
}

#[test]
fn what_cannot_be_served_says_what_to_do() {
    let environment = TestEnvironment::new();
    let device = environment.device("box");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = device.memsync(["serve", "--listen", &address]).expect_status(2);
    insta::assert_snapshot!(refused.stderr.replace(&address, "ADDRESS"), @"
    error: cannot listen at 127.0.0.1:[PORT]
      caused by: Address already in use (os error 98)
    hint: another program may listen there; `--listen ADDRESS` names another place
    ");

    let path = device.folder.join("notes.txt");
    fs::write(&path, "not a database, but long enough to look like something".repeat(20)).unwrap();
    let foreign = ["serve", "--listen", "127.0.0.1:0", "--db", path.to_str().unwrap()];
    insta::assert_snapshot!(device.memsync(foreign).expect_status(5).stderr, @"
    error: [TMP]/box/notes.txt is not a database of mcp-memory-service: it is not an SQLite database
    hint: say where the memories are: `memsync config core.database PATH`, or set MCP_MEMORY_SQLITE_PATH
    ");

    let missing = ["serve", "--tls-cert", "none.crt", "--tls-key", "none.key"];
    insta::assert_snapshot!(device.memsync(missing).expect_status(2).stderr, @"
    error: TLS cannot be used
      caused by: cannot read the certificate in none.crt
      caused by: I/O error: No such file or directory (os error 2)
    ");
}

#[test]
fn a_key_comes_from_the_file_that_was_named_then_the_environment_then_from_beside_the_database() {
    let environment = TestEnvironment::new();
    let mut device = environment.device("box");
    let accepts = |device: &Device, arguments: &[&str], key: &str| {
        let running = Running::start(device, arguments);
        let authorization = format!("Authorization: Bearer {key}");
        assert_eq!(running.status("GET /api/tags", &["Host: x", "X-API-Key: wrong"]), 401);
        assert_eq!(running.status("GET /api/tags", &["Host: x", &authorization]), 200, "{key}");
    };
    let beside = device.database.path().with_file_name("memsync-hub.api-key");
    write_private(&beside, "from-beside\n");
    accepts(&device, &[], "from-beside");
    device.key = Some("from-environment".to_owned());
    accepts(&device, &[], "from-environment");
    let named = write_private(&device.folder.join("named.key"), "from-file\n");
    accepts(&device, &["--api-key-file", &named], "from-file");
}

#[test]
fn a_key_file_must_be_there_be_private_and_hold_a_key() {
    let environment = TestEnvironment::new();
    let mut device = environment.device("box");
    let path = device.folder.join("key");
    let serve = |device: &Device| {
        device.memsync(["serve", "--api-key-file", path.to_str().unwrap()]).expect_status(2).stderr
    };
    insta::assert_snapshot!(serve(&device), @"error: there is no key file [TMP]/box/key");
    write_private(&path, "two words");
    insta::assert_snapshot!(serve(&device), @"
    error: [TMP]/box/key holds no API key of visible ASCII characters
    hint: put the right file back; nothing was changed
    ");
    write_private(&path, "sesame");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    insta::assert_snapshot!(serve(&device), @"
    error: others can read [TMP]/box/key (mode 640)
    hint: `chmod 600 [TMP]/box/key`
    ");
    device.key = Some("sésame".to_owned());
    insta::assert_snapshot!(device.memsync(["serve"]).expect_status(2).stderr, @"error: MCP_API_KEY is no key: at most 512 visible ASCII characters are");
}

#[test]
fn without_a_key_programs_on_this_device_are_served_and_pages_in_its_browser_are_not() {
    let environment = TestEnvironment::new();
    let running = Running::start(&environment.device("box"), &[]);
    assert!(running.log().contains("No API key"), "{}", running.log());
    let own = format!("Host: {}", running.address());
    assert_eq!(running.status("GET /api/memories", &[&own]), 200);
    assert_eq!(running.status("GET /api/memories", &["Host: rebound.example:8000"]), 403);
    assert_eq!(running.status("GET /api/memories", &[&own, "Origin: http://evil.example"]), 403);
    let preflight = ["Origin: http://evil.example", "Access-Control-Request-Method: DELETE", &own];
    let answer = running.ask("OPTIONS /api/memories/a1", &preflight);
    assert!(answer.starts_with("HTTP/1.1 405 ") && !answer.contains("access-control"), "{answer}");
}

#[test]
fn a_device_that_trusts_its_certificate_syncs_with_it() {
    let environment = TestEnvironment::new();
    let mut server = environment.device("server");
    server.key = Some("sesame".to_owned());
    let running = Running::start(&server, &["--tls", "self-signed"]);
    let log = running.log();
    let (_, fingerprint) = log.split_once("Certificate ").unwrap();
    let fingerprint = &fingerprint[..64];

    let mut device = environment.device("laptop");
    let mut at_home = Hub::start(&device.folder);
    at_home.post("Tea is at four", &["habits"]);
    at_home.stop();
    device.remote = Some(format!("https://{}", running.address()));
    device.key = server.key.clone();
    device.memsync(["init"]).success();
    let unknown = device.memsync(["sync"]).expect_status(4);
    assert!(unknown.stderr.contains(fingerprint), "{unknown}");
    device.memsync(["remote", "trust", "origin", fingerprint]).success();
    assert_eq!(device.memsync(["sync"]).success().stdout, "pushed: 1 new\n");
    assert_eq!(device.memsync(["sync"]).success().stdout, "Already up to date.\n");

    let certificate = server.database.path().with_file_name("memsync-hub.crt");
    assert_eq!(agreed_protocol(running.address(), &certificate), Some(b"h2".to_vec()));
}

/// What a client that trusts `certificate` and speaks everything agrees on with the server.
fn agreed_protocol(address: SocketAddr, certificate: &Path) -> Option<Vec<u8>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    let mut connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).unwrap();
    }
    connection.alpn_protocol().map(<[u8]>::to_vec)
}

#[test]
fn a_log_tells_of_every_request_but_not_what_was_in_it() {
    let environment = TestEnvironment::new();
    let mut device = environment.device("box");
    device.key = Some("secret-key".to_owned());
    let mut running = Running::start(&device, &["-v"]);
    let key = "X-API-Key: secret-key";
    let body = r#"{"content":"secret-text","tags":["secret-tag"],"memory_type":5}"#;
    let length = format!("Content-Length: {}", body.len());
    let json = "Content-Type: application/json";
    running.ask("GET /api/memories?tag=secret-tag&api_key=secret-key", &["Host: x", key]);
    running.ask("GET /api/memories/secret-name", &["Host: x", key]);
    running.ask("GET /secret-path", &["Host: x"]);
    running.ask("GET /api/tags", &["Host: x", "Authorization: Bearer secret-other-key"]);
    running.ask("POST /api/memories", &["Host: x", key, json, &length, "", body]);
    running.wait_for("status=422");
    let log = running.log();
    assert!(!log.contains("secret"), "{log}");
    let lines: Vec<_> =
        log.lines().filter_map(|line| line.split_once("method=")).map(|(_, line)| line).collect();
    let lines = lines.iter().map(|line| line.split(" ms=").next().unwrap()).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(lines, @r#"
    GET path="/api/memories" status=200
    GET path="/api/memories/{content_hash}" status=404
    GET path="-" status=404
    GET path="/api/tags" status=401
    POST path="/api/memories" status=422
    "#);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let environment = TestEnvironment::new();
    let device = environment.device("box");
    let mut running = Running::start(&device, &[]);
    let head = format!("POST /api/memories HTTP/1.1\r\nHost: {}\r\n", running.address());
    let mut unfinished = TcpStream::connect(running.address()).unwrap();
    let rest = "Content-Type: application/json\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    unfinished.write_all(format!("{head}{rest}").as_bytes()).unwrap();
    // Once it asks for the body it has begun with the request, and waits for its end.
    unfinished.read_exact(&mut [0; 12]).unwrap();
    running.signal("-INT");
    running.wait_for("stopping");
    running.signal("-TERM");
    assert!(running.child.wait().unwrap().success());
    assert!(running.log().contains("stopped at once"), "{}", running.log());
}
