//! `memsync digest`: one code for the synced contents.

use std::path::Path;

use insta::assert_snapshot;
use memsync::local::prepare;
use serde_json::json;

use crate::support::Version::{V10_20_6, V12_2_0};
use crate::support::client::Client;
use crate::support::environment::Device;
use crate::support::hub::Hub;
use crate::support::{Database, Service, Services, TestEnvironment};

/// Two devices without memories and without services, and what they sync with.
struct Desk {
    environment: TestEnvironment,
    devices: [Device; 2],
}

impl Desk {
    fn new(environment: TestEnvironment, remote: &str) -> Self {
        let devices = ["laptop", "desktop"].map(|name| {
            let mut device = environment.device(name);
            device.remote = Some(remote.to_owned());
            device.key = Some(Service::KEY.to_owned());
            prepare(device.database.path()).unwrap();
            device.memsync(["init"]).success();
            device
        });
        Self { environment, devices }
    }

    fn sync(&self) {
        for device in self.devices.iter().chain(&self.devices) {
            device.memsync(["sync"]).success();
        }
    }

    /// Fails the test unless the code is the same on both devices, of what was fetched, and of the server's file.
    #[track_caller]
    fn code(&self, file: &Path) -> String {
        self.sync();
        let [laptop, desktop] = &self.devices;
        let code = laptop.memsync(["digest"]).success().stdout;
        assert_eq!(desktop.memsync(["digest"]).success().stdout, code, "the other device");
        assert_eq!(laptop.memsync(["digest", "origin"]).success().stdout, code, "as fetched");
        let of_file = self.environment.device("elsewhere").memsync([
            "digest".as_ref(),
            "--db".as_ref(),
            file.as_os_str(),
        ]);
        assert_eq!(of_file.success().stdout, code, "the file");
        code
    }
}

