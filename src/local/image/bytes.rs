//! An image as bytes: a version, the cells of row, vector and links, and the SHA-256 id of all that.
//!
//! Lengths and numbers are little-endian; a list and a text begin with their length, a cell with its type.

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};

use super::{Cell, Cells, Image};
use crate::object::{BlobId, ObjectId, Row};

/// The first byte. Another layout gets another one.
const VERSION: u8 = 1;

/// Bytes that are no image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the copy of its row is damaged")]
pub(in crate::local) struct Damaged;

impl Image {
    /// The image as it is kept.
    pub(in crate::local) fn to_row(&self) -> Row {
        let mut out = vec![VERSION];
        put_cells(&mut out, &self.row);
        put_cells(&mut out, &self.vector);
        put_length(&mut out, self.links.len());
        self.links.iter().for_each(|link| put_cells(&mut out, link));
        let id = BlobId::of(&out);
        out.extend_from_slice(id.as_bytes());
        Row::from_bytes(out)
    }

    /// Reads what [`Image::to_row`] wrote.
    pub(in crate::local) fn from_row(row: &Row) -> Result<Self, Damaged> {
        let (bytes, id) = row.as_bytes().split_last_chunk::<32>().ok_or(Damaged)?;
        if BlobId::of(bytes).as_bytes() != id.as_slice() {
            return Err(Damaged);
        }
        let mut rest = Bytes(bytes.strip_prefix(&[VERSION]).ok_or(Damaged)?);
        let (row, vector) = (rest.cells()?, rest.cells()?);
        let links = (0..rest.length()?).map(|_| rest.cells()).collect::<Result<_, _>>()?;
        Ok(Self { row, vector, links })
    }
}

fn put_length(out: &mut Vec<u8>, length: usize) {
    let length = u32::try_from(length).expect("SQLite holds no value of 4 GiB");
    out.extend_from_slice(&length.to_le_bytes());
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_length(out, bytes.len());
    out.extend_from_slice(bytes);
}

fn put_cells(out: &mut Vec<u8>, cells: &Cells) {
    put_length(out, cells.len());
    for (name, cell) in cells {
        put_bytes(out, name.as_bytes());
        match cell {
            Cell::Null => out.push(0),
            Cell::Integer(number) => {
                out.push(1);
                out.extend_from_slice(&number.to_le_bytes());
            }
            Cell::Real(number) => {
                out.push(2);
                out.extend_from_slice(&number.to_bits().to_le_bytes());
            }
            Cell::Text(bytes) => {
                out.push(3);
                put_bytes(out, bytes);
            }
            Cell::Blob(bytes) => {
                out.push(4);
                put_bytes(out, bytes);
            }
        }
    }
}

/// What is left to read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], Damaged> {
        let (array, rest) = self.0.split_first_chunk().ok_or(Damaged)?;
        self.0 = rest;
        Ok(*array)
    }

    fn length(&mut self) -> Result<usize, Damaged> {
        usize::try_from(u32::from_le_bytes(self.array()?)).map_err(|_| Damaged)
    }

    fn bytes(&mut self) -> Result<&'a [u8], Damaged> {
        let length = self.length()?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Damaged)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn cell(&mut self) -> Result<Cell, Damaged> {
        Ok(match self.array()? {
            [0] => Cell::Null,
            [1] => Cell::Integer(i64::from_le_bytes(self.array()?)),
            [2] => Cell::Real(f64::from_bits(u64::from_le_bytes(self.array()?))),
            [3] => Cell::Text(self.bytes()?.to_vec()),
            [4] => Cell::Blob(self.bytes()?.to_vec()),
            _ => return Err(Damaged),
        })
    }

    fn cells(&mut self) -> Result<Cells, Damaged> {
        let mut cells = Cells::new();
        for _ in 0..self.length()? {
            let name = std::str::from_utf8(self.bytes()?).map_err(|_| Damaged)?.to_owned();
            cells.push((name, self.cell()?));
        }
        Ok(cells)
    }
}

impl From<ValueRef<'_>> for Cell {
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(number) => Self::Integer(number),
            ValueRef::Real(number) => Self::Real(number),
            ValueRef::Text(bytes) => Self::Text(bytes.to_vec()),
            ValueRef::Blob(bytes) => Self::Blob(bytes.to_vec()),
        }
    }
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(bytes) => ValueRef::Text(bytes),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_read_back_and_a_damaged_one_is_not() {
        let cells = |cells: &[Cell]| -> Cells {
            cells.iter().enumerate().map(|(index, cell)| (format!("c{index}"), cell.clone())).collect()
        };
        let image = Image {
            row: cells(&[
                Cell::Null,
                Cell::Integer(i64::MIN),
                Cell::Real(f64::NEG_INFINITY),
                Cell::Real(-0.0),
                Cell::Text(b"\xff\0".to_vec()),
                Cell::Blob(Vec::new()),
            ]),
            vector: cells(&[Cell::Blob(vec![0, 255])]),
            links: vec![cells(&[Cell::Null]), Cells::new()],
        };
        for image in [image, Image::default()] {
            let row = image.to_row();
            assert_eq!(Image::from_row(&row), Ok(image));
            for at in 0..row.as_bytes().len() {
                let mut bytes = row.as_bytes().to_vec();
                bytes[at] ^= 1;
                assert_eq!(Image::from_row(&Row::from_bytes(bytes.clone())), Err(Damaged));
                bytes.truncate(at);
                assert_eq!(Image::from_row(&Row::from_bytes(bytes)), Err(Damaged));
            }
        }
    }
}
