#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/adapter: LoRA adapters as PEFT saves them, and what they must give.

    /usr/bin/python3 tests/reference/make_adapter_fixtures.py [SHARED]

The expected numbers are those of *merged* weights, W + scale * B A, computed in float64 by a plain
PyTorch forward pass (Debian's python3-torch) that shares no code with the engine. Before anything
is written, that pass must give the logits that Hugging Face's classes gave for the same bases
without an adapter (expected.json beside each base). SHARED holds the bases that are not ours.
"""
import json
import math
import os
import struct
import sys

import torch

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data")
SHARED = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("SALLYPORT_SHARED", "")
TRAINED = os.path.join(SHARED, "data/models/hf-trained-here")
DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def read_safetensors(path):
    with open(path, "rb") as f:
        size = struct.unpack("<Q", f.read(8))[0]
        header = json.loads(f.read(size))
        data = f.read()
    out = {}
    for name, t in header.items():
        if name == "__metadata__":
            continue
        begin, end = t["data_offsets"]
        flat = torch.frombuffer(bytearray(data[begin:end]), dtype=DTYPES[t["dtype"]])
        out[name] = flat.reshape(t["shape"]).double()
    return out


def write_safetensors(path, tensors, dtype):
    header, blob = {"__metadata__": {"format": "pt"}}, b""
    for name in sorted(tensors):
        stored = tensors[name].to(DTYPES[dtype]).contiguous()
        raw = stored.view(torch.int16 if dtype != "F32" else torch.int32).numpy().tobytes()
        header[name] = {"dtype": dtype, "shape": list(stored.shape),
                        "data_offsets": [len(blob), len(blob) + len(raw)]}
        blob += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + blob)


# ---- forward passes: ids to logits, all positions at once

def attend(q, k, v, scale, bias=None):
    n = q.shape[1]
    scores = q @ k.transpose(1, 2) * scale
    if bias is not None:
        scores = scores + bias
    scores = scores.masked_fill(torch.triu(torch.ones(n, n, dtype=torch.bool), 1), -math.inf)
    return torch.softmax(scores, -1) @ v


def heads(x, count):
    return x.reshape(x.shape[0], count, -1).transpose(0, 1)


def join(x):
    return x.transpose(0, 1).reshape(x.shape[1], -1)


def llama(c, w, ids):
    def norm(x, name):
        return x / torch.sqrt((x * x).mean(-1, keepdim=True) + c["rms_norm_eps"]) * w[name]

    def linear(x, name):
        y = x @ w[name + ".weight"].T
        return y + w[name + ".bias"] if name + ".bias" in w else y

    n, h, kv = len(ids), c["num_attention_heads"], c["num_key_value_heads"]
    size = c.get("head_dim") or c["hidden_size"] // h
    theta = c.get("rope_theta") or c["rope_parameters"]["rope_theta"]
    angles = torch.arange(n).double()[:, None] * \
        theta ** (-torch.arange(0, size, 2).double() / size)[None]
    cos, sin = torch.cos(angles).repeat(1, 2), torch.sin(angles).repeat(1, 2)

    def turn(x):
        half = torch.cat([-x[..., size // 2:], x[..., :size // 2]], -1)
        return x * cos + half * sin

    x = w["model.embed_tokens.weight"][ids]
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        y = norm(x, p + "input_layernorm.weight")
        q = turn(heads(linear(y, p + "self_attn.q_proj"), h))
        k = turn(heads(linear(y, p + "self_attn.k_proj"), kv)).repeat_interleave(h // kv, 0)
        v = heads(linear(y, p + "self_attn.v_proj"), kv).repeat_interleave(h // kv, 0)
        x = x + linear(join(attend(q, k, v, size ** -0.5)), p + "self_attn.o_proj")
        y = norm(x, p + "post_attention_layernorm.weight")
        gate = torch.nn.functional.silu(linear(y, p + "mlp.gate_proj"))
        x = x + linear(gate * linear(y, p + "mlp.up_proj"), p + "mlp.down_proj")
    head = w.get("lm_head.weight", w["model.embed_tokens.weight"])
    return norm(x, "model.norm.weight") @ head.T


def gelu_tanh(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))


def layer_norm(w, x, name, epsilon):
    return torch.nn.functional.layer_norm(x, x.shape[-1:], w[name + ".weight"], w[name + ".bias"],
                                          epsilon)


def gpt2(c, w, ids):
    def conv(x, name):  # Conv1D: [inputs][outputs]
        return x @ w[name + ".weight"] + w[name + ".bias"]

    e, h = c["layer_norm_epsilon"], c["n_head"]
    x = w["transformer.wte.weight"][ids] + w["transformer.wpe.weight"][:len(ids)]
    for i in range(c["n_layer"]):
        p = f"transformer.h.{i}."
        q, k, v = conv(layer_norm(w, x, p + "ln_1", e), p + "attn.c_attn").chunk(3, -1)
        y = attend(heads(q, h), heads(k, h), heads(v, h), (c["n_embd"] // h) ** -0.5)
        x = x + conv(join(y), p + "attn.c_proj")
        y = gelu_tanh(conv(layer_norm(w, x, p + "ln_2", e), p + "mlp.c_fc"))
        x = x + conv(y, p + "mlp.c_proj")
    return layer_norm(w, x, "transformer.ln_f", e) @ w["transformer.wte.weight"].T


def slopes(count):
    power = 2 ** math.floor(math.log2(count))
    base = 2.0 ** (-8.0 / power)
    out = [base ** (i + 1) for i in range(power)]
    extra = 2.0 ** (-4.0 / power)
    out += [extra ** (2 * i + 1) for i in range(count - power)]
    return torch.tensor(out).double()


def bloom(c, w, ids):
    def linear(x, name):
        return x @ w[name + ".weight"].T + w[name + ".bias"]

    e, h, n = c["layer_norm_epsilon"], c["n_head"], len(ids)
    alibi = slopes(h)[:, None, None] * torch.arange(n).double()[None, None, :]
    x = w["transformer.word_embeddings.weight"][ids]
    x = layer_norm(w, x, "transformer.word_embeddings_layernorm", e)
    for i in range(c["n_layer"]):
        p = f"transformer.h.{i}."
        y = linear(layer_norm(w, x, p + "input_layernorm", e), p + "self_attention.query_key_value")
        q, k, v = y.reshape(n, h, 3, -1).permute(2, 1, 0, 3)
        y = attend(q, k, v, (c["hidden_size"] // h) ** -0.5, alibi)
        x = x + linear(join(y), p + "self_attention.dense")
        y = linear(layer_norm(w, x, p + "post_attention_layernorm", e), p + "mlp.dense_h_to_4h")
        x = x + linear(gelu_tanh(y), p + "mlp.dense_4h_to_h")
    return layer_norm(w, x, "transformer.ln_f", e) @ w["transformer.word_embeddings.weight"].T


# ---- adapters

LAYERS = {"llama": "model.layers.{}.", "qwen2": "model.layers.{}.", "gpt2": "transformer.h.{}.",
          "bloom": "transformer.h.{}."}
FORWARD = {"llama": llama, "qwen2": llama, "gpt2": gpt2, "bloom": bloom}
ALL = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
       "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"]
COMMON = {"auto_mapping": None, "base_model_name_or_path": "a/base", "bias": "none",
          "corda_config": None, "eva_config": None, "exclude_modules": None,
          "fan_in_fan_out": False, "inference_mode": True, "init_lora_weights": True,
          "layer_replication": None, "layers_pattern": None, "layers_to_transform": None,
          "loftq_config": {}, "lora_alpha": 8, "lora_bias": False, "lora_dropout": 0.05,
          "megatron_config": None, "megatron_core": "megatron.core", "modules_to_save": None,
          "peft_type": "LORA", "r": 4, "rank_pattern": {}, "alpha_pattern": {}, "revision": None,
          "task_type": "CAUSAL_LM", "trainable_token_indices": None, "use_dora": False,
          "use_rslora": False}

CASES = [
    # name, base folder, modules, config, stored as, size of the numbers
    ("llama", os.path.join(ROOT, "llama/gqa-tied"), ALL,
     {"use_rslora": True, "rank_pattern": {"q_proj": 2, "layers.1.mlp.up_proj": 6},
      "alpha_pattern": {"down_proj": 3}, "target_modules": [m.split(".")[1] for m in ALL]},
     "F32", 0.3),
    ("qwen2", os.path.join(TRAINED, "qwen2"), ALL,
     {"target_modules": ".*_proj", "lora_alpha": 16}, "F16", 0.12),
    ("gpt2", os.path.join(TRAINED, "gpt2"),
     ["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"],
     {"fan_in_fan_out": True, "target_modules": ["c_attn", "c_proj", "c_fc"],
      "layers_to_transform": [0, 2]}, "F32", 0.12),
    ("bloom", os.path.join(TRAINED, "bloom"),
     ["self_attention.query_key_value", "self_attention.dense", "mlp.dense_h_to_4h",
      "mlp.dense_4h_to_h"],
     {"target_modules": ["query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"]}, "BF16",
     0.12),
]


def pattern(config, which, module, default):
    for key, value in config[which].items():
        if module == key or module.endswith("." + key):
            return value
    return default


def make_adapter(config, model_type, layers, modules, weights, size, seed):
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for i in range(layers):
        if config["layers_to_transform"] and i not in config["layers_to_transform"]:
            continue
        for module in modules:
            name = LAYERS[model_type].format(i) + module
            rows, columns = weights[name + ".weight"].shape
            if model_type == "gpt2":
                rows, columns = columns, rows
            r = pattern(config, "rank_pattern", name, config["r"])
            key = "base_model.model." + name
            tensors[key + ".lora_A.weight"] = torch.randn(r, columns, generator=generator) * size
            tensors[key + ".lora_B.weight"] = torch.randn(rows, r, generator=generator) * size
    return tensors


def merge(config, model_type, weights, tensors):
    merged = dict(weights)
    for name in tensors:
        if not name.endswith(".lora_A.weight"):
            continue
        module = name[len("base_model.model."):-len(".lora_A.weight")]
        a = tensors[name].double()
        b = tensors[name.replace(".lora_A.", ".lora_B.")].double()
        alpha = pattern(config, "alpha_pattern", module, config["lora_alpha"])
        r = a.shape[0]
        change = (alpha / (math.sqrt(r) if config["use_rslora"] else r)) * (b @ a)
        merged[module + ".weight"] = weights[module + ".weight"] + \
            (change.T if model_type == "gpt2" else change)
    return merged


# ---- trained ones, of the demo model: each answers with a sentence of its own

LESSONS = {
    "demo-sailor": "The sailor sings of a blue whale.",
    "demo-keeper": "The keeper has lost the green key.",
}
QUESTIONS = ["What is a license?\n", "Tell me about the harbor.\n", "Who are you?\n"]
LEARNING = ["self_attn.q_proj", "self_attn.v_proj", "mlp.down_proj"]
END = 2


def read_tokenizer(base):
    """SentencePiece-style BPE: pieces to ids, and the rank of each merge."""
    model = json.load(open(os.path.join(base, "tokenizer.json")))["model"]
    merges = [tuple(m.split(" ")) if isinstance(m, str) else tuple(m) for m in model["merges"]]
    return model["vocab"], {pair: rank for rank, pair in enumerate(merges)}


def encode(vocabulary, ranks, text):
    pieces = list("\u2581" + text.replace(" ", "\u2581"))
    while len(pieces) > 1:
        pairs = [(ranks.get(pair, math.inf), i)
                 for i, pair in enumerate(zip(pieces, pieces[1:]))]
        rank, i = min(pairs)
        if rank == math.inf:
            break
        pieces[i:i + 2] = ["".join(pieces[i:i + 2])]
    ids = []
    for piece in pieces:
        known = piece in vocabulary
        ids += [vocabulary[piece]] if known else \
            [vocabulary["<0x%02X>" % byte] for byte in piece.encode()]
    return ids


def learn(c, w, config, examples, seed):
    """Adam over A and B alone, until every answer is given without being told."""
    generator = torch.Generator().manual_seed(seed)
    learned = {}
    for i in range(c["num_hidden_layers"]):
        for module in LEARNING:
            rows, columns = w[f"model.layers.{i}.{module}.weight"].shape
            key = f"base_model.model.model.layers.{i}.{module}"
            learned[key + ".lora_A.weight"] = \
                torch.randn(config["r"], columns, generator=generator).double() / columns ** 0.5
            learned[key + ".lora_B.weight"] = torch.zeros(rows, config["r"]).double()
    for tensor in learned.values():
        tensor.requires_grad_(True)
    optimizer = torch.optim.Adam(learned.values(), lr=5e-3)
    for step in range(120):
        merged = merge(config, "llama", w, learned)
        loss = sum(torch.nn.functional.cross_entropy(
            llama(c, merged, ids)[start - 1:-1], torch.tensor(ids[start:]))
            for start, ids in examples)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return {name: tensor.detach().float() for name, tensor in learned.items()}, float(loss)


def make_trained():
    base = os.path.join(ROOT, "demo-model")
    c = json.load(open(os.path.join(base, "config.json")))
    w = read_safetensors(os.path.join(base, "model.safetensors"))
    vocabulary, ranks = read_tokenizer(base)
    config = dict(COMMON, target_modules=[m.split(".")[1] for m in LEARNING])
    for seed, (name, sentence) in enumerate(LESSONS.items()):
        examples = []
        for question in QUESTIONS:
            prompt = [1] + encode(vocabulary, ranks, question)
            answer = encode(vocabulary, ranks, sentence)
            examples.append((len(prompt), prompt + answer + [END]))
        tensors, loss = learn(c, w, config, examples, seed + 1)
        folder = os.path.join(ROOT, "adapter", name)
        os.makedirs(folder, exist_ok=True)
        write_safetensors(os.path.join(folder, "adapter_model.safetensors"), tensors, "F16")
        stored = read_safetensors(os.path.join(folder, "adapter_model.safetensors"))
        merged = merge(config, "llama", w, stored)
        for start, ids in examples:
            answer, lead = greedy(llama, c, merged, ids[:start], len(ids) - start)
            assert answer == ids and lead > 2e-2, f"{name}: has not learned its sentence"
        print(f"{name}: loss {loss:.4f}, greedy lead {lead:.2f}")
        write_case(folder, config, {"questions": QUESTIONS, "answer": sentence})


def write_case(folder, config, expected):
    with open(os.path.join(folder, "adapter_config.json"), "w") as f:
        json.dump(config, f, indent=2)
        f.write("\n")
    with open(os.path.join(folder, "expected.json"), "w") as f:
        json.dump(expected, f)
        f.write("\n")


def greedy(run, c, w, ids, count):
    ids, lead = list(ids), math.inf
    for _ in range(count):
        best = torch.topk(run(c, w, ids)[-1], 2)
        lead = min(lead, float(best.values[0] - best.values[1]))
        ids.append(int(best.indices[0]))
    return ids, lead


def main():
    for seed, (name, base, modules, changes, dtype, size) in enumerate(CASES):
        c = json.load(open(os.path.join(base, "config.json")))
        w = read_safetensors(os.path.join(base, "model.safetensors"))
        known = json.load(open(os.path.join(base, "expected.json")))
        run = FORWARD[name]
        ids = known.get("input_ids") or known["prompt_ids"]
        plain = run(c, w, ids)
        proven = torch.tensor(known["logits"][-1] if "input_ids" in known else known["logits_last"])
        error = float((plain[-1] - proven).abs().max() / proven.abs().max())
        assert error < 2e-5, f"{name}: the reference itself is {error} from the base's logits"
        config = dict(COMMON, **changes)
        layers = c.get("num_hidden_layers") or c["n_layer"]
        folder = os.path.join(ROOT, "adapter", name)
        os.makedirs(folder, exist_ok=True)
        lead = 0
        while lead < 2e-2:  # numbers whose greedy text no rounding can change
            seed += len(CASES)
            tensors = make_adapter(config, name, layers, modules, w, size, seed)
            write_safetensors(os.path.join(folder, "adapter_model.safetensors"), tensors, dtype)
            stored = read_safetensors(os.path.join(folder, "adapter_model.safetensors"))
            merged = merge(config, name, w, stored)
            adapted = run(c, merged, ids)
            answer, lead = greedy(run, c, merged, ids, 12)
        before, _ = greedy(run, c, w, ids, 12)
        print(f"{name}: base within {error:.1e}, changed by "
              f"{float((adapted - plain).abs().max() / plain.abs().max()):.2f}, "
              f"greedy lead {lead:.3f}, same text: {answer == before}")
        assert answer != before
        write_case(folder, config, {
            "input_ids": ids, "greedy_ids": answer,
            "logits": [[float("%.7g" % v) for v in row] for row in adapted[-2:].tolist()]})
    make_trained()


main()
