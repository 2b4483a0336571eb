//! A terminal for `memsync`, with somebody at it who answers.

use std::io::{Read, Write};
use std::process::{Child, Command, Output, Stdio};

use super::environment::Device;
use super::output::CommandOutput;

/// One run of `memsync` on a terminal of its own, where stdout and stderr are one stream; killed when it goes
/// out of scope.
pub struct Terminal {
    child: Child,
    shown: Vec<u8>,
}

impl Terminal {
    /// Starts `memsync` with `arguments`; `None` where this machine has no program that makes terminals.
    pub fn start(device: &Device, arguments: &[&str]) -> Option<Self> {
        // `script` gives its child a terminal; elsewhere than on Linux it takes other arguments.
        if !cfg!(target_os = "linux") {
            return None;
        }
        let memsync = device.command();
        let mut command = Command::new("script");
        command.args(["-qec", &format!("{} {}", env!("CARGO_BIN_EXE_memsync"), arguments.join(" "))]);
        command.arg("/dev/null").env_clear().current_dir(&device.folder);
        command.envs(memsync.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        Some(Self { child: command.spawn().ok()?, shown: Vec::new() })
    }

    /// Waits until the terminal shows `text`; false where the program ends without it.
    pub fn wait_for(&mut self, text: &str) -> bool {
        let mut part = [0; 1024];
        while !String::from_utf8_lossy(&self.shown).contains(text) {
            match self.child.stdout.as_mut().unwrap().read(&mut part).unwrap() {
                0 => return false,
                count => self.shown.extend(&part[..count]),
            }
        }
        true
    }

    /// Types `text`.
    pub fn type_in(&mut self, text: &str) {
        self.child.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Waits for the end; everything that was shown, as stdout.
    pub fn finish(mut self, device: &Device) -> CommandOutput {
        self.child.stdout.as_mut().unwrap().read_to_end(&mut self.shown).unwrap();
        let status = self.child.wait().unwrap();
        device.output(&Output { status, stdout: std::mem::take(&mut self.shown), stderr: Vec::new() })
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
