//! BERT out of a safetensors file: `config.json` describes the network, and [`Graph`] writes it down for the engine.
//!
//! The network is that of `BertModel` in transformers without its pooler, in evaluation mode (no dropout).

use std::path::Path;

use safetensors::{SafeTensorError, SafeTensors};
use serde::Deserialize;

use super::fault::Fault;
use super::folder::Folder;
use super::graph::Graph;
use super::recipe;
use super::session::Session;

/// What `config.json` says of the network.
#[derive(Debug, Deserialize)]
pub(super) struct Config {
    model_type: String,
    hidden_act: String,
    #[serde(default = "absolute")]
    position_embedding_type: String,
    hidden_size: usize,
    intermediate_size: usize,
    layer_norm_eps: f32,
    max_position_embeddings: usize,
    num_attention_heads: usize,
    num_hidden_layers: usize,
    type_vocab_size: usize,
    vocab_size: usize,
}

/// What older transformers leave out of `config.json`, because there was nothing else.
fn absolute() -> String {
    "absolute".to_owned()
}

const NAME: &str = "model.safetensors";

/// Loads the weights in the safetensors file at `path`.
pub(super) fn load(path: &Path, folder: &Folder) -> Result<Session, Fault> {
    let is_normalised = recipe::is_normalised(folder)?;
    let config: Config = folder.json("config.json")?.ok_or(Fault::Missing("config.json"))?;
    config.check()?;
    let file = std::fs::read(path).map_err(|source| Fault::Unreadable { name: NAME.to_owned(), source })?;
    let (graph, weights) = graph(file, &config)?;
    Session::from_graph(graph, weights, is_normalised)
}

/// The network as ONNX, and the weights that it refers to.
pub(super) fn graph(mut file: Vec<u8>, config: &Config) -> Result<(Vec<u8>, Vec<u8>), Fault> {
    let damaged = |error: SafeTensorError| Fault::Damaged { name: NAME, source: error.into() };
    let (header, tensors) = SafeTensors::read_metadata(&file).map_err(damaged)?;
    // The header begins after its own length, eight bytes. Its writers fill it up, so that numbers lie where they can
    // be used in place; where one has not, they are moved there.
    let mut start = size_of::<u64>() + header;
    if !start.is_multiple_of(align_of::<f32>()) {
        file.drain(..start);
        start = 0;
    }
    let graph = config.network(Graph::new(&tensors, start))?;
    Ok((graph, file))
}

impl Config {
    fn check(&self) -> Result<(), Fault> {
        let Self { model_type, hidden_act, position_embedding_type, .. } = self;
        let kind = [model_type, hidden_act, position_embedding_type].map(String::as_str);
        if kind != ["bert", "gelu", "absolute"] {
            return Err(Fault::Unsupported(format!("`config.json` asks for {}", kind.join(", "))));
        }
        let heads = self.num_attention_heads;
        if heads == 0 || self.hidden_size == 0 || !self.hidden_size.is_multiple_of(heads) {
            return Err(Fault::Unsupported(format!("{heads} heads share {} numbers", self.hidden_size)));
        }
        Ok(())
    }

    fn network(&self, mut graph: Graph<'_>) -> Result<Vec<u8>, Fault> {
        let mut hidden = self.embeddings(&mut graph)?;
        let mask = mask(&mut graph);
        let heads = self.split_shape(&mut graph);
        for number in 0..self.num_hidden_layers {
            let layer = format!("encoder.layer.{number}");
            let attended = self.attention(&mut graph, &layer, &hidden, &mask, &heads)?;
            hidden = self.feed_forward(&mut graph, &layer, &attended)?;
        }
        let width = graph.integers(&[self.hidden_size]);
        let shape = graph.node("Concat", &["shape", &width], &[("axis", 0.into())]);
        Ok(graph.finish(&hidden, &shape))
    }

