//! The endpoint's answer: `{"data": [{"index": 0, "embedding": [0.5, …]}, …]}`.

use serde::Deserialize;

use super::failure::Failure;

#[derive(Deserialize)]
struct Answer {
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    /// Which text, from 0. Some endpoints leave it out and answer in the order of the texts.
    index: Option<i64>,
    embedding: Vec<f32>,
}

/// The vectors in `body` in the order of the `asked` texts, each exactly once.
pub(super) fn read(body: &[u8], asked: usize) -> Result<Vec<Vec<f32>>, Failure> {
    // The parser's own words quote the answer.
    let Answer { data } = serde_json::from_slice(body)
        .map_err(|error| Failure::Json { line: error.line(), column: error.column() })?;
    if data.len() != asked {
        return Err(Failure::Count { asked, answered: data.len() });
    }
    let mut vectors: Vec<Vec<f32>> = vec![Vec::new(); asked];
    for (position, item) in data.into_iter().enumerate() {
        check(&item.embedding)?;
        let index = item.index.unwrap_or_else(|| i64::try_from(position).unwrap_or(i64::MAX));
        let place = usize::try_from(index).ok().and_then(|place| vectors.get_mut(place));
        let place = place.ok_or(Failure::Index { index, asked })?;
        if !place.is_empty() {
            return Err(Failure::Duplicate { index });
        }
        *place = item.embedding;
    }
    check_lengths(&vectors)?;
    Ok(vectors)
}

/// Refuses vectors that are not all of one length.
pub(super) fn check_lengths(vectors: &[Vec<f32>]) -> Result<(), Failure> {
    let Some((first, rest)) = vectors.split_first() else { return Ok(()) };
    match rest.iter().find(|vector| vector.len() != first.len()) {
        Some(other) => Err(Failure::Lengths { one: first.len(), other: other.len() }),
        None => Ok(()),
    }
}

fn check(vector: &[f32]) -> Result<(), Failure> {
    if vector.is_empty() {
        return Err(Failure::Empty);
    }
    if !vector.iter().all(|number| number.is_finite()) {
        return Err(Failure::NotFinite);
    }
    Ok(())
}
