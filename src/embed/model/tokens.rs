//! Texts as the numbers that a model knows, cut where it is to cut them.

use serde::Deserialize;
use tokenizers::{
    Encoding, NormalizerWrapper, PostProcessor, PreTokenizerWrapper, Tokenizer, TruncationDirection,
    TruncationParams,
};

use super::Cut;
use super::fault::{Fault, contained};
use super::folder::{Folder, Weights};

/// The most tokens that a text may have: what a run takes in memory grows with their square.
const LONGEST: usize = 8192;

/// How many bytes of a text are split into tokens where these alone are enough.
pub(super) const HEAD: usize = 64 * 1024;

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
    if limit <= added || limit > LONGEST {
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

/// Splits texts, on all cores. Of a long one only the head is split, unless that turns out to be too little.
pub(super) fn split(tokenizer: &Tokenizer, texts: &[&str]) -> Result<Vec<Tokens>, Fault> {
    let heads: Vec<&str> = texts.iter().map(|text| head(tokenizer, text)).collect();
    let mut split = split_whole(tokenizer, heads.clone())?;
    let limit = tokenizer.get_truncation().map_or(usize::MAX, |truncation| truncation.max_length);
    for ((tokens, text), head) in split.iter_mut().zip(texts).zip(heads) {
        if head.len() < text.len() && tokens.ids.len() < limit {
            *tokens = split_whole(tokenizer, vec![text])?.remove(0);
        }
    }
    Ok(split)
}

fn split_whole(tokenizer: &Tokenizer, texts: Vec<&str>) -> Result<Vec<Tokens>, Fault> {
    let encodings = contained(|| tokenizer.encode_batch_fast(texts, true).map_err(Fault::Tokens))?;
    encodings.iter().map(tokens).collect()
}

/// A beginning of a long text whose tokens are the first ones of the whole: BERT's own rules look at one character at a
/// time, and let no token reach over a space or a punctuation mark. The whole text where other rules hold.
pub(super) fn head<'a>(tokenizer: &Tokenizer, text: &'a str) -> &'a str {
    let is_bert = matches!(tokenizer.get_normalizer(), Some(NormalizerWrapper::BertNormalizer(_)))
        && matches!(tokenizer.get_pre_tokenizer(), Some(PreTokenizerWrapper::BertPreTokenizer(_)));
    let keeps_start = tokenizer
        .get_truncation()
        .is_some_and(|truncation| truncation.direction == TruncationDirection::Right);
    if text.len() <= HEAD || !is_bert || !keeps_start {
        return text;
    }
    // Tokens that are looked for in the text itself, such as `[SEP]`, may hold such a character.
    let added = tokenizer.get_added_tokens_decoder();
    let is_inside = |byte: u8| added.values().any(|token| token.content.as_bytes().contains(&byte));
    let is_end = |byte: u8| (byte.is_ascii_punctuation() || b" \t\n\r".contains(&byte)) && !is_inside(byte);
    let last = text.as_bytes()[..HEAD].iter().rposition(|byte| is_end(*byte));
    last.map_or(text, |last| &text[..=last])
}

fn tokens(encoding: &Encoding) -> Result<Tokens, Fault> {
    let signed = |numbers: &[u32]| -> Result<Vec<i32>, Fault> {
        let signed = numbers.iter().map(|number| i32::try_from(*number));
        signed.collect::<Result<_, _>>().map_err(|error| Fault::Tokens(error.into()))
    };
    Ok(Tokens { ids: signed(encoding.get_ids())?, types: signed(encoding.get_type_ids())? })
}
