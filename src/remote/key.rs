//! The API key, and where it may come from: a value, a file, or a git-style credential helper.
//!
//! Must never: show a key in a message, a log or another program's arguments.
#![expect(clippy::disallowed_methods, reason = "reads the key file")]

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use reqwest::header::HeaderValue;

use super::RemoteUrl;

/// The key that a server asks for. Shown as `<key>`.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// Takes a key without white space around it; `None` for what no HTTP header can carry, or nothing.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    /// The value of an `Authorization` header, kept out of every log. Both forms that the service reads
    /// would do; this is the one that its oldest versions know too.
    pub(super) fn header(&self) -> HeaderValue {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", self.0))
            .expect("`ApiKey::new` accepts visible ASCII characters only");
        value.set_sensitive(true);
        value
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<key>")
    }
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<key>")
    }
}

/// Where the key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// The server asks for none.
    None,
    /// The key itself, from `MCP_API_KEY`.
    Given(ApiKey),
    /// A file that only its owner may read; its whole text is the key.
    File(PathBuf),
    /// A credential helper, written as git's `credential.helper`: a name (`store` runs
    /// `git credential-store`), the absolute path of a program, or `!` and a shell snippet.
    Helper(String),
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum NoKey {
    /// The key file cannot be read.
    #[error("cannot read the key file {}: {cause}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// Others than its owner may read or write the key file.
    #[error("others can read the key file {} (mode {mode:03o}): run `chmod 600` on it", .path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// What was found is no key: empty, or with characters that no HTTP header can carry.
    #[error("{0} holds no key: one line of visible ASCII characters is expected")]
    Malformed(String),
    /// The credential helper could not be run, failed, or knew no password.
    #[error("the credential helper gave no key: {0}")]
    Helper(String),
}

impl KeySource {
    /// Fetches the key for the server at `url`; a helper may ask the user.
    pub(super) fn resolve(&self, url: &RemoteUrl) -> Result<Option<ApiKey>, NoKey> {
        match self {
            Self::None => Ok(None),
            Self::Given(key) => Ok(Some(key.clone())),
            Self::File(path) => read_file(path).map(Some),
            Self::Helper(helper) => ask_helper(helper, url).map(Some),
        }
    }
}

fn read_file(path: &Path) -> Result<ApiKey, NoKey> {
    let unreadable = |cause| NoKey::Unreadable { path: path.to_owned(), cause };
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if let Some(mode) = exposed_mode(&metadata) {
        return Err(NoKey::Exposed { path: path.to_owned(), mode });
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    ApiKey::new(&text).ok_or_else(|| NoKey::Malformed(format!("the key file {}", path.display())))
}

#[cfg(unix)]
fn exposed_mode(metadata: &std::fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
fn exposed_mode(_: &std::fs::Metadata) -> Option<u32> {
    None
}

/// Asks a helper in git's credential protocol: what is known goes in as lines, the password comes out as one.
fn ask_helper(helper: &str, url: &RemoteUrl) -> Result<ApiKey, NoKey> {
    let failed = |what: String| NoKey::Helper(what);
    let mut child = Command::new("sh")
        .args(["-c", &format!("{} get", helper_command(helper))])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed(format!("cannot run it: {error}")))?;
    let path = if url.path().is_empty() { String::new() } else { format!("path={}\n", url.path()) };
    let input = format!("protocol={}\nhost={}\n{path}\n", url.scheme(), url.host());
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that does not care to read its input is fine.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(format!("it ended with {}", output.status)));
    }
    let text = String::from_utf8(output.stdout).map_err(|_| failed("its answer is not UTF-8".to_owned()))?;
    let password = text.lines().find_map(|line| line.strip_prefix("password="));
    let password = password.ok_or_else(|| failed(format!("it knows no password for {url}")))?;
    ApiKey::new(password).ok_or_else(|| NoKey::Malformed("the credential helper's answer".to_owned()))
}

/// The shell command behind a `credential.helper` value, by git's rules.
fn helper_command(helper: &str) -> String {
    match helper.strip_prefix('!') {
        Some(snippet) => snippet.to_owned(),
        None if Path::new(helper).is_absolute() => helper.to_owned(),
        None => format!("git credential-{helper}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url() -> RemoteUrl {
        "https://box:8443/memory/api".parse().unwrap()
    }

    #[test]
    fn a_key_is_never_shown() {
        let key = ApiKey::new(" secret\n").unwrap();
        assert_eq!(
            format!("{key} {key:?} {:?} {:?}", KeySource::Given(key.clone()), key.header()),
            "<key> <key> Given(<key>) Sensitive"
        );
        assert_eq!([ApiKey::new(" "), ApiKey::new("two words"), ApiKey::new("é")], [const { None }; 3]);
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let resolve = || KeySource::File(path.clone()).resolve(&url());
        let shown = |error: NoKey| error.to_string().replace(folder.path().to_str().unwrap(), "DIR");
        insta::assert_snapshot!(shown(resolve().unwrap_err()), @"cannot read the key file DIR/key: No such file or directory (os error 2)");

        std::fs::write(&path, "secret\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        insta::assert_snapshot!(shown(resolve().unwrap_err()), @"others can read the key file DIR/key (mode 640): run `chmod 600` on it");

        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(resolve().unwrap(), ApiKey::new("secret"));
        std::fs::write(&path, "\n").unwrap();
        insta::assert_snapshot!(shown(resolve().unwrap_err()), @"the key file DIR/key holds no key: one line of visible ASCII characters is expected");
    }

    #[cfg(unix)]
    #[test]
    fn a_credential_helper_is_asked_as_git_asks_it() {
        let folder = tempfile::tempdir().unwrap();
        let asked = folder.path().join("asked");
        let helper = |rest: &str| {
            let snippet = format!("!f() {{ echo \"$@\" >{0}; cat >>{0}; {rest}; }}; f", asked.display());
            KeySource::Helper(snippet).resolve(&url())
        };
        assert_eq!(helper("echo username=me; echo password=secret").unwrap(), ApiKey::new("secret"));
        insta::assert_snapshot!(std::fs::read_to_string(&asked).unwrap(), @r"
        get
        protocol=https
        host=box:8443
        path=memory
        ");
        insta::assert_snapshot!(helper("true").unwrap_err(), @"the credential helper gave no key: it knows no password for https://box:8443/memory");
        insta::assert_snapshot!(helper("exit 3").unwrap_err(), @"the credential helper gave no key: it ended with exit status: 3");
        assert_eq!(helper_command("store --file x"), "git credential-store --file x");
        assert_eq!(helper_command("/opt/helper --x"), "/opt/helper --x");
    }
}
