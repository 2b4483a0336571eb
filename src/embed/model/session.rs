//! A network that is loaded: tokens in, vectors out.

use std::fmt;
use std::path::Path;

use rten::{ModelOptions, NodeId, ValueOrView};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;

use super::fault::{Fault, contained};
use super::tokens::Tokens;

/// The network and how it is asked.
pub(super) struct Session {
    network: rten::Model,
    inputs: Vec<(NodeId, Input)>,
    output: NodeId,
    is_normalised: bool,
}

/// What a network may ask for, by the names that exports give.
#[derive(Clone, Copy, Debug)]
enum Input {
    Ids,
    Mask,
    Types,
}

impl Session {
    /// Loads an ONNX file, as the service does: whatever it declares of the three inputs is given to it, and its first
    /// output are the hidden states.
    pub(super) fn from_onnx(path: &Path) -> Result<Self, Fault> {
        // One text alone takes a fifth less time with weights laid out in advance; it costs 40 MB.
        let load = || ModelOptions::with_all_ops().prepack_weights(true).load_file(path);
        contained(|| Self::new(load(), "model.onnx", true))
    }

    /// Loads a graph whose weights lie in `weights`, under the name [`super::graph::EXTERNAL`].
    pub(super) fn from_graph(graph: Vec<u8>, weights: Vec<u8>, is_normalised: bool) -> Result<Self, Fault> {
        contained(|| {
            let mut options = ModelOptions::with_all_ops();
            options.external_data(super::graph::EXTERNAL, weights);
            Self::new(options.load(graph), "model.safetensors", is_normalised)
        })
    }

    fn new(
        network: Result<rten::Model, rten::LoadError>,
        name: &'static str,
        is_normalised: bool,
    ) -> Result<Self, Fault> {
        let network = network.map_err(|error| Fault::Damaged { name, source: error.into() })?;
        let inputs = network
            .input_ids()
            .iter()
            .map(|id| Ok((*id, input(&network, *id)?)))
            .collect::<Result<_, _>>()?;
        let output = network.output_ids().first().copied();
        let output = output.ok_or_else(|| Fault::Unsupported("the network has no output".to_owned()))?;
        Ok(Self { network, inputs, output, is_normalised })
    }

    /// A vector for each text, in their order.
    pub(super) fn vectors(&self, texts: &[&Tokens]) -> Result<Vec<Vec<f32>>, Fault> {
        let longest = texts.iter().map(|text| text.ids.len()).max().unwrap_or_default();
        let hidden = contained(|| self.hidden_states(texts, longest))?;
        let [rows, places, width] = hidden.shape();
        if rows != texts.len() || places != longest || width == 0 {
            let expected = vec![texts.len(), longest, width.max(1)];
            return Err(Fault::Shape { name: "output".to_owned(), found: hidden.shape().to_vec(), expected });
        }
        let numbers = hidden.to_vec();
        let each = numbers.chunks_exact(places * width).zip(texts);
        each.map(|(states, text)| self.vector(&states[..text.ids.len() * width], width)).collect()
    }

    fn hidden_states(&self, texts: &[&Tokens], longest: usize) -> Result<NdTensor<f32, 3>, Fault> {
        let inputs = self.inputs.iter().map(|(id, input)| (*id, input.of(texts, longest))).collect();
        let [hidden] =
            self.network.run_n(inputs, [self.output], None).map_err(|error| Fault::Run(error.into()))?;
        hidden
            .try_into()
            .map_err(|_| Fault::Unsupported("the network's first output are no hidden states".to_owned()))
    }

    /// The mean of a text's hidden states. The places that only fill up a batch are left out, as the service's mask does.
    fn vector(&self, states: &[f32], width: usize) -> Result<Vec<f32>, Fault> {
        let mut vector = vec![0.0; width];
        for state in states.chunks_exact(width) {
            vector.iter_mut().zip(state).for_each(|(sum, number)| *sum += number);
        }
        #[expect(clippy::cast_precision_loss, reason = "a text has far fewer tokens than f32 counts exactly")]
        let divisor = if self.is_normalised {
            vector.iter().map(|number| number * number).sum::<f32>().sqrt()
        } else {
            (states.len() / width) as f32
        };
        for number in &mut vector {
            *number /= divisor;
        }
        if vector.iter().all(|number| number.is_finite()) { Ok(vector) } else { Err(Fault::NoVector) }
    }
}

fn input(network: &rten::Model, id: NodeId) -> Result<Input, Fault> {
    match network.node_info(id).and_then(|info| info.name()).unwrap_or_default() {
        "input_ids" => Ok(Input::Ids),
        "attention_mask" => Ok(Input::Mask),
        "token_type_ids" => Ok(Input::Types),
        other => Err(Fault::Unsupported(format!("the network asks for an input `{other}`"))),
    }
}

impl Input {
    /// One row for each text, filled up with zeros.
    fn of(self, texts: &[&Tokens], longest: usize) -> ValueOrView<'static> {
        let mut numbers = vec![0; texts.len() * longest];
        for (row, text) in numbers.chunks_exact_mut(longest).zip(texts) {
            let row = &mut row[..text.ids.len()];
            match self {
                Self::Ids => row.copy_from_slice(&text.ids),
                Self::Types => row.copy_from_slice(&text.types),
                Self::Mask => row.fill(1),
            }
        }
        NdTensor::from_data([texts.len(), longest], numbers).into()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Session").field("inputs", &self.inputs).finish_non_exhaustive()
    }
}
