//! Tables that are read by people and compared with what the code does now.
#![expect(clippy::disallowed_methods, reason = "reads and, when asked to, writes the reviewed files")]

use std::path::Path;

/// Compares `text` with the reviewed file `snapshots/<name>`; `UPDATE_SNAPSHOTS=1` writes it instead.
pub(crate) fn assert_gallery(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some_and(|value| value == "1") {
        std::fs::write(&path, text).expect("the gallery can be written");
        return;
    }
    let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
    let (mut now, mut before) = (text.lines(), reviewed.lines());
    for number in 1.. {
        match (before.next(), now.next()) {
            (None, None) => return,
            (reviewed, now) => assert_eq!(
                reviewed, now,
                "snapshots/{name}, line {number}: reviewed (left) is not what happens now (right); \
                 UPDATE_SNAPSHOTS=1 rewrites the file for a new review"
            ),
        }
    }
}

/// Rows of cells as columns; a row with one cell stands as it is, an empty one is a blank line.
pub(crate) fn aligned(rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows.iter().filter(|row| row.len() > 1) {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &Vec<String>| {
        if row.len() == 1 {
            return row[0].clone();
        }
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(|row| line(row) + "\n").collect()
}
