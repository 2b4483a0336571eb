//! A rough reading of Rust source: enough to tell which modules a file names, without a parser.

/// What [`code`] puts in place of a line of a test.
pub const TEST: &str = "\u{1}";

/// The source without comments, texts and what is only compiled for tests; lines keep their numbers.
pub fn code(source: &str) -> String {
    let mut code = without_texts(source);
    while let Some(start) = code.find("#[cfg(test)]") {
        let end = start + item_end(&code[start..]);
        let lines = code[start..end].matches('\n').count();
        let blank = format!("{TEST}\n").repeat(lines) + TEST;
        // The attribute stands alone on its line, so what is left before it is white space.
        let line = code[..start].rfind('\n').map_or(0, |at| at + 1);
        code.replace_range(line..end, &blank);
    }
    code
}

/// Where the item ends that an attribute at the start of `code` belongs to: after its semicolon or its block.
fn item_end(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth <= 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

/// The source with comments, string literals and character literals left out, but for their line breaks.
fn without_texts(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => comment_length(rest),
            '"' => 1 + text_length(&rest[1..]),
            'r' if !out.ends_with(|c: char| c.is_alphanumeric() || c == '_') => raw_text_length(rest),
            '\'' => character_length(rest),
            _ => 0,
        };
        if length == 0 {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            out.extend(rest[..length].chars().filter(|c| *c == '\n'));
            rest = &rest[length..];
        }
    }
    out
}

fn comment_length(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        match &text.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] if depth == 1 => return at + 2,
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    text.len()
}

/// The length of a string literal after its first quote, the last one included.
fn text_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The length of a raw string literal at the start of `text`; 0 where there is none.
fn raw_text_length(text: &str) -> usize {
    let hashes = text[1..].bytes().take_while(|byte| *byte == b'#').count();
    if !text[1 + hashes..].starts_with('"') {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let start = 2 + hashes;
    text[start..].find(&end).map_or(text.len(), |at| start + at + end.len())
}

/// The length of a character literal at the start of `text`; 0 for a lifetime.
fn character_length(text: &str) -> usize {
    let mut characters = text.char_indices().skip(1);
    match (characters.next(), characters.next()) {
        // The character after the backslash may itself be a quote.
        (Some((_, '\\')), Some(_)) => text[3..].find('\'').map_or(0, |at| 3 + at + 1),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 0,
    }
}

/// The names that follow `start` in `code`, with their lines; every name where a brace follows.
pub fn paths(code: &str, start: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(start) {
        // Not the tail of a longer path or name: `super::super::x`, `own_crate::x`.
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ':')) {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + start.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.push((line, name(rest).to_owned()));
            continue;
        };
        let mut depth = 0_usize;
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                _ if depth > 0 => {}
                _ if at == 0 || group[..at].trim_end().ends_with(',') => {
                    found.push((line, name(&group[at..]).to_owned()));
                }
                _ => {}
            }
        }
    }
    found.retain(|(_, name)| !name.is_empty());
    found
}

fn name(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}
