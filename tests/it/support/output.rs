//! What a program printed, in a form for inline snapshots.

use std::fmt;
use std::process::Output;

/// The result of one run of `memsync`.
///
/// Its `Display` shows the exit status, then stdout, then stderr, each where there is something to show,
/// with everything that differs between two runs replaced by a word in brackets.
#[derive(Clone, Debug)]
pub struct CommandOutput {
    /// The exit code; `None` where a signal ended the program.
    pub status: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl CommandOutput {
    /// Takes what a program printed, with each `(text, word)` of `replacements` already replaced.
    pub fn new(output: &Output, replacements: &[(String, &str)]) -> Self {
        let normalise = |bytes: &[u8]| {
            let mut text = String::from_utf8_lossy(bytes).into_owned();
            for (found, word) in replacements {
                text = text.replace(found, word);
            }
            without_ports(&text)
        };
        Self {
            status: output.status.code(),
            stdout: normalise(&output.stdout),
            stderr: normalise(&output.stderr),
        }
    }

    /// The same with every id, and every abbreviation of one, as `[ID]`. For ids that hold a server's
    /// clock; where the clock is pinned they are the same in every run and worth showing.
    pub fn without_ids(self) -> Self {
        Self { stdout: without_ids(&self.stdout), stderr: without_ids(&self.stderr), ..self }
    }

    /// Fails the test, showing everything, unless the program ended with `status`.
    #[track_caller]
    pub fn expect_status(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "{self}");
        self
    }

    /// Fails the test, showing everything, unless the program ended well.
    #[track_caller]
    pub fn success(self) -> Self {
        self.expect_status(0)
    }
}

impl fmt::Display for CommandOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(code) => writeln!(f, "exit status: {code}")?,
            None => writeln!(f, "exit status: ended by a signal")?,
        }
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                write!(f, "----- {name} -----\n{text}")?;
                if !text.ends_with('\n') {
                    writeln!(f, "[no line break at the end]")?;
                }
            }
        }
        Ok(())
    }
}

/// Replaces the port after a loopback address.
fn without_ports(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, host)) =
        ["127.0.0.1:", "localhost:"].iter().filter_map(|host| Some((rest.find(host)?, host))).min()
    {
        let after = &rest[before + host.len()..];
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        out.push_str(&rest[..before + host.len()]);
        out.push_str(if digits > 0 { "[PORT]" } else { "" });
        rest = &after[digits..];
    }
    out + rest
}

/// Replaces each word that is an id or an abbreviation of at least seven of its digits.
fn without_ids(text: &str) -> String {
    let is_id = |word: &str| {
        (7..=64).contains(&word.len())
            && word.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
            && word.bytes().any(|b| b.is_ascii_digit())
    };
    let mut out = String::with_capacity(text.len());
    for part in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let word = part.trim_end_matches(|c: char| !c.is_alphanumeric());
        out.push_str(if is_id(word) { "[ID]" } else { word });
        out.push_str(&part[word.len()..]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_between_two_runs_is_replaced() {
        let output = CommandOutput {
            status: Some(4),
            stdout: String::new(),
            stderr: without_ports("no answer from http://127.0.0.1:41234/api, localhost:80 or localhost:"),
        };
        insta::assert_snapshot!(output, @r"
        exit status: 4
        ----- stderr -----
        no answer from http://127.0.0.1:[PORT]/api, localhost:[PORT] or localhost:[no line break at the end]
        ");
        let text = format!("commit {} (4ddb89f..cafe123) was defaced, 1234567\n", "0a".repeat(32));
        assert_eq!(without_ids(&text), "commit [ID] ([ID]..[ID]) was defaced, [ID]\n");
    }
}
