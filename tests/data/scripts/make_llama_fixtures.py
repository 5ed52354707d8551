# SPDX-License-Identifier: Apache-2.0
"""make_llama_fixtures.py - tiny random LLaMA models and the logits they must give.

A forward pass of its own in float32, written from the architecture and kept plain (no cache, no
batching), so that the engine is measured against something that shares no code with it. It is itself
measured against a real trained model: with --check DIR it must reproduce that model's greedy ids.

    apt-get install python3-torch python3-numpy libopenblas0-openmp
    /usr/bin/python3 make_llama_fixtures.py --out ../llama [--check DIR_OF_STORIES260K]

Everything is seeded. expected.json of each model: prompt_ids; logits of the last position in
logits_last and of three others in logits (as positions says); greedy_ids, the next 16 of argmax.
"""
import argparse
import json
import math
import os
import struct
import sys

import numpy as np
import torch

DTYPES = {"F32": (torch.float32, np.float32), "F16": (torch.float16, np.float16), "BF16": (torch.bfloat16, np.uint16)}


# -- safetensors -----------------------------------------------------------------------------------

def to_bytes(t, dtype):
    t = t.contiguous()
    if dtype == "BF16":                             # the upper half of a float32, rounded to even by torch
        return (t.bfloat16().float().numpy().view(np.uint32) >> 16).astype("<u2").tobytes()
    return t.to(DTYPES[dtype][0]).numpy().tobytes()


def write_file(path, tensors, dtype):
    header, offset, data = {"__metadata__": {"format": "pt"}}, 0, []
    for name, t in tensors.items():
        data.append(to_bytes(t, dtype))
        header[name] = {"dtype": dtype, "shape": list(t.shape), "data_offsets": [offset, offset + len(data[-1])]}
        offset += len(data[-1])
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(data))


def read_file(path):
    blob = open(path, "rb").read()
    size, = struct.unpack("<Q", blob[:8])
    header, tensors = json.loads(blob[8:8 + size]), {}
    header.pop("__metadata__", None)
    for name, h in header.items():
        a, b = h["data_offsets"]
        raw = np.frombuffer(blob[8 + size + a:8 + size + b], DTYPES[h["dtype"]][1])
        if h["dtype"] == "BF16":
            raw = (raw.astype(np.uint32) << 16).view(np.float32)
        tensors[name] = torch.from_numpy(raw.astype(np.float32)).reshape(h["shape"])
    return tensors


def read_model(folder):
    config = json.load(open(f"{folder}/config.json"))
    index = f"{folder}/model.safetensors.index.json"
    files = ["model.safetensors"]
    if os.path.exists(index):
        files = sorted(set(json.load(open(index))["weight_map"].values()))
    tensors = {}
    for name in files:
        tensors.update(read_file(f"{folder}/{name}"))
    return config, tensors


# -- forward pass ----------------------------------------------------------------------------------

def inverse_frequencies(config, head_dim):
    """One angle a pair of dimensions: theta^(-2i/d), then what rope_scaling does to it."""
    speed = 1.0 / (config.get("rope_theta", 10000.0) ** (torch.arange(0, head_dim, 2, dtype=torch.float32) / head_dim))
    scaling = config.get("rope_scaling")
    if not scaling:
        return speed
    kind = scaling.get("rope_type", scaling.get("type"))
    factor = scaling["factor"]
    if kind == "linear":                            # positions divided by the factor
        return speed / factor
    assert kind == "llama3", kind
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    trained = scaling["original_max_position_embeddings"]
    out = []
    for s in speed.tolist():
        wavelength = 2 * math.pi / s
        if wavelength < trained / high:             # turns often within the trained length: kept
            out.append(s)
        elif wavelength > trained / low:            # turns less than once: stretched
            out.append(s / factor)
        else:                                       # between the two: a linear blend
            smooth = (trained / wavelength - low) / (high - low)
            out.append((1 - smooth) * s / factor + smooth * s)
    return torch.tensor(out, dtype=torch.float32)


def rms_norm(x, weight, eps):
    return weight * (x / torch.sqrt((x * x).mean(dim=-1, keepdim=True) + eps))


def rotate(x, cos, sin):
    """x: heads, positions, head_dim. Dimension i turns with dimension i + head_dim / 2."""
    half = x.shape[-1] // 2
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


