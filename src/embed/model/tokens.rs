//! Texts as the numbers that a model knows, cut where it is to cut them.

use serde::Deserialize;
use tokenizers::{Encoding, PostProcessor, Tokenizer, TruncationDirection, TruncationParams};

use super::Cut;
use super::fault::{Fault, contained};
use super::folder::{Folder, Weights};

/// How many bytes of a text are split at first: some ten times as many as the longest cut needs.
const START: usize = 64 * 1024;

/// One text.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) ids: Vec<i32>,
    pub(super) types: Vec<i32>,
}

/// What sentence-transformers reads of `sentence_bert_config.json`.
#[derive(Debug, Default, Deserialize)]
struct SentenceBert {
    max_seq_length: Option<usize>,
    #[serde(default)]
    do_lower_case: bool,
}

#[derive(Debug, Default, Deserialize)]
struct TokenizerConfig {
    /// A float because "no limit" is written as 1e30.
    model_max_length: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
struct Positions {
    max_position_embeddings: Option<usize>,
}

pub(super) fn load(folder: &Folder) -> Result<Tokenizer, Fault> {
    let name = "tokenizer.json";
    let bytes = folder.bytes(name)?.ok_or(Fault::Missing(name))?;
    contained(|| Tokenizer::from_bytes(bytes).map_err(|source| Fault::Damaged { name, source }))
}

/// Where a text is cut.
pub(super) fn limit(cut: Cut, folder: &Folder, tokenizer: &Tokenizer) -> Result<usize, Fault> {
    match (cut, folder.weights()?) {
        (Cut::Tokens(count), _) => Ok(count),
        (Cut::Declared, Weights::Onnx(_)) => match tokenizer.get_truncation() {
            Some(truncation) => Ok(truncation.max_length),
            None => longest(folder),
        },
        (Cut::Declared, Weights::Safetensors(_)) => {
            let settings: SentenceBert = folder.json("sentence_bert_config.json")?.unwrap_or_default();
            settings.max_seq_length.map_or_else(|| longest(folder), Ok)
        }
    }
}

/// What the model itself can take, where nothing says where to cut.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a limit beyond what fits is no limit, and the casts saturate"
)]
fn longest(folder: &Folder) -> Result<usize, Fault> {
    let tokenizer: TokenizerConfig = folder.json("tokenizer_config.json")?.unwrap_or_default();
    let model: Positions = folder.json("config.json")?.unwrap_or_default();
    let limits = [tokenizer.model_max_length.map(|length| length as usize), model.max_position_embeddings];
    limits.into_iter().flatten().min().ok_or(Fault::Missing("config.json"))
}

/// `tokenizer` as it is used here: cut after `limit` tokens, padded by nobody.
pub(super) fn cut_at(tokenizer: &Tokenizer, limit: usize, folder: &Folder) -> Result<Tokenizer, Fault> {
    let added = tokenizer.get_post_processor().map_or(0, |processor| processor.added_tokens(false));
    if limit <= added {
        return Err(Fault::Unsupported(format!("a text is to be cut after {limit} tokens")));
    }
    if let Some(SentenceBert { do_lower_case: true, .. }) = folder.json("sentence_bert_config.json")? {
        return Err(Fault::Unsupported("`do_lower_case` is set in `sentence_bert_config.json`".to_owned()));
    }
    let declared = tokenizer.get_truncation().cloned().unwrap_or_default();
    let mut tokenizer = tokenizer.clone();
    tokenizer.with_padding(None);
    let truncation = TruncationParams { max_length: limit, stride: 0, ..declared };
    tokenizer.with_truncation(Some(truncation)).map_err(Fault::Tokens)?;
    Ok(tokenizer)
}

/// Splits texts, on all cores. Of a long text only the start is split where that is cut already: a split takes a hundred
/// times the memory of its text.
pub(super) fn split(tokenizer: &Tokenizer, texts: &[&str]) -> Result<Vec<Tokens>, Fault> {
    let encode = |texts| contained(|| tokenizer.encode_batch_fast(texts, true).map_err(Fault::Tokens));
    let cut = tokenizer.get_truncation().filter(|cut| cut.direction == TruncationDirection::Right);
    let Some(cut) = cut else { return encode(texts.to_vec())?.iter().map(tokens).collect() };
    let starts: Vec<&str> = texts.iter().map(|text| start(text)).collect();
    let mut encodings = encode(starts.clone())?;
    for (index, (text, start)) in texts.iter().zip(starts).enumerate() {
        if start.len() < text.len()
            && encodings[index].len() < cut.max_length
            && let Some(whole) = encode(vec![text])?.pop()
        {
            encodings[index] = whole;
        }
    }
    encodings.iter().map(tokens).collect()
}

/// The start of a long text, up to the end of a word: no tokenizer makes one token of what a space or the end of a line
/// divides.
fn start(text: &str) -> &str {
    let start = &text[..text.floor_char_boundary(START)];
    if start.len() == text.len() { text } else { start.rfind([' ', '\n']).map_or(text, |end| &text[..end]) }
}

fn tokens(encoding: &Encoding) -> Result<Tokens, Fault> {
    let signed = |numbers: &[u32]| -> Result<Vec<i32>, Fault> {
        let signed = numbers.iter().map(|number| i32::try_from(*number));
        signed.collect::<Result<_, _>>().map_err(|error| Fault::Tokens(error.into()))
    };
    Ok(Tokens { ids: signed(encoding.get_ids())?, types: signed(encoding.get_type_ids())? })
}
