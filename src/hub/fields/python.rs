//! Where and why the service's JSON reader (Python's) stops, since its words are shown to whoever sent the text.
//!
//! Only called for a text that is no JSON. What Python reads although it is none (NaN, half of a surrogate pair)
//! or that is nested deeper than it is read here is a mistake at its place too.

/// How deep a text may be nested; the same as in `serde_json`, which read it first.
const DEPTH: usize = 127;

const VALUE: &str = "Expecting value";
const NAME: &str = "Expecting property name enclosed in double quotes";
const COLON: &str = "Expecting ':' delimiter";
const COMMA: &str = "Expecting ',' delimiter";

/// The position of the first mistake, in characters, and what it is.
pub(super) fn mistake(text: &str) -> (usize, &'static str) {
    let mut scanner = Scanner { text: text.as_bytes(), at: 0, depth: 0 };
    let Mistake(at, message) = scanner.document().err().unwrap_or(Mistake(text.len(), VALUE));
    (text.char_indices().take_while(|(index, _)| *index < at).count(), message)
}

/// The position in bytes, and what is wrong.
struct Mistake(usize, &'static str);

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
}

impl Scanner<'_> {
    fn document(&mut self) -> Result<(), Mistake> {
        self.skip_space();
        self.value()?;
        self.skip_space();
        if self.at == self.text.len() { Ok(()) } else { Err(Mistake(self.at, "Extra data")) }
    }

    fn value(&mut self) -> Result<(), Mistake> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                let word = ["null", "true", "false"]
                    .into_iter()
                    .find(|word| self.text[self.at..].starts_with(word.as_bytes()));
                self.at += word.ok_or(Mistake(self.at, VALUE))?.len();
                Ok(())
            }
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<(), Mistake>) -> Result<(), Mistake> {
        if self.depth == DEPTH {
            return Err(Mistake(self.at, "Nested too deeply"));
        }
        self.depth += 1;
        self.at += 1;
        self.skip_space();
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn object(&mut self) -> Result<(), Mistake> {
        if self.takes(b'}') {
            return Ok(());
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(Mistake(self.at, NAME));
            }
            self.string()?;
            self.skip_space();
            if !self.takes(b':') {
                return Err(Mistake(self.at, COLON));
            }
            self.skip_space();
            self.value()?;
            if self.is_last(b'}')? {
                return Ok(());
            }
        }
    }

    fn array(&mut self) -> Result<(), Mistake> {
        if self.takes(b']') {
            return Ok(());
        }
        loop {
            self.value()?;
            if self.is_last(b']')? {
                return Ok(());
            }
        }
    }

    /// Whether `end` follows; otherwise takes a comma.
    fn is_last(&mut self, end: u8) -> Result<bool, Mistake> {
        self.skip_space();
        if self.takes(end) {
            return Ok(true);
        }
        if !self.takes(b',') {
            return Err(Mistake(self.at, COMMA));
        }
        self.skip_space();
        Ok(false)
    }

    fn string(&mut self) -> Result<(), Mistake> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                None => return Err(Mistake(start, "Unterminated string starting at")),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape(start)?,
                Some(0..=0x1f) => return Err(Mistake(self.at, "Invalid control character at")),
                Some(_) => self.at += 1,
            }
        }
    }

    /// Takes an escape in the string that begins at `start`.
    fn escape(&mut self, start: usize) -> Result<(), Mistake> {
        let at = self.at;
        self.at += 1;
        match self.peek() {
            None => Err(Mistake(start, "Unterminated string starting at")),
            Some(b'u') => self.unicode(),
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(_) => Err(Mistake(at, "Invalid \\escape")),
        }
    }

    /// Takes the `uXXXX` of an escape, and the other half where it is one of a pair.
    fn unicode(&mut self) -> Result<(), Mistake> {
        let mistake = Mistake(self.at, "Invalid \\uXXXX escape");
        match self.unit() {
            Some(0xd800..0xdc00) if self.takes(b'\\') => match (self.unit(), self.peek()) {
                (Some(0xdc00..0xe000), _) => Ok(()),
                (None, Some(b'u')) => Err(Mistake(self.at, mistake.1)),
                _ => Err(mistake),
            },
            Some(0xd800..0xe000) | None => Err(mistake),
            Some(_) => Ok(()),
        }
    }

    fn unit(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 5)?.strip_prefix(b"u")?;
        let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
        self.at += 5;
        u32::from_str_radix(digits, 16).ok()
    }

    fn number(&mut self) -> Result<(), Mistake> {
        let start = self.at;
        self.takes(b'-');
        if !self.takes(b'0') && !self.takes_digits() {
            return Err(Mistake(start, VALUE));
        }
        self.takes_whole(|scanner| scanner.takes(b'.') && scanner.takes_digits());
        self.takes_whole(|scanner| {
            let has_exponent = scanner.takes(b'e') || scanner.takes(b'E');
            let _has_sign = scanner.takes(b'+') || scanner.takes(b'-');
            has_exponent && scanner.takes_digits()
        });
        Ok(())
    }

    /// Takes what `part` takes, or nothing where it fails.
    fn takes_whole(&mut self, part: impl FnOnce(&mut Self) -> bool) {
        let start = self.at;
        if !part(self) {
            self.at = start;
        }
    }

    fn takes_digits(&mut self) -> bool {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at > start
    }

    fn takes(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }
}