    /// What each token is, where it stands and which part it belongs to, one row a token.
    fn embeddings(&self, graph: &mut Graph<'_>) -> Result<String, Fault> {
        let table = |graph: &mut Graph<'_>, name: &str, rows| {
            graph.weight(&format!("embeddings.{name}_embeddings.weight"), &[rows, self.hidden_size])
        };
        let words = table(graph, "word", self.vocab_size)?;
        let types = table(graph, "token_type", self.type_vocab_size)?;
        let places = table(graph, "position", self.max_position_embeddings)?;
        graph.named("Shape", &["input_ids"], "shape");
        let [zero, one, two, all] = [0, 1, 2, -1].map(|number| graph.signed(&[number]));
        let length = graph.node("Slice", &["shape", &one, &two, &zero], &[]);
        let places = graph.node("Slice", &[&places, &zero, &length, &zero], &[]);
        let words = graph.node("Gather", &[&words, "input_ids"], &[("axis", 0.into())]);
        let types = graph.node("Gather", &[&types, "token_type_ids"], &[("axis", 0.into())]);
        let sum = graph.node("Add", &[&words, &types], &[]);
        let sum = graph.node("Add", &[&sum, &places], &[]);
        let width = graph.integers(&[self.hidden_size]);
        let rows = graph.node("Concat", &[&all, &width], &[("axis", 0.into())]);
        let sum = graph.node("Reshape", &[&sum, &rows], &[]);
        self.layer_norm(graph, "embeddings.LayerNorm", &sum)
    }

    /// The shape of a batch whose hidden states are split among the heads.
    fn split_shape(&self, graph: &mut Graph<'_>) -> String {
        let heads = self.num_attention_heads;
        let split = graph.integers(&[heads, self.hidden_size / heads]);
        graph.node("Concat", &["shape", &split], &[("axis", 0.into())])
    }

    fn attention(
        &self,
        graph: &mut Graph<'_>,
        layer: &str,
        hidden: &str,
        mask: &str,
        heads: &str,
    ) -> Result<String, Fault> {
        let size = self.hidden_size;
        let part = |graph: &mut Graph<'_>, name: &str, order: [i64; 4]| {
            let part = format!("{layer}.attention.self.{name}");
            let part = graph.linear(&part, hidden, [size, size])?;
            let part = graph.node("Reshape", &[&part, heads], &[]);
            Ok(graph.node("Transpose", &[&part], &[("perm", order.into())]))
        };
        let query = part(graph, "query", [0, 2, 1, 3])?;
        let key = part(graph, "key", [0, 2, 3, 1])?;
        let value = part(graph, "value", [0, 2, 1, 3])?;
        let scores = graph.node("MatMul", &[&query, &key], &[]);
        #[expect(clippy::cast_precision_loss, reason = "a head is far narrower than what f32 counts exactly")]
        let scale = graph.number(((size / self.num_attention_heads) as f32).sqrt());
        let scores = graph.node("Div", &[&scores, &scale], &[]);
        let scores = graph.node("Add", &[&scores, mask], &[]);
        let weights = graph.node("Softmax", &[&scores], &[("axis", (-1).into())]);
        let mixed = graph.node("MatMul", &[&weights, &value], &[]);
        let mixed = graph.node("Transpose", &[&mixed], &[("perm", [0, 2, 1, 3].into())]);
        let rows = graph.signed(&[-1, i64::try_from(size).unwrap_or(i64::MAX)]);
        let mixed = graph.node("Reshape", &[&mixed, &rows], &[]);
        let output = format!("{layer}.attention.output");
        let mixed = graph.linear(&format!("{output}.dense"), &mixed, [size, size])?;
        let sum = graph.node("Add", &[&mixed, hidden], &[]);
        self.layer_norm(graph, &format!("{output}.LayerNorm"), &sum)
    }

    fn feed_forward(&self, graph: &mut Graph<'_>, layer: &str, hidden: &str) -> Result<String, Fault> {
        let [narrow, wide] = [self.hidden_size, self.intermediate_size];
        let inner = graph.linear(&format!("{layer}.intermediate.dense"), hidden, [wide, narrow])?;
        let inner = graph.node("Gelu", &[&inner], &[]);
        let outer = graph.linear(&format!("{layer}.output.dense"), &inner, [narrow, wide])?;
        let sum = graph.node("Add", &[&outer, hidden], &[]);
        self.layer_norm(graph, &format!("{layer}.output.LayerNorm"), &sum)
    }

    fn layer_norm(&self, graph: &mut Graph<'_>, name: &str, input: &str) -> Result<String, Fault> {
        let scale = graph.weight(&format!("{name}.weight"), &[self.hidden_size])?;
        let bias = graph.weight(&format!("{name}.bias"), &[self.hidden_size])?;
        let attributes = [("axis", (-1).into()), ("epsilon", self.layer_norm_eps.into())];
        Ok(graph.node("LayerNormalization", &[input, &scale, &bias], &attributes))
    }
}

/// What is added to the scores: nothing for a token, the least number for a place that only fills up the batch.
fn mask(graph: &mut Graph<'_>) -> String {
    let [one, least] = [1.0, f32::MIN].map(|number| graph.number(number));
    let axes = graph.integers(&[1, 2]);
    let mask = graph.node("Unsqueeze", &["attention_mask", &axes], &[]);
    let mask = graph.node("Cast", &[&mask], &[("to", super::graph::FLOAT.into())]);
    let inverted = graph.node("Sub", &[&one, &mask], &[]);
    graph.node("Mul", &[&inverted, &least], &[])
}