/// Memories that a server rewrites, and rows that it never wrote.
fn odd_memories(server: &Client, database: &Database, has_stores: bool) {
    server.post_json(
        &json!({ "content": "Odd tags and type", "tags": ["Home", " a,b "], "memory_type": "my-own" }),
    );
    server.post_json(&json!({ "content": "Bare" }));
    server.post_json(&json!({ "content": "Deep", "tags": ["x"], "memory_type": "Decision",
        "metadata": { "n": 1.50, "null": null, "deep": { "null": null }, "quality_score": 0.5 } }));
    let insert =
        "INSERT INTO memories (content_hash, content, tags, memory_type, metadata, created_at, updated_at)
                  VALUES (?1, '  odd  ', ?2, ?3, ?4, 1735689600.123456, 1735689600.0)";
    let rows = [
        ("aa01", Some("B C,  d "), Some("weird"), "{}"),
        ("aa02", None, None, r#"{"a":null,"b":{"c":null,"z":1.0}}"#),
        ("aa03", Some(""), Some("note"), "{}"),
        ("aa04", Some("x"), Some("Note "), r#"{"tags":["k"],"access_count":3}"#),
    ];
    for (key, tags, memory_type, metadata) in rows {
        database.execute(insert, rusqlite::params![key, tags, memory_type, metadata]);
    }
    // The baseline of 12.2.0 fails on these.
    if !has_stores {
        database.execute(insert, rusqlite::params!["aa05", "x", "note", "no JSON"]);
        database.execute(insert, rusqlite::params!["aa06", "x", "note", "[1]"]);
    }
}

#[test]
fn the_code_is_the_same_wherever_the_same_is_held() {
    let Some(services) = Services::available() else { return };
    for version in [V12_2_0, V10_20_6] {
        let environment = TestEnvironment::new();
        let server = services.start(version, &environment.folder("server"));
        let desk = Desk::new(environment, &server.url());
        odd_memories(&server, &server.database(), version == V12_2_0);
        let code = desk.code(server.database().path());
        desk.devices[1]
            .database
            .execute("UPDATE memories SET tags = 'changed' WHERE content_hash = 'aa03'", []);
        assert_ne!(desk.code(server.database().path()), code, "{version:?}");
    }
}

#[test]
fn the_hub_and_a_file_have_the_code_of_their_devices() {
    let environment = TestEnvironment::new();
    let server = Hub::start(&environment.folder("server"));
    let desk = Desk::new(environment, &server.url());
    odd_memories(&server, &server.database(), false);
    let code = desk.code(server.database().path());

    let environment = TestEnvironment::new();
    let file = environment.folder("stick").join("sqlite_vec.db");
    std::fs::copy(server.database().path(), &file).unwrap();
    server.database().settle();
    std::fs::copy(server.database().path(), &file).unwrap();
    let desk = Desk::new(environment, &file.display().to_string());
    assert_eq!(desk.code(&file), code);
}

#[test]
fn a_difference_is_narrowed_down_digit_by_digit() {
    let environment = TestEnvironment::new();
    let stick = environment.folder("stick").join("sqlite_vec.db");
    let desk = Desk::new(environment, &stick.display().to_string());
    let [laptop, desktop] = &desk.devices;
    assert_snapshot!(laptop.memsync(["digest"]), @"
    exit status: 2
    ----- stderr -----
    error: there is no sync with 'origin' yet
    hint: `memsync sync` makes the first one
    ");
    for number in 0..100 {
        let key = format!("{:064x}", number * 41 % 256 + (1_u64 << 40));
        let insert = "INSERT INTO memories (content_hash, content, tags, memory_type, metadata, created_at, updated_at)
                      VALUES (?1, ?1, 'x', 'note', '{}', 1735689600.0, 1735689600.0)";
        laptop.database.execute(insert, [&key]);
    }
    desk.code(&stick);
    let zeros = "0".repeat(53) + "10000000000";
    let tree = |device: &Device, prefix: &str| device.memsync(["digest", "--tree", prefix]).success().stdout;
    assert_snapshot!(tree(laptop, &zeros[..62]), @"
    000000000000000000000000000000000000000000000000000001000000000  7dfbe928aca3b7f2  8 memories
    000000000000000000000000000000000000000000000000000001000000001  75c01c1b38fb1a1f  5 memories
    000000000000000000000000000000000000000000000000000001000000002  c8ac31f44f12b400  7 memories
    000000000000000000000000000000000000000000000000000001000000003  d95e1ed2bda7ea1b  6 memories
    000000000000000000000000000000000000000000000000000001000000004  44b3dfdb662bfdab  6 memories
    000000000000000000000000000000000000000000000000000001000000005  a7cf1ec2b1cb7c1b  7 memories
    000000000000000000000000000000000000000000000000000001000000006  860f968f6e57d5bf  5 memories
    000000000000000000000000000000000000000000000000000001000000007  38252f43cdb8bb2f  8 memories
    000000000000000000000000000000000000000000000000000001000000008  702366a1b3880688  4 memories
    000000000000000000000000000000000000000000000000000001000000009  b26c43a56f515cb1  8 memories
    00000000000000000000000000000000000000000000000000000100000000a  ac79af4960bec334  5 memories
    00000000000000000000000000000000000000000000000000000100000000b  4f765afa8ef25b88  7 memories
    00000000000000000000000000000000000000000000000000000100000000c  87bdac993ec965ff  7 memories
    00000000000000000000000000000000000000000000000000000100000000d  41ff985b7ba2ed82  5 memories
    00000000000000000000000000000000000000000000000000000100000000e  1f22c4c69d78364c  8 memories
    00000000000000000000000000000000000000000000000000000100000000f  cc8c7002d711620c  4 memories
    ");
    assert_snapshot!(tree(laptop, &zeros[..63]), @"
    0000000000000000000000000000000000000000000000000000010000000000  f533645eb29c3c18
    0000000000000000000000000000000000000000000000000000010000000001  513cbe4ff413c4bc
    0000000000000000000000000000000000000000000000000000010000000002  0ac36354f4ddca4d
    0000000000000000000000000000000000000000000000000000010000000003  2d27ec20e064c7ff
    000000000000000000000000000000000000000000000000000001000000000b  ef9144dfdb196b7b
    000000000000000000000000000000000000000000000000000001000000000c  18f73b417d308774
    000000000000000000000000000000000000000000000000000001000000000d  e7bb3b9943716370
    000000000000000000000000000000000000000000000000000001000000000e  f300a56846502466
    ");
    desktop
        .database
        .execute("UPDATE memories SET tags = 'y' WHERE content_hash = ?1", [format!("{zeros:.63}2")]);
    desktop.memsync(["sync"]).success();
    for length in [0, 1, 62, 63] {
        let (ours, theirs) = (tree(laptop, &zeros[..length]), tree(desktop, &zeros[..length]));
        let differing = ours.lines().zip(theirs.lines()).filter(|(one, other)| one != other).count();
        assert_eq!(differing, 1, "{ours}{theirs}");
    }
    assert_snapshot!(laptop.memsync(["digest", "--tree", "XYZ"]), @"
    exit status: 2
    ----- stderr -----
    error: --tree takes the first digits of hashes, in small letters
    ");
}

#[test]
fn what_was_pushed_is_known_of_the_server_at_once() {
    let environment = TestEnvironment::new();
    let device = environment.device("laptop");
    environment.folder("server");
    prepare(device.database.path()).unwrap();
    device.memsync(["init", "../server/sqlite_vec.db"]).success();
    let insert = "INSERT INTO memories (content_hash, content, tags, memory_type, metadata, created_at)
                  VALUES (?1, 'Tea', '', 'note', '{}', 1735689600.0)";
    for key in ["aa01", "aa02"] {
        device.database.execute(insert, [key]);
        device.memsync(["sync"]).success();
        let code = |name| device.memsync(["digest", name]).success().stdout;
        assert_eq!(code("origin"), code("HEAD"), "after {key}");
    }
}
