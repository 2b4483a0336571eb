//! A real terminal, with somebody at it who types and looks: tmux.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::environment::Device;
use super::service::available;

/// One run of `memsync` in a terminal of its own, killed when it goes out of scope. Its stdin, stdout and stderr are
/// the terminal; once it has ended, the terminal says `exit status: N` and stays.
pub struct Tmux<'a> {
    device: &'a Device,
    /// Where its own tmux server listens: one that ends may still be there when the next one starts.
    socket: PathBuf,
}

impl<'a> Tmux<'a> {
    /// Starts `memsync` with `arguments`, which the shell reads; `None` where the test must be skipped.
    #[track_caller]
    pub fn start(device: &'a Device, arguments: &str, width: usize, height: usize) -> Option<Self> {
        Self::start_with_editor(device, "false", arguments, width, height)
    }

    /// The same, with `editor` as the user's editor.
    #[track_caller]
    pub fn start_with_editor(
        device: &'a Device,
        editor: &str,
        arguments: &str,
        width: usize,
        height: usize,
    ) -> Option<Self> {
        let found = Command::new("tmux").arg("-V").stdout(Stdio::null()).status();
        available(found.map_err(|error| format!("there is no tmux: {error}")))?;
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let tmux = Self { device, socket: device.folder.join(format!("tmux-{number}")) };
        // The input is read to its end, so that what is typed too early or too late is not run.
        let memsync = env!("CARGO_BIN_EXE_memsync");
        let line = format!("'{memsync}' {arguments}; echo \"exit status: $?\"; exec cat");
        let size = ["-x", &width.to_string(), "-y", &height.to_string()].map(str::to_owned);
        let mut command = tmux.command(&["-f", "/dev/null", "new-session", "-d"]);
        command.env("EDITOR", editor);
        assert!(command.args(size).args(["sh", "-c", &line]).status().unwrap().success());
        Some(tmux)
    }

    /// Presses keys, by tmux's names for them: `o`, `Enter`, `C-c`, `PageDown`.
    pub fn press(&self, keys: &[&str]) {
        self.run(&[&["send-keys"], keys].concat());
    }

    /// Makes the terminal larger or smaller.
    pub fn resize(&self, width: usize, height: usize) {
        self.run(&["resize-window", "-x", &width.to_string(), "-y", &height.to_string()]);
    }

    /// What the terminal shows.
    pub fn screen(&self) -> String {
        let output = self.command(&["capture-pane", "-p"]).output().unwrap();
        let screen = String::from_utf8(output.stdout).unwrap();
        screen.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }

    /// Waits until the terminal shows `text`, and gives all that it shows.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            let screen = self.screen();
            if screen.contains(text) {
                return screen;
            }
            assert!(Instant::now() < deadline, "there is no {text:?} on the screen:\n{screen}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The program's process.
    pub fn pid(&self) -> String {
        let output = self.command(&["display-message", "-p", "#{pane_pid}"]).output().unwrap();
        let shell = String::from_utf8(output.stdout).unwrap();
        let children = format!("/proc/{0}/task/{0}/children", shell.trim());
        fs::read_to_string(children).unwrap().trim().to_owned()
    }

    fn run(&self, arguments: &[&str]) {
        assert!(self.command(arguments).status().unwrap().success(), "tmux {arguments:?}");
    }

    /// tmux itself.
    fn command(&self, arguments: &[&str]) -> Command {
        let memsync = self.device.command();
        let mut command = Command::new("tmux");
        command.env_clear().current_dir(&self.device.folder);
        let variables = memsync.get_envs().filter_map(|(name, value)| Some((name, value?)));
        // The terminal's own size is what counts.
        command.envs(variables.filter(|(name, _)| *name != "COLUMNS"));
        command.args(["-u", "-S"]).arg(&self.socket).args(arguments);
        command
    }
}

impl Drop for Tmux<'_> {
    fn drop(&mut self) {
        let _ = self.command(&["kill-server"]).stderr(Stdio::null()).status();
    }
}
