//! A model of a few kilobytes in every state of damage. The real weights are tested in `tests/it/vectors.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView, serialize};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::embed::cosine;

const WIDTH: usize = 8;
const WORDS: [&str; 8] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "tea", "is", "at", "four"];

/// The tensors of a network of one layer, each with its shape.
fn shapes() -> Vec<(String, Vec<usize>)> {
    let [square, narrow] = [vec![WIDTH, WIDTH], vec![WIDTH]];
    let layer = "encoder.layer.0";
    let mut shapes = vec![
        ("embeddings.word_embeddings.weight".to_owned(), vec![WORDS.len(), WIDTH]),
        ("embeddings.token_type_embeddings.weight".to_owned(), vec![2, WIDTH]),
        ("embeddings.position_embeddings.weight".to_owned(), vec![16, WIDTH]),
        (format!("{layer}.intermediate.dense.weight"), vec![2 * WIDTH, WIDTH]),
        (format!("{layer}.intermediate.dense.bias"), vec![2 * WIDTH]),
        (format!("{layer}.output.dense.weight"), vec![WIDTH, 2 * WIDTH]),
        (format!("{layer}.output.dense.bias"), narrow.clone()),
    ];
    let attention =
        ["self.query", "self.key", "self.value", "output.dense"].map(|name| format!("attention.{name}"));
    for name in attention {
        shapes.push((format!("{layer}.{name}.weight"), square.clone()));
        shapes.push((format!("{layer}.{name}.bias"), narrow.clone()));
    }
    let norms = ["embeddings", "encoder.layer.0.attention.output", "encoder.layer.0.output"];
    for name in norms {
        shapes.push((format!("{name}.LayerNorm.weight"), narrow.clone()));
        shapes.push((format!("{name}.LayerNorm.bias"), narrow.clone()));
    }
    shapes
}

/// A file of numbers between -1 and 1 that no two tensors share.
fn safetensors() -> Vec<u8> {
    let numbers = |seed: usize, shape: &[usize]| -> Vec<u8> {
        let count = shape.iter().product::<usize>();
        let hash = crate::embed::hash_vector(&format!("tensor {seed}"), count);
        crate::embed::to_bytes(&hash)
    };
    let shapes = shapes();
    let bytes: Vec<Vec<u8>> =
        shapes.iter().enumerate().map(|(seed, (_, shape))| numbers(seed, shape)).collect();
    let views = shapes.iter().zip(&bytes).map(|((name, shape), bytes)| {
        (name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap())
    });
    serialize(views, None).unwrap()
}

fn config() -> Value {
    json!({
        "model_type": "bert", "hidden_act": "gelu", "hidden_size": WIDTH, "intermediate_size": 2 * WIDTH,
        "layer_norm_eps": 1e-12, "max_position_embeddings": 16, "num_attention_heads": 2, "num_hidden_layers": 1,
        "type_vocab_size": 2, "vocab_size": WORDS.len(),
    })
}

fn tokenizer() -> Value {
    let vocabulary: BTreeMap<&str, usize> = WORDS.iter().enumerate().map(|(id, word)| (*word, id)).collect();
    let special = |word: &str, id: usize| json!({"id": word, "ids": [id], "tokens": [word]});
    json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": null, "pre_tokenizer": {"type": "Whitespace"}, "decoder": null,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "[SEP]", "type_id": 0}}
            ],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"[CLS]": special("[CLS]", 2), "[SEP]": special("[SEP]", 3)}
        },
        "model": {
            "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocabulary
        }
    })
}

fn modules() -> Value {
    let kinds = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")];
    let module = |(path, kind)| json!({"path": path, "type": format!("sentence_transformers.models.{kind}")});
    kinds.map(module).into()
}

fn write(folder: &Path, name: &str, value: &Value) {
    fs::write(folder.join(name), serde_json::to_vec(value).unwrap()).unwrap();
}

