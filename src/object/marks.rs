//! What is noted of a database that was read whole, so that the next reading looks only at the rows that differ.
//!
//! Guarantees: what [`Marks::parts`] gives is read back equal by [`Marks::add_part`], and bytes that were changed since are
//! refused. A part depends on the rows in its range alone, so that one row that changes is one part that does.
//!
//! Must never: be the only place that knows something. Whoever has no marks reads every row.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

/// One row as it was when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The row's id.
    pub row: i64,
    /// How the name of its memory begins, see [`super::tree::beginning`].
    pub name: u64,
    /// A hash of all that the memory is read from, keyed with [`Marks::key`].
    pub hash: u128,
}

/// Every row of a database as it was when it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// How rows are read: marks of another form say nothing.
    pub form: String,
    /// What the database's files were like, where that tells any later change of it; only who wrote it compares it.
    pub state: Option<String>,
    /// The key of the hashes, drawn by chance, so that no text can be made that looks like another.
    pub key: [u8; 16],
    /// The rows, sorted by id. Each holds a memory.
    pub rows: Vec<Mark>,
    /// How many of the memories no search by meaning finds, since they have no vector.
    pub lacking: u64,
}

/// How many row ids one part covers.
const RANGE: i64 = 2048;
/// The bytes of a mark: its place in the part, the name's beginning and the hash.
const LENGTH: usize = 2 + 8 + 16;

impl Marks {
    /// Whether no two names begin alike, so that a beginning names a memory.
    #[must_use]
    pub fn are_distinct(&self) -> bool {
        let mut names: Vec<u64> = self.rows.iter().map(|mark| mark.name).collect();
        names.sort_unstable();
        names.windows(2).all(|pair| pair[0] != pair[1])
    }

    /// The rows as bytes, in parts with a number each.
    pub fn parts(&self) -> impl Iterator<Item = (i64, Vec<u8>)> {
        self.rows.chunk_by(|one, other| one.row.div_euclid(RANGE) == other.row.div_euclid(RANGE)).map(
            |marks| {
                let number = marks[0].row.div_euclid(RANGE);
                let mut bytes = Vec::with_capacity(marks.len() * LENGTH + 8);
                for mark in marks {
                    let place =
                        u16::try_from(mark.row.rem_euclid(RANGE)).expect("a range is smaller than that");
                    bytes.extend(place.to_le_bytes());
                    bytes.extend(mark.name.to_le_bytes());
                    bytes.extend(mark.hash.to_le_bytes());
                }
                bytes.extend(self.checksum(number, &bytes));
                (number, bytes)
            },
        )
    }

    /// Adds the rows of a part, which come in the order of their numbers; `false` where it is damaged.
    #[must_use]
    pub fn add_part(&mut self, number: i64, bytes: &[u8]) -> bool {
        let Some((rows, checksum)) = bytes.split_last_chunk::<8>() else { return false };
        let (rows, []) = rows.as_chunks::<LENGTH>() else { return false };
        if self.checksum(number, rows.as_flattened()) != *checksum {
            return false;
        }
        self.rows.extend(rows.iter().map(|bytes| {
            let (place, rest) = bytes.split_at(2);
            let (name, hash) = rest.split_at(8);
            Mark {
                row: number * RANGE + i64::from(u16::from_le_bytes(place.try_into().expect("two bytes"))),
                name: u64::from_le_bytes(name.try_into().expect("eight bytes")),
                hash: u128::from_le_bytes(hash.try_into().expect("sixteen bytes")),
            }
        }));
        true
    }

    fn checksum(&self, number: i64, bytes: &[u8]) -> [u8; 8] {
        let mut hasher = SipHasher13::new_with_key(&self.key);
        hasher.write(&number.to_le_bytes());
        hasher.write(bytes);
        hasher.finish().to_le_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(rows: impl IntoIterator<Item = i64>) -> Marks {
        let mark = |row: i64| Mark {
            row,
            name: row.unsigned_abs().wrapping_mul(3),
            hash: u128::MAX - u128::from(row.unsigned_abs()),
        };
        Marks { key: *b"sixteen bytes ok", rows: rows.into_iter().map(mark).collect(), ..Marks::default() }
    }

    #[test]
    fn marks_are_read_back_and_damage_is_seen() {
        for rows in [vec![], vec![1], (0..5_000).collect(), vec![i64::MIN, -1, 0, 2047, 2048, i64::MAX]] {
            let marks = marks(rows);
            let mut read = Marks { rows: Vec::new(), ..marks.clone() };
            for (number, bytes) in marks.parts() {
                assert!(read.add_part(number, &bytes));
                let mut damaged = bytes.clone();
                damaged[0] ^= 1;
                assert!(!read.add_part(number, &damaged));
                assert!(!read.add_part(number ^ 1, &bytes) && !read.add_part(number, &bytes[1..]));
            }
            assert_eq!(read, marks);
        }
        assert!(!Marks::default().add_part(0, b"short"));
    }

    #[test]
    fn a_row_more_or_less_changes_one_part() {
        let (before, mut after) = (marks(0..10_000), marks(0..10_000));
        after.rows.remove(3_000);
        let changed = before.parts().zip(after.parts()).filter(|(one, other)| one != other).count();
        assert_eq!(changed, 1);
        assert!(before.are_distinct());
        after.rows[0].name = after.rows[9].name;
        assert!(!after.are_distinct());
    }
}
