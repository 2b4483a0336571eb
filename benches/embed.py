"""onnxruntime beside benches/embed.rs: embed.py ONNX_FOLDER, texts as a JSON list in the first line on stdin.

Says on stdout, one line each, how long loading took and then, whenever a line with the name of a job comes in, how many
seconds it took: `batches` runs texts of like length together without padding to a fixed length, as fast as it can;
`single` runs one text after the other as the service stores them, with what tokenizer.json says.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

BATCH = 16


def load(folder):
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    return session, Tokenizer.from_file(str(folder / "tokenizer.json"))


def encode(session, tokenizer, texts):
    encoded = tokenizer.encode_batch(texts)
    shape = (len(texts), max(len(tokens.ids) for tokens in encoded))
    inputs = {name: np.zeros(shape, dtype=np.int64) for name in ["input_ids", "attention_mask", "token_type_ids"]}
    for row, tokens in enumerate(encoded):
        inputs["input_ids"][row, : len(tokens.ids)] = tokens.ids
        inputs["attention_mask"][row, : len(tokens.ids)] = tokens.attention_mask
    hidden = session.run(None, inputs)[0]
    mask = inputs["attention_mask"][..., np.newaxis].astype(np.float32)
    mean = (hidden * mask).sum(axis=1) / mask.sum(axis=1)
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)


def main():
    folder = Path(sys.argv[1])
    texts = json.loads(sys.stdin.readline())
    start = time.perf_counter()
    session, tokenizer = load(folder)
    encode(session, tokenizer, ["tea"])
    print(time.perf_counter() - start, flush=True)
    unpadded = Tokenizer.from_file(str(folder / "tokenizer.json"))
    unpadded.no_padding()
    sorted_texts = sorted(texts, key=len)
    for job in sys.stdin:
        start = time.perf_counter()
        if job.strip() == "batches":
            for first in range(0, len(texts), BATCH):
                encode(session, unpadded, sorted_texts[first : first + BATCH])
        else:
            for text in texts:
                encode(session, tokenizer, [text])
        print(time.perf_counter() - start, flush=True)


main()
