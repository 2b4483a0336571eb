//! What starts the server with the machine: a unit for systemd, a property list for launchd.
//!
//! Must never: hold the API key or any other secret; these files are copied to where everybody reads them.

use super::quoting::{systemd_argument, systemd_path, xml};
use crate::ui::shell_word as shell;

/// How many files the server may have open: more than connections and the database take. launchd would give it 256.
const FILES: u32 = 2048;

/// The programs that start others with a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manager {
    /// On Linux.
    Systemd,
    /// On macOS.
    Launchd,
}

/// What there is to start.
#[derive(Clone, Debug)]
pub(super) struct Service<'a> {
    /// The program, by its absolute path.
    pub(super) program: &'a str,
    /// Its arguments.
    pub(super) arguments: &'a [String],
    /// The folder that it writes to: the database's.
    pub(super) folder: &'a str,
    /// The user that it runs as, by number: the owner of the database.
    pub(super) user: u32,
    /// The port that it listens on.
    pub(super) port: u16,
}

impl Manager {
    /// The one of this system, where there is one that is known.
    pub(super) const fn of_this_system() -> Option<Self> {
        if cfg!(target_os = "linux") {
            Some(Self::Systemd)
        } else if cfg!(target_os = "macos") {
            Some(Self::Launchd)
        } else {
            None
        }
    }

    /// The name of the file.
    pub(super) const fn file_name(self) -> &'static str {
        match self {
            Self::Systemd => "memsync-hub.service",
            Self::Launchd => "memsync-hub.plist",
        }
    }

    /// The text of the file.
    pub(super) fn definition(self, service: &Service<'_>) -> String {
        match self {
            Self::Systemd => unit(service),
            Self::Launchd => property_list(service),
        }
    }

    /// The commands that install the file at `path` and start the service, or start it anew as the file says now.
    pub(super) fn commands(self, path: &str) -> Vec<String> {
        let path = shell(path);
        match self {
            Self::Systemd => vec![
                format!("sudo install -m 644 {path} /etc/systemd/system/"),
                "sudo systemctl daemon-reload".to_owned(),
                "sudo systemctl enable memsync-hub".to_owned(),
                "sudo systemctl restart memsync-hub".to_owned(),
            ],
            Self::Launchd => vec![
                "mkdir -p ~/Library/LaunchAgents".to_owned(),
                format!("install -m 644 {path} ~/Library/LaunchAgents/"),
                "launchctl bootout gui/$(id -u)/memsync-hub 2>/dev/null".to_owned(),
                "launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/memsync-hub.plist".to_owned(),
            ],
        }
    }
}

/// A unit of the system's, not of the user's: it starts without anybody logging in, and only there does the kernel
/// let systemd take away what the server does not need. It needs its folder and, for SQLite's temporary files, a /var/tmp
/// to write to: `PrivateTmp` is no luxury beside `ProtectSystem=strict`.
fn unit(service: &Service<'_>) -> String {
    let words = service.arguments.iter().map(|argument| systemd_argument(argument));
    let line: Vec<_> = [systemd_path(service.program).into_owned()].into_iter().chain(words).collect();
    // Ports below 1024 are the system's; all other privileges are taken away.
    let capability = if service.port < 1024 { "CAP_NET_BIND_SERVICE" } else { "" };
    format!(
        "\
# Written by `memsync init --server`, which writes it anew; changes belong into `systemctl edit memsync-hub`.
[Unit]
Description=Memories in step across devices (memsync)
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
User={user}
ExecStart={line}
Restart=on-failure
RestartSec=5
UMask=0077
LimitNOFILE={FILES}

NoNewPrivileges=true
AmbientCapabilities={capability}
CapabilityBoundingSet={capability}
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={folder}
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
",
        user = service.user,
        line = line.join(" "),
        folder = systemd_path(service.folder),
    )
}

