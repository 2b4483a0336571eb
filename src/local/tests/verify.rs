//! Which vectors there are, and whose.

use std::sync::Arc;

use super::fake::Fake;
use super::*;
use crate::embed::Proof;

/// A database with memories whose vectors are of hash, of a model, of a text that was there before, and of nothing.
fn mixed() -> (Fixture, Database) {
    let fixture = Fixture::with_seed(V12);
    let fake = Fake::new("model");
    for number in 0..6 {
        let text = format!("Text {number}");
        fixture.insert(&format!("key {number}"), &text, "{}");
        let vector = match number {
            0..3 => hash_vector(&text, 384),
            3 => fake.vector(&text),
            4 => hash_vector("An older text", 384),
            _ => continue,
        };
        fixture.put_vector(fixture.service.last_insert_rowid(), &vector);
    }
    let options = Options { makers: Makers::new(vec![fake]), ..fixture.options() };
    (fixture, Database::open(options).unwrap())
}

#[test]
fn every_vector_and_every_gap_is_counted() {
    let (fixture, mut database) = mixed();
    fixture.put_vector(4711, &[1.0; 384]);
    execute(&fixture.service, "UPDATE memories SET embedding_pending = 1 WHERE content_hash = 'key 0'", []);
    let coverage = database.coverage().unwrap();
    insta::assert_debug_snapshot!(coverage.counts, @"
    Counts {
        memories: 7,
        with_vector: 5,
        pending: 1,
        orphans: 1,
        hash_vectors: 4,
        dimension: Some(
            384,
        ),
    }
    ");
    insta::assert_snapshot!(coverage.making.unwrap_err(), @"the database's vectors are not all of one model: of a sample 3 of hash vectors, 1 of model, 1 of a model that is not on this device");
    assert_eq!((coverage.sample, coverage.proof.unknown), (5, 1));
}

#[test]
fn vectors_that_differ_are_told_with_what_made_them() {
    let (_fixture, mut database) = mixed();
    let mut steps = Vec::new();
    let verified = database.verify_vectors(None, &mut |done, total| steps.push((done, total))).unwrap();
    assert_eq!(steps, [(6, 6)]);
    assert_eq!(verified.maker.as_deref(), Some("hash vectors"));
    let shown = verified
        .differing
        .iter()
        .map(|memory| format!("{} {:?} {:?}\n", memory.key, memory.text, memory.maker));
    insta::assert_snapshot!(shown.collect::<String>(), @r#"
    key 3 "Text 3" Some("model")
    key 4 "Text 4" None
    "#);

    let some = database.verify_vectors(Some(2), &mut |_, _| {}).unwrap();
    assert_eq!((some.checked, some.differing.len()), (2, 0), "the first and one from the middle");
}

#[test]
fn one_model_that_cut_texts_at_two_lengths_is_told_from_two_models() {
    let said = |makers: [&str; 2]| {
        let counts = makers.iter().map(|maker| ((*maker).to_owned(), 2)).collect();
        NoVectors::Unproven(Arc::new(Proof { counts, ..Proof::default() })).to_string()
    };
    insta::assert_snapshot!(said(["minilm (ONNX)", "minilm (Hugging Face)"]), @"the database's vectors are of one model, which cut long texts at different lengths: of a sample 2 of minilm (ONNX), 2 of minilm (Hugging Face)");
    insta::assert_snapshot!(said(["minilm (ONNX)", "hash vectors"]), @"the database's vectors are not all of one model: of a sample 2 of minilm (ONNX), 2 of hash vectors");
}
