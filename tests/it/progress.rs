//! Progress bars: for a person at a terminal who has to wait, and for nobody else.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::environment::Device;
use crate::support::scene::{Scene, server};
use crate::support::terminal::Terminal;

/// Work shorter than this shows no progress.
const PATIENCE: Duration = Duration::from_millis(250);

/// A server that takes a question and never answers it.
struct Silent(TcpListener);

impl Silent {
    /// Lets the device talk to it.
    fn of(device: &mut Device) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        device.remote = Some(format!("http://{}", listener.local_addr().unwrap()));
        device.memsync(["init"]).success();
        Self(listener)
    }

    /// Waits until it is asked; the question stays open as long as what is returned.
    fn asked(&self) -> TcpStream {
        let (mut connection, _) = self.0.accept().unwrap();
        connection.read_exact(&mut [0]).unwrap();
        connection
    }
}

#[test]
fn who_waits_at_a_terminal_sees_what_for() {
    let Some(mut scene) = Scene::morning() else { return };
    let silent = Silent::of(&mut scene.device);
    let Some(mut terminal) = Terminal::start(&scene.device, &["fetch"]) else { return };
    let _question = silent.asked();
    assert!(terminal.wait_for("Fetching from origin"));
}

#[test]
fn nothing_is_drawn_where_stderr_is_no_terminal() {
    let Some(mut scene) = Scene::morning() else { return };
    let silent = Silent::of(&mut scene.device);
    let mut command = scene.device.command();
    let mut memsync = command
        .arg("fetch")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _question = silent.asked();
    thread::sleep(2 * PATIENCE);
    memsync.kill().unwrap();
    let output = scene.device.output(&memsync.wait_with_output().unwrap());
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
}

#[test]
fn work_that_is_done_at_once_draws_nothing() {
    let Some(server) = server() else { return };
    let Some(scene) = Scene::synced(&server) else { return };
    // A slow run proves nothing, whatever it draws; on a machine with other work each may be one.
    for _ in 0..10 {
        let began = Instant::now();
        let Some(terminal) = Terminal::start(&scene.device, &["sync"]) else { return };
        let shown = terminal.finish(&scene.device).success().stdout;
        if began.elapsed() < PATIENCE {
            assert_eq!(shown, "Already up to date.\r\n");
            return;
        }
    }
}
