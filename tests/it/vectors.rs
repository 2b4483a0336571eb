//! The vectors of the real MiniLM weights beside those of the reference implementation.
//!
//! `fixtures/vectors/make.py` made the reference; `made-by.txt` there says with what.

use std::path::Path;

use memsync::embed::{Cut, Maker, Model, cosine};

use super::support::install::Installation;
use super::support::model;
use super::support::{Version, service::available};

/// How many numbers a vector has.
const DIMENSION: usize = 384;

/// What the reference's numbers were multiplied by.
const SCALE: f32 = 32767.0;

fn weights() -> Option<model::Model> {
    let installed = Installation::of(Version::V12_2_0).and_then(|newest| model::Model::of(&newest));
    available(installed)
}

fn texts() -> Vec<String> {
    serde_json::from_str(include_str!("../fixtures/vectors/texts.json")).unwrap()
}

fn reference(bytes: &[u8]) -> Vec<Vec<f32>> {
    let (pairs, _) = bytes.as_chunks::<2>();
    let numbers: Vec<f32> = pairs.iter().map(|pair| f32::from(i16::from_le_bytes(*pair)) / SCALE).collect();
    numbers.chunks_exact(DIMENSION).map(<[f32]>::to_vec).collect()
}

/// Both places where the service cuts, with the reference's vectors.
fn references() -> [(usize, Vec<Vec<f32>>); 2] {
    [
        (128, reference(include_bytes!("../fixtures/vectors/vectors-128.i16"))),
        (256, reference(include_bytes!("../fixtures/vectors/vectors-256.i16"))),
    ]
}

#[test]
fn both_kinds_of_files_give_the_reference_vectors_at_both_cuts() {
    let Some(weights) = weights() else { return };
    let texts = texts();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    assert_eq!(texts.len(), 200);
    for folder in [weights.onnx(), weights.safetensors()] {
        for (cut, expected) in references() {
            let made = Model::new(folder.to_owned(), Cut::Tokens(cut), "MiniLM").vectors(&texts).unwrap();
            assert_eq!(made.len(), expected.len());
            for ((text, made), expected) in texts.iter().zip(made).zip(&expected) {
                let cosine = cosine(&made, expected);
                let start: String = text.chars().take(40).collect();
                assert!(cosine > 0.999_99, "{} cut at {cut}: {cosine} for {start:?}", folder.display());
                let length = made.iter().map(|number| number * number).sum::<f32>().sqrt();
                assert!((length - 1.0).abs() < 1e-5, "{length} for {start:?}");
            }
        }
    }
}

#[test]
fn files_say_where_a_text_is_cut_as_the_service_reads_them() {
    let Some(weights) = weights() else { return };
    let texts = texts();
    let long = texts.iter().position(|text| text.split(' ').count() == 10_000).unwrap();
    let made = |folder: &Path| {
        let model = Model::new(folder.to_owned(), Cut::Declared, "MiniLM");
        model.vectors(&[&texts[long]]).unwrap().remove(0)
    };
    let [(_, at_128), (_, at_256)] = references();
    assert!(cosine(&made(weights.onnx()), &at_128[long]) > 0.999_99);
    assert!(cosine(&made(weights.safetensors()), &at_256[long]) > 0.999_99);
    assert!(cosine(&at_128[long], &at_256[long]) < 0.999, "the two can be told apart");
}

#[test]
fn an_id_names_the_weights_and_the_cut() {
    let Some(weights) = weights() else { return };
    let id = |model: &Model| model.id().unwrap().unwrap();
    let onnx = Model::new(weights.onnx().to_owned(), Cut::Declared, "declared");
    let same = onnx.with_cut(Cut::Tokens(128), "at 128");
    let longer = onnx.with_cut(Cut::Tokens(256), "at 256");
    let other = Model::new(weights.safetensors().to_owned(), Cut::Tokens(128), "safetensors");
    assert_eq!(id(&onnx), id(&same));
    assert_ne!(id(&onnx), id(&longer));
    assert_ne!(id(&onnx), id(&other), "the engine rounds differently over another file");
}