/// A folder with the model as safetensors.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("1_Pooling")).unwrap();
    fs::write(folder.path().join("model.safetensors"), safetensors()).unwrap();
    let pooling = json!({"pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true});
    write(folder.path(), "1_Pooling/config.json", &pooling);
    write(folder.path(), "config.json", &config());
    write(folder.path(), "modules.json", &modules());
    write(folder.path(), "tokenizer.json", &tokenizer());
    folder
}

/// The same model as an ONNX file with its weights beside it.
fn onnx_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (graph, weights) = bert::graph(safetensors(), &serde_json::from_value(config()).unwrap()).unwrap();
    fs::write(folder.path().join("model.onnx"), graph).unwrap();
    fs::write(folder.path().join(graph::EXTERNAL), weights).unwrap();
    write(folder.path(), "config.json", &config());
    write(folder.path(), "tokenizer.json", &tokenizer());
    folder
}

fn model(folder: &TempDir) -> Model {
    Model::new(folder.path().to_owned(), Cut::Declared, "small")
}

/// Why the model in `folder` makes no vectors.
fn complaint(folder: &TempDir) -> String {
    let error = model(folder).vectors(&["tea is at four"]).unwrap_err();
    std::error::Error::source(&error).unwrap().to_string()
}

#[test]
fn a_vector_depends_on_neither_the_batch_nor_the_kind_of_file() {
    let [safetensors, onnx] = [folder(), onnx_folder()];
    let texts = ["", "tea", "tea is at four", "four is at tea at four is tea", "is"];
    let together = model(&safetensors).vectors(&texts).unwrap();
    for (text, expected) in texts.iter().zip(&together) {
        for folder in [&safetensors, &onnx] {
            let alone = model(folder).vectors(&[text]).unwrap();
            assert!(cosine(&alone[0], expected) > 0.999_999, "{text:?}");
        }
    }
    assert_ne!(together[2], together[3]);
    assert!(model(&safetensors).vectors(&[]).unwrap().is_empty());
}

#[test]
fn a_text_is_cut_after_so_many_tokens_with_the_special_ones() {
    let folder = folder();
    let at = |count| model(&folder).with_cut(Cut::Tokens(count), "cut");
    let cut = at(4).vectors(&["tea is at four"]).unwrap();
    assert_eq!(cut, at(4).vectors(&["tea is"]).unwrap());
    at(2).vectors(&["tea"]).unwrap_err();
    // Nothing is declared but how many places the network has.
    let long = "tea ".repeat(50);
    assert_eq!(model(&folder).vectors(&[&long]).unwrap(), at(16).vectors(&[&long]).unwrap());
    at(17).vectors(&[&long]).unwrap_err();
}

#[test]
fn a_text_of_which_only_the_start_is_split_has_the_same_vector() {
    let folder = folder();
    let model = model(&folder).with_cut(Cut::Tokens(8), "cut");
    let vector = |text: &str| model.vectors(&[text]).unwrap().remove(0);
    let words = "tea is at four ";
    assert_eq!(vector(&words.repeat(10_000)), vector(&words.repeat(10)));
    // The start alone does not tell.
    assert_eq!(vector(&format!("{}tea is", " ".repeat(100_000))), vector("tea is"));
    assert_eq!(vector(&format!("{} tea is", "x".repeat(100_000))), vector("x tea is"));
    assert_eq!(vector(&format!("tea\n{} is", "x".repeat(100_000))), vector("tea x is"));
}