def forward(config, w, ids):
    """Logits of every position, [positions, vocab]."""
    heads, kv_heads = config["num_attention_heads"], config.get("num_key_value_heads", config["num_attention_heads"])
    head_dim = config.get("head_dim") or config["hidden_size"] // heads
    eps, n = config["rms_norm_eps"], len(ids)
    angle = torch.outer(torch.arange(n, dtype=torch.float32), inverse_frequencies(config, head_dim))
    cos, sin = torch.cos(angle), torch.sin(angle)

    def project(x, name):
        y = x @ w[name + ".weight"].t()
        return y + w[name + ".bias"] if name + ".bias" in w else y

    x = w["model.embed_tokens.weight"][torch.tensor(ids)]
    for layer in range(config["num_hidden_layers"]):
        at = f"model.layers.{layer}."
        h = rms_norm(x, w[at + "input_layernorm.weight"], eps)
        q = project(h, at + "self_attn.q_proj").reshape(n, heads, head_dim).permute(1, 0, 2)
        k = project(h, at + "self_attn.k_proj").reshape(n, kv_heads, head_dim).permute(1, 0, 2)
        v = project(h, at + "self_attn.v_proj").reshape(n, kv_heads, head_dim).permute(1, 0, 2)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        mixed = []
        for head in range(heads):                   # head h reads key and value head h // (heads / kv_heads)
            shared = head // (heads // kv_heads)
            score = q[head] @ k[shared].t() / math.sqrt(head_dim)
            score = score.masked_fill(torch.ones(n, n).triu(1).bool(), float("-inf"))
            mixed.append(torch.softmax(score, dim=-1) @ v[shared])
        x = x + project(torch.cat(mixed, dim=-1), at + "self_attn.o_proj")
        h = rms_norm(x, w[at + "post_attention_layernorm.weight"], eps)
        gate, up = project(h, at + "mlp.gate_proj"), project(h, at + "mlp.up_proj")
        x = x + project(gate * torch.sigmoid(gate) * up, at + "mlp.down_proj")
    x = rms_norm(x, w["model.norm.weight"], eps)
    return x @ w.get("lm_head.weight", w["model.embed_tokens.weight"]).t()


def greedy(config, w, ids, count):
    """The next ids, and the smallest lead that a winner had over the second."""
    ids, lead = list(ids), math.inf
    for _ in range(count):
        top = torch.topk(forward(config, w, ids)[-1], 2)
        lead = min(lead, float(top.values[0] - top.values[1]))
        ids.append(int(top.indices[0]))
    return ids[-count:], lead


# -- the models ------------------------------------------------------------------------------------

