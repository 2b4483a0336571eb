//! Every kind of damage to a staging database: its rows, its objects, its pages.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use super::stage::spoil;

/// One damage.
pub struct Damage {
    /// What is done, in words that name it in a failure.
    pub name: String,
    how: How,
}

enum How {
    Sql(String),
    /// The file as it is afterwards.
    Bytes(Vec<u8>),
}

/// The size of a page.
const PAGE: usize = 4096;

impl Damage {
    /// Does it; `false` where there is nothing to damage.
    pub fn inflict(&self, path: &Path) -> bool {
        match &self.how {
            How::Sql(sql) => spoil(path, sql).is_ok_and(|changed| changed > 0),
            How::Bytes(bytes) => fs::write(path, bytes).is_ok(),
        }
    }

    fn sql(name: impl Into<String>, sql: impl Into<String>) -> Self {
        Self { name: name.into(), how: How::Sql(sql.into()) }
    }

    fn bytes(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), how: How::Bytes(bytes) }
    }
}

/// Every table emptied and gone, every column of every table of another type, empty and NULL.
pub fn rows(path: &Path) -> Vec<Damage> {
    let connection = Connection::open(path).unwrap();
    let mut damages = Vec::new();
    for (kind, name) in
        named(&connection, "SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'")
    {
        if kind == "table" {
            damages.push(Damage::sql(format!("{name}: emptied"), format!("DELETE FROM {name}")));
        }
        // A row beside it, so that something has changed.
        let gone = format!("DROP {kind} {name}; UPDATE refs SET name = name");
        damages.push(Damage::sql(format!("{name}: dropped"), gone));
        if kind != "table" {
            continue;
        }
        let columns = format!("SELECT name, type FROM pragma_table_info('{name}')");
        for (column, affinity) in named(&connection, &columns) {
            let (other, empty) = match affinity.as_str() {
                "BLOB" => ("'text'", "zeroblob(32)"),
                "TEXT" => ("x'ff00'", "''"),
                _ => ("'text'", "-1"),
            };
            for (what, value) in [("another type", other), ("empty", empty), ("NULL", "NULL")] {
                let sql = format!("UPDATE OR IGNORE {name} SET {column} = {value}");
                damages.push(Damage::sql(format!("{name}.{column}: {what}"), sql));
            }
        }
    }
    damages
}

/// A commit, a pair, a tree and memories, each in every way in which an object can be wrong.
pub fn objects(path: &Path) -> Vec<Damage> {
    let sql = "SELECT kind || ' ' || lower(hex(id)), rowid FROM objects GROUP BY kind, rowid % 3 ORDER BY kind, rowid";
    let ways = [
        ("cut short", "data = substr(data, 1, length(data) / 2)"),
        ("empty", "data = x''"),
        ("flipped", "data = x'5a' || substr(data, 2)"),
        ("grown", "size = size + 1"),
        ("of another kind", "kind = iif(kind = 'blob', 'tree', 'blob')"),
        ("of a missing dictionary", "dictionary = 99"),
        ("of no dictionary", "dictionary = NULL"),
        ("another's", "data = (SELECT data FROM objects ORDER BY length(data) DESC LIMIT 1)"),
        ("of a wrong id", "id = x'ff' || substr(id, 2)"),
    ];
    let mut damages = Vec::new();
    for (name, row) in named(&Connection::open(path).unwrap(), sql) {
        for (what, change) in ways {
            let sql = format!("UPDATE objects SET {change} WHERE rowid = {row}");
            damages.push(Damage::sql(format!("{name}: {what}"), sql));
        }
        damages
            .push(Damage::sql(format!("{name}: gone"), format!("DELETE FROM objects WHERE rowid = {row}")));
    }
    damages
}

/// Every page zeroed, overwritten, with a byte of its head and one of its middle flipped, and the file cut off before
/// it and within it.
pub fn pages(whole: &[u8]) -> Vec<Damage> {
    let mut damages = Vec::new();
    for (number, start) in (0..whole.len()).step_by(PAGE).enumerate() {
        let mut with = |what: &str, change: &dyn Fn(&mut [u8])| {
            let mut bytes = whole.to_vec();
            change(&mut bytes[start..start + PAGE]);
            damages.push(Damage::bytes(format!("page {}: {what}", number + 1), bytes));
        };
        with("zeroed", &|page| page.fill(0));
        with("overwritten", &|page| page.fill(0xa5));
        with("a byte of its head flipped", &|page| page[if number == 0 { 103 } else { 3 }] ^= 0x10);
        with("a byte flipped", &|page| page[PAGE - 97] ^= 0x01);
        for (what, end) in [("cut off before", start), ("cut off within", start + PAGE / 3)] {
            damages.push(Damage::bytes(format!("page {}: {what}", number + 1), whole[..end].to_vec()));
        }
    }
    damages
}

/// `count` damages out of `seed`: up to four bytes anywhere, one to eight in a row.
pub fn random(whole: &[u8], seed: u64, count: usize) -> Vec<Damage> {
    let mut state = seed;
    let mut next = move |below: usize| {
        // SplitMix64, of which one number says what the next one is.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) >> 1).unwrap() % below
    };
    let mut damage = |number| {
        let mut bytes = whole.to_vec();
        for _ in 0..=next(4) {
            let (start, length) = (next(whole.len() - 8), next(8) + 1);
            for byte in &mut bytes[start..start + length] {
                *byte ^= u8::try_from(next(255) + 1).unwrap();
            }
        }
        Damage::bytes(format!("number {number} of seed {seed}"), bytes)
    };
    (0..count).map(&mut damage).collect()
}

fn named(connection: &Connection, sql: &str) -> Vec<(String, String)> {
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| {
        let second = row.get_ref(1)?;
        let second = second.as_str().map_or_else(|_| second.as_i64().unwrap().to_string(), str::to_owned);
        Ok((row.get(0)?, second))
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}