/// An agent of the user's: launchd's daemons would run as root, or as a user whose name nobody told us.
fn property_list(service: &Service<'_>) -> String {
    let words = [service.program].into_iter().chain(service.arguments.iter().map(String::as_str));
    let words: Vec<_> = words.map(|word| format!("    <string>{}</string>", xml(word))).collect();
    format!(
        "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">
<!-- Written by memsync, which writes it anew whenever it prepares the server. -->
<plist version=\"1.0\">
<dict>
  <key>Label</key>
  <string>memsync-hub</string>
  <key>ProgramArguments</key>
  <array>
{words}
  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>Umask</key>
  <integer>{umask}</integer>
  <key>SoftResourceLimits</key>
  <dict>
    <key>NumberOfFiles</key>
    <integer>{FILES}</integer>
  </dict>
  <key>StandardErrorPath</key>
  <string>{log}</string>
</dict>
</plist>
",
        words = words.join("\n"),
        umask = 0o077,
        log = xml(&format!("{}/memsync-hub.log", service.folder)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::process::{Command, Stdio};

    #[test]
    fn launchd_gets_the_words_as_they_are() {
        let arguments = ["serve", "--db", "/Users/ada/Library/Application Support/<a> & b/memories.db"];
        let arguments = arguments.map(ToOwned::to_owned);
        let folder = "/Users/ada/Library/Application Support/<a> & b";
        let service = Service {
            program: "/opt/homebrew/bin/memsync",
            arguments: &arguments,
            folder,
            user: 501,
            port: 8443,
        };
        let list = Manager::Launchd.definition(&service);
        insta::assert_snapshot!(list, @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
        <!-- Written by memsync, which writes it anew whenever it prepares the server. -->
        <plist version="1.0">
        <dict>
          <key>Label</key>
          <string>memsync-hub</string>
          <key>ProgramArguments</key>
          <array>
            <string>/opt/homebrew/bin/memsync</string>
            <string>serve</string>
            <string>--db</string>
            <string>/Users/ada/Library/Application Support/&lt;a&gt; &amp; b/memories.db</string>
          </array>
          <key>RunAtLoad</key>
          <true/>
          <key>KeepAlive</key>
          <dict>
            <key>SuccessfulExit</key>
            <false/>
          </dict>
          <key>Umask</key>
          <integer>63</integer>
          <key>SoftResourceLimits</key>
          <dict>
            <key>NumberOfFiles</key>
            <integer>2048</integer>
          </dict>
          <key>StandardErrorPath</key>
          <string>/Users/ada/Library/Application Support/&lt;a&gt; &amp; b/memsync-hub.log</string>
        </dict>
        </plist>
        "#);
        // Python reads such lists on every system.
        let script = "import plistlib, sys, json; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))";
        let python =
            Command::new("python3").args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let Ok(mut python) = python else { return };
        python.stdin.take().unwrap().write_all(list.as_bytes()).unwrap();
        let read: serde_json::Value =
            serde_json::from_slice(&python.wait_with_output().unwrap().stdout).unwrap();
        let words: Vec<_> =
            [service.program].into_iter().chain(arguments.iter().map(String::as_str)).collect();
        assert_eq!(read["ProgramArguments"], serde_json::json!(words));
        assert_eq!(read["Umask"], 0o077);
        assert_eq!(read["StandardErrorPath"], format!("{folder}/memsync-hub.log"));
    }

    #[test]
    fn the_commands_install_a_file_wherever_it_lies() {
        let shown = |manager: Manager| manager.commands("/srv/my hub/file").join("\n");
        insta::assert_snapshot!(shown(Manager::Systemd), @"
        sudo install -m 644 '/srv/my hub/file' /etc/systemd/system/
        sudo systemctl daemon-reload
        sudo systemctl enable memsync-hub
        sudo systemctl restart memsync-hub
        ");
        insta::assert_snapshot!(shown(Manager::Launchd), @"
        mkdir -p ~/Library/LaunchAgents
        install -m 644 '/srv/my hub/file' ~/Library/LaunchAgents/
        launchctl bootout gui/$(id -u)/memsync-hub 2>/dev/null
        launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/memsync-hub.plist
        ");
    }
}
