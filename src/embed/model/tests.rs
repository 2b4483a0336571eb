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

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_waited_for() {
    let with_pipe = |folder: TempDir, name: &str| {
        let path = folder.path().join(name);
        let _ = fs::remove_file(&path);
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        complaint(&folder)
    };
    insta::assert_snapshot!(with_pipe(folder(), "model.safetensors"), @"there is neither `model.onnx` nor `model.safetensors`");
    insta::assert_snapshot!(with_pipe(folder(), "tokenizer.json"), @"`tokenizer.json` cannot be read");
    insta::assert_snapshot!(with_pipe(folder(), "config.json"), @"`config.json` cannot be read");
    insta::assert_snapshot!(with_pipe(onnx_folder(), graph::EXTERNAL), @"`model.data` cannot be read");
}

#[test]
fn an_id_names_every_file_that_has_a_say() {
    for (folder, names) in [
        (onnx_folder(), &["model.onnx", graph::EXTERNAL, "tokenizer.json"][..]),
        (
            folder(),
            &["model.safetensors", "tokenizer.json", "config.json", "modules.json", "1_Pooling/config.json"],
        ),
    ] {
        let mut ids = vec![model(&folder).id().unwrap()];
        for name in names {
            let path = folder.path().join(name);
            let mut bytes = fs::read(&path).unwrap();
            bytes.push(b' ');
            fs::write(&path, bytes).unwrap();
            let id = model(&folder).id().unwrap();
            assert!(!ids.contains(&id), "{name}");
            ids.push(id);
        }
    }
}

#[test]
fn files_that_were_replaced_since_they_were_named_make_nothing() {
    for (folder, name) in [(folder(), "config.json"), (onnx_folder(), graph::EXTERNAL)] {
        let model = model(&folder);
        model.id().unwrap();
        let path = folder.path().join(name);
        let mut bytes = fs::read(&path).unwrap();
        bytes.extend_from_slice(b"    ");
        fs::write(&path, bytes).unwrap();
        assert!(matches!(model.make(&["tea"]), Err(Fault::Replaced)));
    }
}

#[test]
fn a_text_may_not_be_longer_than_memory_has_room_for() {
    let folder = onnx_folder();
    let mut value = tokenizer();
    value["truncation"] =
        json!({"max_length": 1_000_000_000_000_u64, "strategy": "LongestFirst", "stride": 0});
    value["padding"] = json!({
        "strategy": {"Fixed": 1_000_000_000_000_u64}, "direction": "Right", "pad_to_multiple_of": null,
        "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"
    });
    write(folder.path(), "tokenizer.json", &value);
    insta::assert_snapshot!(complaint(&folder), @"a text is to be cut after 1000000000000 tokens, which memsync cannot compute");
}

#[test]
fn a_tokenizer_without_its_unknown_word_is_an_error() {
    let folder = onnx_folder();
    let mut value = tokenizer();
    value["model"]["vocab"].as_object_mut().unwrap().remove("[UNK]");
    write(folder.path(), "tokenizer.json", &value);
    let error = model(&folder).vectors(&["tea", "coffee"]).unwrap_err();
    insta::assert_snapshot!(std::error::Error::source(&error).unwrap(), @"the texts cannot be split into tokens");
}

#[test]
fn a_text_without_end_is_split_no_further_than_it_counts_and_no_differently() {
    // Words, ideographs without a space between them, one endless word, and what only looks like a separator.
    let parts = ["tea is at four. ", "日本語、", "tea", "\u{b}tea\u{301}", "[SEP] ", "a=b;c(d)", "\u{1f375}"];
    let mut bert = tokenizer();
    bert["normalizer"] = json!({
        "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null,
        "lowercase": true
    });
    bert["pre_tokenizer"] = json!({"type": "BertPreTokenizer"});
    bert["added_tokens"] = json!([{
        "id": 3, "special": true, "content": "[SEP]", "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false
    }]);
    let tokenizer = |direction: &str| {
        let mut value = bert.clone();
        value["truncation"] =
            json!({"max_length": 12, "strategy": "LongestFirst", "stride": 0, "direction": direction});
        Tokenizer::from_bytes(serde_json::to_vec(&value).unwrap()).unwrap()
    };
    let right = tokenizer("Right");
    for first in parts {
        for second in ["tea", "\u{b}tea\u{301}", "[SEP] "] {
            let text = format!("{}{}", first.repeat(tokens::HEAD / first.len()), second.repeat(99));
            let whole = right.encode_fast(text.as_str(), true).unwrap();
            let split = tokens::split(&right, &[&text]).unwrap().remove(0);
            let ids: Vec<i32> = whole.get_ids().iter().map(|id| i32::try_from(*id).unwrap()).collect();
            assert_eq!(split.ids, ids, "{first:?} and {second:?}");
        }
    }
    let text = parts[0].repeat(tokens::HEAD);
    assert_eq!(tokens::head(&tokenizer("Left"), &text).len(), text.len());
    assert!(tokens::head(&right, &text).len() <= tokens::HEAD);
}