BASE = {
    "architectures": ["LlamaForCausalLM"], "attention_bias": False, "attention_dropout": 0.0, "bos_token_id": 1,
    "eos_token_id": 2, "hidden_act": "silu", "hidden_size": 32, "initializer_range": 0.02, "intermediate_size": 64,
    "max_position_embeddings": 256, "mlp_bias": False, "model_type": "llama", "num_attention_heads": 4,
    "num_hidden_layers": 2, "num_key_value_heads": 2, "rms_norm_eps": 1e-5, "rope_scaling": None,
    "rope_theta": 10000.0, "tie_word_embeddings": False, "torch_dtype": "float32", "use_cache": True, "vocab_size": 96,
}
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 32}
MODELS = {   # name: (changes to BASE, stored as, files, length of the prompt)
    "mha-untied": ({"num_key_value_heads": 4, "intermediate_size": 56}, "F32", 1, 24),
    "gqa-tied": ({"tie_word_embeddings": True, "vocab_size": 160}, "F32", 1, 24),
    "mqa-theta": ({"num_key_value_heads": 1, "rope_theta": 500000.0, "rms_norm_eps": 1e-6}, "F32", 1, 24),
    # 2 heads of 16: wavelengths 6.3, 19.9, 62.8 ... are kept, blended, stretched
    "rope-llama3": ({"rope_scaling": LLAMA3, "num_attention_heads": 2, "num_key_value_heads": 1,
                     "tie_word_embeddings": True}, "F32", 1, 48),
    "rope-linear": ({"rope_scaling": {"type": "linear", "factor": 4.0}, "tie_word_embeddings": True}, "F32", 1, 24),
    "f16": ({"torch_dtype": "float16", "hidden_size": 48, "intermediate_size": 96, "vocab_size": 256,
             "tie_word_embeddings": True}, "F16", 1, 24),
    "bf16": ({"torch_dtype": "bfloat16", "hidden_size": 48, "intermediate_size": 96, "vocab_size": 300,
              "tie_word_embeddings": True}, "BF16", 1, 24),
    "sharded": ({"vocab_size": 64}, "F32", 2, 24),
    "head-dim": ({"head_dim": 12, "tie_word_embeddings": True}, "F32", 1, 24),
    "biased": ({"attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True}, "F32", 1, 24),
}


def shapes(c):
    heads, kv, hidden, ffn = c["num_attention_heads"], c["num_key_value_heads"], c["hidden_size"], c["intermediate_size"]
    dim = c.get("head_dim") or hidden // heads
    yield "model.embed_tokens.weight", (c["vocab_size"], hidden)
    for i in range(c["num_hidden_layers"]):
        at = f"model.layers.{i}."
        yield at + "input_layernorm.weight", (hidden,)
        for name, n_out, n_in in (("q", heads * dim, hidden), ("k", kv * dim, hidden), ("v", kv * dim, hidden),
                                  ("o", hidden, heads * dim)):
            yield f"{at}self_attn.{name}_proj.weight", (n_out, n_in)
            if c["attention_bias"]:
                yield f"{at}self_attn.{name}_proj.bias", (n_out,)
        yield at + "post_attention_layernorm.weight", (hidden,)
        for name, n_out, n_in in (("gate", ffn, hidden), ("up", ffn, hidden), ("down", hidden, ffn)):
            yield f"{at}mlp.{name}_proj.weight", (n_out, n_in)
            if c["mlp_bias"]:
                yield f"{at}mlp.{name}_proj.bias", (n_out,)
    yield "model.norm.weight", (hidden,)
    if not c["tie_word_embeddings"]:
        yield "lm_head.weight", (c["vocab_size"], hidden)


def random_weights(config, seed):
    """Large enough that every part changes the logits: sharp attention, biases and norms off their defaults."""
    g, w = torch.Generator().manual_seed(seed), {}
    for name, shape in shapes(config):
        noise = torch.randn(*shape, generator=g)
        if "norm" in name:
            w[name] = 1.0 + 0.2 * noise
        elif name.endswith("bias"):
            w[name] = 0.3 * noise
        elif "embed" in name or "lm_head" in name:
            w[name] = 0.5 * noise
        else:
            w[name] = noise * (1.6 if "q_proj" in name or "k_proj" in name else 1.1) / math.sqrt(shape[1])
    return w


def store(folder, config, w, dtype, files):
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/config.json", "w") as f:
        f.write(json.dumps(config, indent=2) + "\n")
    if files == 1:
        write_file(f"{folder}/model.safetensors", w, dtype)
        return
    names, places, total = list(w), {}, 0
    cut = next(i for i, n in enumerate(names) if n.startswith("model.layers.1."))
    for i, part in enumerate((names[:cut], names[cut:]), 1):
        file = f"model-{i:05d}-of-{files:05d}.safetensors"
        write_file(f"{folder}/{file}", {n: w[n] for n in part}, dtype)
        places.update({n: file for n in part})
        total += sum(w[n].numel() * 4 for n in part)
    with open(f"{folder}/model.safetensors.index.json", "w") as f:
        f.write(json.dumps({"metadata": {"total_size": total}, "weight_map": places}, indent=2) + "\n")


def numbers(t):
    return "[" + ", ".join(f"{float(x):.9g}" for x in t) + "]"


def expect(folder, prompt):
    """Reads back what was stored, so that rounding to F16 or BF16 is in the expected numbers."""
    config, w = read_model(folder)
    logits = forward(config, w, prompt)
    positions = [0, len(prompt) // 3, 2 * len(prompt) // 3]
    ids, lead = greedy(config, w, prompt, 16)
    rows = ",\n    ".join(numbers(logits[p]) for p in positions)
    with open(f"{folder}/expected.json", "w") as f:
        f.write(f'{{\n  "prompt_ids": {json.dumps(prompt)},\n  "greedy_ids": {json.dumps(ids)},\n'
                f'  "logits_last": {numbers(logits[-1])},\n'
                f'  "positions": {json.dumps(positions)},\n  "logits": [\n    {rows}\n  ]\n}}\n')
    return lead, float(logits.abs().max()), len(set(ids))


def check(folder):
    config, w = read_model(folder)
    known = json.load(open(f"{folder}/greedy_ids_llamacpp.json"))
    count, want = len(known["greedy_ids"]), open(f"{folder}/expected_greedy.txt", encoding="utf-8").read().strip()
    ids, lead = greedy(config, w, known["prompt_ids"], count + 8)      # the text goes on a little longer than the ids
    vocab = {i: t for t, i in json.load(open(f"{folder}/tokenizer.json"))["model"]["vocab"].items()}
    text = b"".join(bytes([i - 3]) if 3 <= i < 259 else vocab[i].replace("\u2581", " ").encode() for i in ids)
    same = sum(a == b for a, b in zip(ids, known["greedy_ids"]))
    print(f"check: {same} of {count} greedy ids, text {'equal' if text.decode().strip().startswith(want) else 'differs'}, "
          f"smallest lead {lead:.5f}")
    assert same == count and text.decode().strip().startswith(want)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--out", required=True)
    p.add_argument("--check")
    args = p.parse_args()
    torch.set_num_threads(1)
    with torch.no_grad():
        if args.check:
            check(args.check)
        for number, (name, (changes, dtype, files, length)) in enumerate(MODELS.items()):
            config, folder = {**BASE, **changes}, f"{args.out}/{name}"
            for seed in range(100 * number, 100 * number + 100):   # the first whose greedy ids no rounding can change
                g = torch.Generator().manual_seed(seed)
                prompt = [1] + torch.randint(3, config["vocab_size"], (length - 1,), generator=g).tolist()
                store(folder, config, random_weights(config, seed), dtype, files)
                lead, largest, different = expect(folder, prompt)
                if lead > 0.02 and different >= 8:
                    break
            else:
                sys.exit(f"{name}: no seed gives clear winners")
            size = sum(os.path.getsize(f"{folder}/{f}") for f in os.listdir(folder))
            print(f"{name}: seed {seed}, {size} bytes, smallest lead {lead:.4f}, largest logit {largest:.3f}, different ids {different}")


if __name__ == "__main__":
    main()