#[test]
fn what_would_be_computed_differently_elsewhere_is_refused() {
    let with = |name: &str, change: &dyn Fn(&mut Value)| {
        let folder = folder();
        let mut value = serde_json::from_slice(&fs::read(folder.path().join(name)).unwrap()).unwrap();
        change(&mut value);
        write(folder.path(), name, &value);
        complaint(&folder)
    };
    insta::assert_snapshot!(with("config.json", &|config| config["model_type"] = "mpnet".into()), @"`config.json` asks for mpnet, gelu, absolute, which memsync cannot compute");
    insta::assert_snapshot!(with("config.json", &|config| config["hidden_act"] = "relu".into()), @"`config.json` asks for bert, relu, absolute, which memsync cannot compute");
    insta::assert_snapshot!(with("config.json", &|config| config["vocab_size"] = 9.into()), @"`embeddings.word_embeddings.weight` has the shape [8, 8] where [9, 8] was expected");
    insta::assert_snapshot!(with("config.json", &|config| config["num_hidden_layers"] = 2.into()), @"`model.safetensors` has no `encoder.layer.1.attention.self.query.weight`");
    insta::assert_snapshot!(with("config.json", &|config| config["num_attention_heads"] = 3.into()), @"3 heads share 8 numbers, which memsync cannot compute");
    insta::assert_snapshot!(with("1_Pooling/config.json", &|pooling| pooling["pooling_mode_cls_token"] = true.into()), @"the pooling is cls_token and mean_tokens, which memsync cannot compute");
    insta::assert_snapshot!(with("modules.json", &|modules| modules[2]["type"] = "a.Dense".into()), @"`modules.json` asks for Transformer, Pooling, Dense, which memsync cannot compute");
}

#[test]
fn what_is_missing_or_damaged_is_named() {
    let without = |name: &str| {
        let folder = folder();
        fs::remove_file(folder.path().join(name)).unwrap();
        complaint(&folder)
    };
    insta::assert_snapshot!(without("model.safetensors"), @"there is neither `model.onnx` nor `model.safetensors`");
    insta::assert_snapshot!(without("tokenizer.json"), @"`tokenizer.json` is missing");
    insta::assert_snapshot!(without("config.json"), @"`config.json` is missing");
    let with = |name: &str, bytes: &[u8]| {
        let folder = folder();
        fs::write(folder.path().join(name), bytes).unwrap();
        complaint(&folder)
    };
    insta::assert_snapshot!(with("tokenizer.json", b"<html>"), @"`tokenizer.json` is not what its name says");
    insta::assert_snapshot!(with("config.json", b"[]"), @"`config.json` is not what its name says");
    insta::assert_snapshot!(with("model.safetensors", b""), @"`model.safetensors` is not what its name says");
    insta::assert_snapshot!(with("model.onnx", b""), @"the network has no output, which memsync cannot compute");
    insta::assert_snapshot!(with("model.onnx", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), @"the network has no output, which memsync cannot compute");
}

#[test]
fn no_damage_panics() {
    // Each kind of file cut short and with bytes changed in turn: an error or a vector, but nothing else.
    for (folder, name) in [(onnx_folder(), "model.onnx"), (folder(), "model.safetensors")] {
        let path = folder.path().join(name);
        let whole = fs::read(&path).unwrap();
        let check = |bytes: &[u8], place: usize| {
            fs::write(&path, bytes).unwrap();
            if let Ok(vectors) = model(&folder).vectors(&["tea is"]) {
                assert!(vectors[0].iter().all(|number| number.is_finite()), "byte {place} of {name}");
            }
        };
        for place in (0..whole.len()).step_by(23) {
            check(&whole[..place], place);
            let mut changed = whole.clone();
            changed[place] ^= 0xff;
            check(&changed, place);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_snapshot_of_links_is_read() {
    let [blobs, snapshot] = [folder(), tempfile::tempdir().unwrap()];
    for entry in fs::read_dir(blobs.path()).unwrap() {
        let entry = entry.unwrap();
        std::os::unix::fs::symlink(entry.path(), snapshot.path().join(entry.file_name())).unwrap();
    }
    assert_eq!(model(&snapshot).vectors(&["tea"]).unwrap(), model(&blobs).vectors(&["tea"]).unwrap());
    assert_eq!(model(&snapshot).id().unwrap(), model(&blobs).id().unwrap());
}
