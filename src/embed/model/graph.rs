//! A network written down as ONNX, its weights left where they lie in a safetensors file.

use rten_onnx::onnx::{
    AttributeProto, AttributeType, DataLocation, DataType, GraphProto, ModelProto, NodeProto,
    OperatorSetIdProto, StringStringEntryProto, TensorProto, ValueInfoProto,
};
use rten_onnx::protobuf::{EncodeMessage, ValueWriter};
use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::fault::Fault;

/// The name under which the network finds its weights. The engine takes no other ending.
pub(super) const EXTERNAL: &str = "model.data";

/// ONNX's number for `f32`, as `Cast` takes it.
pub(super) const FLOAT: i64 = DataType::FLOAT.0 as i64;

/// The set of operators: the first with `Gelu`.
const OPERATORS: i64 = 20;

/// A network that grows node by node. Every function that adds one gives back the name of its result.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    tensors: &'a Metadata,
    /// Where the numbers of the tensors begin.
    start: usize,
    /// What stands before the names of all weights: `bert.` where the file was saved from a larger network.
    prefix: &'static str,
    network: GraphProto,
}

/// The value of a node's setting.
#[derive(Clone, Debug)]
pub(super) struct Attribute(AttributeProto);

impl From<i64> for Attribute {
    fn from(number: i64) -> Self {
        let r#type = Some(AttributeType::INT);
        Self(AttributeProto { i: Some(number), r#type, ..AttributeProto::default() })
    }
}

impl From<f32> for Attribute {
    fn from(number: f32) -> Self {
        let r#type = Some(AttributeType::FLOAT);
        Self(AttributeProto { f: Some(number), r#type, ..AttributeProto::default() })
    }
}

impl From<[i64; 4]> for Attribute {
    fn from(numbers: [i64; 4]) -> Self {
        let r#type = Some(AttributeType::INTS);
        Self(AttributeProto { ints: numbers.to_vec(), r#type, ..AttributeProto::default() })
    }
}

impl<'a> Graph<'a> {
    /// A network of these tensors, whose numbers begin `start` bytes into [`EXTERNAL`].
    pub(super) fn new(tensors: &'a Metadata, start: usize) -> Self {
        let prefix = match tensors.info("bert.embeddings.word_embeddings.weight") {
            Some(_) => "bert.",
            None => "",
        };
        let input = ["input_ids", "attention_mask", "token_type_ids"].map(value).to_vec();
        Self { tensors, start, prefix, network: GraphProto { input, ..GraphProto::default() } }
    }

    /// Adds a node.
    pub(super) fn node(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attributes: &[(&str, Attribute)],
    ) -> String {
        let output = format!("{operator} {}", self.network.node.len());
        self.add(operator, inputs, &output, attributes);
        output
    }

    /// Adds a node whose result is called `output`.
    pub(super) fn named(&mut self, operator: &str, inputs: &[&str], output: &str) {
        self.add(operator, inputs, output, &[]);
    }

    fn add(&mut self, operator: &str, inputs: &[&str], output: &str, attributes: &[(&str, Attribute)]) {
        let named = |(name, Attribute(value)): &(&str, Attribute)| AttributeProto {
            name: Some((*name).to_owned()),
            ..value.clone()
        };
        self.network.node.push(NodeProto {
            name: Some(output.to_owned()),
            op_type: Some(operator.to_owned()),
            input: inputs.iter().map(|name| (*name).to_owned()).collect(),
            output: vec![output.to_owned()],
            attribute: attributes.iter().map(named).collect(),
            ..NodeProto::default()
        });
    }

    /// A layer of `[outputs, inputs]` weights and a bias for each output, over rows.
    pub(super) fn linear(&mut self, name: &str, input: &str, shape: [usize; 2]) -> Result<String, Fault> {
        let weight = self.weight(&format!("{name}.weight"), &shape)?;
        let bias = self.weight(&format!("{name}.bias"), &shape[..1])?;
        Ok(self.node("Gemm", &[input, &weight, &bias], &[("transB", 1.into())]))
    }

    /// A tensor of the file, which must have this shape.
    pub(super) fn weight(&mut self, name: &str, shape: &[usize]) -> Result<String, Fault> {
        let name = format!("{}{name}", self.prefix);
        let tensor = self.tensors.info(&name).ok_or_else(|| Fault::NoTensor(name.clone()))?;
        if tensor.dtype != Dtype::F32 {
            return Err(Fault::Unsupported(format!("`{name}` holds {:?} numbers", tensor.dtype)));
        }
        if tensor.shape != shape {
            return Err(Fault::Shape { name, found: tensor.shape.clone(), expected: shape.to_vec() });
        }
        let (begin, end) = tensor.data_offsets;
        let place = [
            ("location", EXTERNAL.to_owned()),
            ("offset", (self.start + begin).to_string()),
            ("length", (end - begin).to_string()),
        ];
        self.network.initializer.push(TensorProto {
            data_location: Some(DataLocation::EXTERNAL),
            external_data: place.map(|(key, value)| entry(key, value)).to_vec(),
            ..tensor_proto(&name, DataType::FLOAT, shape)
        });
        Ok(name)
    }

    /// A constant number.
    pub(super) fn number(&mut self, number: f32) -> String {
        let float_data = vec![number];
        self.constant(|name| TensorProto { float_data, ..tensor_proto(name, DataType::FLOAT, &[]) })
    }

    /// A constant list of sizes.
    pub(super) fn integers(&mut self, numbers: &[usize]) -> String {
        // A size that does not fit fails where the network is run.
        let signed: Vec<i64> =
            numbers.iter().map(|number| i64::try_from(*number).unwrap_or(i64::MAX)).collect();
        self.signed(&signed)
    }

    /// A constant list.
    pub(super) fn signed(&mut self, numbers: &[i64]) -> String {
        let int64_data = numbers.to_vec();
        let shape = [numbers.len()];
        self.constant(|name| TensorProto { int64_data, ..tensor_proto(name, DataType::INT64, &shape) })
    }

    fn constant(&mut self, make: impl FnOnce(&str) -> TensorProto) -> String {
        let name = format!("constant {}", self.network.initializer.len());
        self.network.initializer.push(make(&name));
        name
    }

    /// Gives out `result`, in this shape, as the network's output, and writes the whole as a file would hold it.
    pub(super) fn finish(mut self, result: &str, shape: &str) -> Vec<u8> {
        self.named("Reshape", &[result, shape], "last_hidden_state");
        self.network.output.push(value("last_hidden_state"));
        let operators = OperatorSetIdProto { version: Some(OPERATORS), ..OperatorSetIdProto::default() };
        let model = ModelProto {
            ir_version: Some(9),
            graph: Some(self.network),
            opset_import: vec![operators],
            ..ModelProto::default()
        };
        let mut bytes = Vec::new();
        model.encode(ValueWriter::new(&mut bytes)).expect("a `Vec` takes what is written to it");
        bytes
    }
}

fn tensor_proto(name: &str, kind: DataType, shape: &[usize]) -> TensorProto {
    let dims = shape.iter().map(|size| i64::try_from(*size).unwrap_or(i64::MAX)).collect();
    TensorProto { name: Some(name.to_owned()), data_type: Some(kind), dims, ..TensorProto::default() }
}

fn value(name: &str) -> ValueInfoProto {
    ValueInfoProto { name: Some(name.to_owned()), ..ValueInfoProto::default() }
}

fn entry(key: &str, value: String) -> StringStringEntryProto {
    StringStringEntryProto { key: Some(key.to_owned()), value: Some(value) }
}
