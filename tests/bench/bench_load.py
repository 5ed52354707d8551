#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench_load.py BUILD [ROUNDS] [TYPE]: from a sealed file to the first token.

A made-up model of 134 million parameters (the shape of SmolLM-135M) in TYPE F32 or BF16, or one of
1,100 million as a GGUF file in TYPE Q8_0, Q4_0, Q4_K or Q6_K, is imported into a demo started from
BUILD, and asked for one token: with no engine that has it, then with one. Between two rounds it is
unloaded. Of a GGUF file llama.cpp (npm @node-llama-cpp/linux-x64) makes a token of the plain file
in each round, too: read, not mapped, on as many threads. Prints one JSON line: medians in
milliseconds, the file's bytes over what the first token cost more than a later one, and the
engine's CPU seconds for it.
"""

import array
import json
import os
import pathlib
import random
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time

from bench_download import TICKS, family, import_model, start_gateway

PORT = 10560
HIDDEN, LAYERS, MLP, HEADS, KV, VOCABULARY = 576, 30, 1536, 9, 3, 49152
SIZES = {"F32": 4, "BF16": 2}


def shapes():
    kv = HIDDEN // HEADS * KV
    yield "model.embed_tokens.weight", (VOCABULARY, HIDDEN)
    yield "model.norm.weight", (HIDDEN,)
    for i in range(LAYERS):
        at = f"model.layers.{i}."
        yield at + "input_layernorm.weight", (HIDDEN,)
        yield at + "post_attention_layernorm.weight", (HIDDEN,)
        for name, rows, columns in (("self_attn.q_proj", HIDDEN, HIDDEN),
                                    ("self_attn.k_proj", kv, HIDDEN),
                                    ("self_attn.v_proj", kv, HIDDEN),
                                    ("self_attn.o_proj", HIDDEN, HIDDEN),
                                    ("mlp.gate_proj", MLP, HIDDEN), ("mlp.up_proj", MLP, HIDDEN),
                                    ("mlp.down_proj", HIDDEN, MLP)):
            yield f"{at}{name}.weight", (rows, columns)


def small_numbers(kind):
    """A MiB of weights, over and over: as good as any for the clock."""
    source = random.Random(1)
    floats = array.array("f", (source.gauss(0, 0.02) for _ in range((1 << 20) // 4)))
    if kind == "F32":
        return floats.tobytes()
    return b"".join(struct.pack("<f", value)[2:] for value in floats) * 2


def write_model(folder, build, kind):
    """Its size in bytes."""
    source = pathlib.Path(__file__).parent.parent / "data/demo-model"
    folder.mkdir()
    for name in ("tokenizer.json", "generation_config.json"):
        shutil.copy(source / name, folder / name)
    config = json.loads((source / "config.json").read_text())
    config.update(hidden_size=HIDDEN, num_hidden_layers=LAYERS, intermediate_size=MLP,
                  num_attention_heads=HEADS, num_key_value_heads=KV, vocab_size=VOCABULARY,
                  head_dim=HIDDEN // HEADS, max_position_embeddings=2048)
    (folder / "config.json").write_text(json.dumps(config))
    header, at = {}, 0
    for name, shape in shapes():
        size = SIZES[kind] * shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    piece = small_numbers(kind)
    with open(folder / "model.safetensors", "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for begin in range(0, at, len(piece)):
            out.write(piece[:min(len(piece), at - begin)])
    return at


def write_gguf(folder, build, kind):
    """Shape L of bench_llama, with the demo's tokenizer beside it. Its size in bytes."""
    source = pathlib.Path(__file__).parent.parent / "data/demo-model"
    folder.mkdir()
    shutil.copy(source / "tokenizer.json", folder / "tokenizer.json")
    path = folder / "model.gguf"
    subprocess.run([f"{build}/tests/bench_llama", "write", "L", kind, str(path)], check=True)
    return path.stat().st_size


def llama_token(build, path):
    """llama.cpp's milliseconds to the first token of the plain file."""
    library = pathlib.Path(__file__).parent.parent / (
        "integration/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64")
    done = subprocess.run([f"{build}/tests/bench_load", str(library), str(path),
                           str(len(os.sched_getaffinity(0)))], check=True, capture_output=True,
                          text=True)
    return json.loads(done.stdout)["first_token_ms"]


def ask(demo, method, path, body, token):
    command = ["curl", "-sS", "--fail-with-body", "--cacert", demo["ca"], "-X", method,
               "-H", f"Authorization: Bearer {token}", "-H", "Content-Type: application/json"]
    if body is not None:
        command += ["-d", json.dumps(body)]
    done = subprocess.run([*command, demo["url"] + path], check=True, capture_output=True,
                          text=True)
    return json.loads(done.stdout)


def one_token(demo):
    begun = time.monotonic()
    ask(demo, "POST", "/v1/completions",
        {"model": "bench/weights", "prompt": "Once", "max_tokens": 1, "temperature": 0},
        demo["tokens"]["researcher"])
    return (time.monotonic() - begun) * 1000


def engine_cpu(root):
    """User and system seconds of the engine that has worked most."""
    spent = [(0.0, 0.0)]
    for pid in family(root):
        try:
            head, _, tail = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")
        except OSError:
            continue
        if head.partition("(")[2] == "sallyport-engin":  # the kernel keeps fifteen bytes of it
            fields = tail.split()
            spent.append((int(fields[11]) / TICKS, int(fields[12]) / TICKS))
    return max(spent, key=sum)


def unload(demo):
    token = demo["tokens"]["admin"]
    ask(demo, "POST", "/api/v1/models/bench/weights/unload", {}, token)
    while any(one["state"] != "empty" or not one["up"]
              for one in ask(demo, "GET", "/api/v1/engines", None, token)["engines"]
              if one.get("model") in (None, "bench/weights")):
        time.sleep(0.05)


def main():
    build = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    kind = sys.argv[3] if len(sys.argv) > 3 else "F32"
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        os.chmod(root, 0o755)
        is_gguf = kind not in SIZES
        size = (write_gguf if is_gguf else write_model)(root / "model", build, kind)
        process, demo = start_gateway(build, root, PORT)
        try:
            import_model(build, root, demo)
            cold, warm, cpu, theirs = [], [], [], []
            for _ in range(rounds):
                if is_gguf:
                    theirs.append(llama_token(build, root / "model/model.gguf"))
                cold.append(one_token(demo))
                cpu.append(engine_cpu(process.pid))
                warm.append(one_token(demo))
                unload(demo)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
    first, later = statistics.median(cold), statistics.median(warm)
    beside = {}
    if theirs:
        beside = {"llama_cpp_ms": round(statistics.median(theirs)),
                  "ratio": round(first / statistics.median(theirs), 2),
                  "ratios": [round(a / b, 2) for a, b in zip(cold, theirs)]}
    print(json.dumps({"bench": "load", "type": kind, "bytes": size, **beside,
                      "first_token_ms": round(first), "token_when_loaded_ms": round(later),
                      "load_mb_per_s": round(size / 1e6 / ((first - later) / 1000)),
                      "engine_user_s": statistics.median(user for user, _ in cpu),
                      "engine_system_s": statistics.median(system for _, system in cpu),
                      "rounds": rounds}))


if __name__ == "__main__":
    main()
