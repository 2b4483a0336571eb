//! Text as words: what a word-level diff marks, and what a similarity counts.
//!
//! Guarantees: the words of a text, one after the other, are the text.

use std::collections::{BTreeMap, HashMap};

/// The words of a text: runs of letters and digits, runs of white space without line breaks, and everything else
/// one character at a time. Scripts that write no spaces are taken character by character.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let kind = Kind::of(rest.chars().next()?);
        let end = match kind {
            Kind::Single => rest.chars().next().map_or(0, char::len_utf8),
            _ => rest.find(|c| Kind::of(c) != kind).unwrap_or(rest.len()),
        };
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letters,
    Space,
    Single,
}

impl Kind {
    fn of(c: char) -> Self {
        match c {
            '\n' => Self::Single,
            _ if c.is_whitespace() => Self::Space,
            // From here on Unicode has the scripts of East Asia.
            '\u{2e80}'.. => Self::Single,
            _ if c.is_alphanumeric() || c == '_' => Self::Letters,
            _ => Self::Single,
        }
    }
}

/// Texts by the words in them, made to be compared with each other. White space does not count.
#[derive(Default)]
pub(super) struct Vocabulary<'a> {
    known: HashMap<&'a str, usize>,
}

/// A text of a [`Vocabulary`]: how many bytes each of its words takes up in it, and all of them.
pub(super) struct Counted {
    words: Vec<(usize, usize)>,
    bytes: usize,
}

impl<'a> Vocabulary<'a> {
    pub(super) fn count(&mut self, text: &'a str) -> Counted {
        let mut bytes = BTreeMap::new();
        for word in words(text).filter(|word| !word.trim().is_empty()) {
            let next = self.known.len();
            let name = *self.known.entry(word).or_insert(next);
            *bytes.entry(name).or_default() += word.len();
        }
        let words: Vec<(usize, usize)> = bytes.into_iter().collect();
        Counted { bytes: words.iter().map(|(_, bytes)| bytes).sum(), words }
    }
}

impl Counted {
    /// How many different words the text has.
    pub(super) fn different_words(&self) -> usize {
        self.words.len()
    }

    /// How much of the longer text the other one has too, in percent, rounded down; 0 where that is less than
    /// `least`.
    pub(super) fn similarity(&self, other: &Self, least: u8) -> u8 {
        let (shorter, longer) = (self.bytes.min(other.bytes), self.bytes.max(other.bytes));
        let percent = |bytes: usize| u8::try_from(bytes * 100 / longer.max(1)).unwrap_or(100);
        // The lengths alone may say that it is no use to look at the words.
        if percent(shorter) < least {
            return 0;
        }
        Some(percent(self.shared(other))).filter(|percent| *percent >= least).unwrap_or(0)
    }

    fn shared(&self, other: &Self) -> usize {
        let (mut at, mut other_at, mut shared) = (0, 0, 0);
        while let (Some((word, bytes)), Some((other_word, other_bytes))) =
            (self.words.get(at), other.words.get(other_at))
        {
            if word == other_word {
                shared += bytes.min(other_bytes);
            }
            // Without a branch: which of the two comes next is as good as random.
            at += usize::from(word <= other_word);
            other_at += usize::from(other_word <= word);
        }
        shared
    }
}

/// How much of the longer text the other one has too, in percent, by words.
#[must_use]
pub fn similarity(one: &str, other: &str) -> u8 {
    let mut vocabulary = Vocabulary::default();
    let one = vocabulary.count(one);
    one.similarity(&vocabulary.count(other), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_into_words_and_nothing_is_lost() {
        let text = "Tea at 4,  isn't_it?\n\tお茶 …";
        let cut: Vec<&str> = words(text).collect();
        assert_eq!(cut.concat(), text);
        assert_eq!(
            cut,
            [
                "Tea", " ", "at", " ", "4", ",", "  ", "isn", "'", "t_it", "?", "\n", "\t", "お", "茶", " ",
                "…"
            ]
        );
        assert_eq!(words("").count(), 0);
    }

    #[test]
    fn what_is_less_alike_than_asked_for_is_not_alike_at_all() {
        let mut vocabulary = Vocabulary::default();
        let (half, whole) = (vocabulary.count("tea milk"), vocabulary.count("tea milk salt, as"));
        assert_eq!([0, 49, 50, 51, 100].map(|least| half.similarity(&whole, least)), [50, 50, 50, 0, 0]);
        let other = vocabulary.count("tea eggs salt, as");
        assert_eq!([0, 71, 72].map(|least| whole.similarity(&other, least)), [71, 71, 0]);
        assert_eq!((half.different_words(), whole.different_words()), (2, 5));
    }

    #[test]
    fn similarity_is_the_share_of_the_longer_text() {
        let table = [
            ("Tea is at four", "Tea is at four"),
            ("Tea is at four", "four\nat is   Tea"),
            ("Tea is at four", "Tea is at five"),
            ("Tea is at four", "Tea is at four, and supper is at eight"),
            ("Tea is at four", "Water boils"),
            ("", "Tea"),
            ("", ""),
        ];
        assert_eq!(table.map(|(one, other)| similarity(one, other)), [100, 100, 63, 36, 0, 0, 0]);
    }
}
