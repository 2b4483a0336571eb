//! How an object's bytes become those of its row, and back.

use std::collections::BTreeMap;
use std::io;

use rusqlite::Row;
use zstd::bulk::{Compressor, Decompressor};

use crate::object::Kind;

/// SQLite's own limit on a value in bytes: a larger size in a row cannot be right.
const MAX_SIZE: i64 = 1_000_000_000;

/// How hard an object is compressed when it is first put; `gc` takes more time for it.
const FAST: i32 = 1;
/// How hard `gc` compresses: the most that zstd does without taking much more memory.
const SMALL: i32 = 19;

/// An object as a row holds it.
pub(super) struct Stored {
    pub(super) kind: Kind,
    /// How many bytes the object has.
    pub(super) size: i64,
    /// Compressed where it is shorter than `size`, else the object itself.
    pub(super) data: Vec<u8>,
    /// The dictionary that `data` was compressed with.
    pub(super) dictionary: Option<i64>,
}

impl Stored {
    /// Reads `kind, size, data, dictionary`.
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Self::read_from(row, 0)
    }

    /// [`Stored::read`] where these are the columns from `first` on.
    pub(super) fn read_from(row: &Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            kind: row.get(first)?,
            size: row.get(first + 1)?,
            data: row.get(first + 2)?,
            dictionary: row.get(first + 3)?,
        })
    }
}

/// zstd with its working memory, which is too large to be set up for each object.
pub(super) struct Codec {
    compressor: Compressor<'static>,
    decompressor: Decompressor<'static>,
    dictionaries: BTreeMap<i64, Decompressor<'static>>,
}

impl Codec {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            compressor: Compressor::new(FAST)?,
            decompressor: Decompressor::new()?,
            dictionaries: BTreeMap::new(),
        })
    }

    pub(super) fn encode(&mut self, kind: Kind, bytes: &[u8]) -> Stored {
        let (data, size) = self.compress(bytes);
        Stored { kind, size, data, dictionary: None }
    }

    /// The bytes, compressed where that makes them shorter, and how many they were.
    pub(super) fn compress(&mut self, bytes: &[u8]) -> (Vec<u8>, i64) {
        let size = bytes.len().try_into().expect("no allocation is that large");
        (smaller(&mut self.compressor, bytes), size)
    }

    /// What [`Codec::compress`] was given.
    pub(super) fn decompress(&mut self, data: Vec<u8>, size: i64) -> io::Result<Vec<u8>> {
        decompress(&mut self.decompressor, data, size)
    }

    /// Whether [`Codec::decode`] can read what was compressed with this dictionary.
    pub(super) fn knows(&self, dictionary: i64) -> bool {
        self.dictionaries.contains_key(&dictionary)
    }

    /// Takes a dictionary's bytes.
    pub(super) fn learn(&mut self, dictionary: i64, data: &[u8]) -> io::Result<()> {
        self.dictionaries.insert(dictionary, Decompressor::with_dictionary(data)?);
        Ok(())
    }

    /// The object's bytes, not yet checked against its id. Its dictionary must be known.
    pub(super) fn decode(&mut self, stored: Stored) -> io::Result<Vec<u8>> {
        let decompressor = match stored.dictionary {
            Some(dictionary) => self.dictionaries.get_mut(&dictionary),
            None => Some(&mut self.decompressor),
        };
        let decompressor = decompressor.ok_or_else(|| io::Error::other("its dictionary is missing"))?;
        decompress(decompressor, stored.data, stored.size)
    }
}

fn decompress(decompressor: &mut Decompressor<'static>, data: Vec<u8>, size: i64) -> io::Result<Vec<u8>> {
    let size = size.clamp(0, MAX_SIZE).try_into().expect("it is not negative, and fits 32 bits");
    if data.len() == size { Ok(data) } else { decompressor.decompress(&data, size) }
}

/// Compresses as small as it gets, with a dictionary or without.
pub(super) struct Packer(Compressor<'static>);

impl Packer {
    pub(super) fn new(dictionary: &[u8]) -> io::Result<Self> {
        let mut compressor = Compressor::with_dictionary(SMALL, dictionary)?;
        // The row says all of that, and the id is the checksum.
        compressor.include_contentsize(false)?;
        compressor.include_dictid(false)?;
        compressor.include_checksum(false)?;
        Ok(Self(compressor))
    }

    /// The object compressed, or itself where that is no shorter.
    pub(super) fn pack(&mut self, bytes: &[u8]) -> Vec<u8> {
        smaller(&mut self.0, bytes)
    }
}

fn smaller(compressor: &mut Compressor<'static>, bytes: &[u8]) -> Vec<u8> {
    let smaller = compressor.compress(bytes).ok().filter(|data| data.len() < bytes.len());
    smaller.unwrap_or_else(|| bytes.to_vec())
}
