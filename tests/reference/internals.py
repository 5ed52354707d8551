#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What is inside five small trained models while they read a few tokens, by PyTorch.

usage: internals.py SHARED OUT

Each model is written down here plainly, after its paper, with the points that TransformerLens names
(`from_pretrained_no_processing`: weights as they are in the file). Before anything is kept, the
logits or states at the end are held against those that Hugging Face's classes computed
(expected.json beside the model), so that what lies between is theirs, too.
"""
import json
import math
import os
import struct
import sys

import torch
import torch.nn.functional as F

def tensors_of(path):
    data = open(path, "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    out = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        first, end = entry["data_offsets"]
        assert entry["dtype"] == "F32", entry
        raw = bytearray(data[8 + size + first : 8 + size + end])
        raw = torch.frombuffer(raw, dtype=torch.float32)
        out[name] = raw.reshape(entry["shape"]).double()
    return out


class Seen(dict):
    def see(self, name, value):
        self[name] = value.clone()
        return value


def attend(seen, layer, q, k, v, bias):
    """q [n][heads][size], k and v [n][kv heads][size]; bias [heads or 1][n][n]."""
    groups = q.shape[1] // k.shape[1]
    keys, values = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
    scores = torch.einsum("ihd,jhd->hij", q, keys) / math.sqrt(q.shape[2]) + bias
    pattern = seen.see(f"blocks.{layer}.attn.hook_pattern", scores.softmax(-1))
    return seen.see(f"blocks.{layer}.attn.hook_z", torch.einsum("hij,jhd->ihd", pattern, values))


def layer_norm(t, x, name, epsilon):
    return F.layer_norm(x, x.shape[-1:], t[name + ".weight"], t[name + ".bias"], epsilon)


def past(n):
    return torch.full((n, n), -math.inf, dtype=torch.float64).triu(1)[None]


def split(seen, layer, q, k, v, heads, kv_heads):
    n, name = q.shape[0], f"blocks.{layer}.attn.hook_"
    return (
        seen.see(name + "q", q.reshape(n, heads, -1)),
        seen.see(name + "k", k.reshape(n, kv_heads, -1)),
        seen.see(name + "v", v.reshape(n, kv_heads, -1)),
    )


def gpt2(t, c, ids, seen):
    def norm(x, name):
        return layer_norm(t, x, name, c["layer_norm_epsilon"])

    def conv(x, name):
        return x @ t[name + ".weight"] + t[name + ".bias"]

    x = seen.see("hook_embed", t["transformer.wte.weight"][ids])
    x = x + t["transformer.wpe.weight"][: len(ids)]
    for i in range(c["n_layer"]):
        p, b = f"transformer.h.{i}.", f"blocks.{i}."
        seen.see(b + "hook_resid_pre", x)
        q, k, v = conv(norm(x, p + "ln_1"), p + "attn.c_attn").chunk(3, -1)
        z = attend(seen, i, *split(seen, i, q, k, v, c["n_head"], c["n_head"]), past(len(ids)))
        out = seen.see(b + "hook_attn_out", conv(z.flatten(1), p + "attn.c_proj"))
        x = seen.see(b + "hook_resid_mid", x + out)
        y = F.gelu(conv(norm(x, p + "ln_2"), p + "mlp.c_fc"), approximate="tanh")
        out = conv(y, p + "mlp.c_proj")
        x = seen.see(b + "hook_resid_post", x + seen.see(b + "hook_mlp_out", out))
    x = seen.see("ln_final.hook_normalized", norm(x, "transformer.ln_f"))
    return x @ t["transformer.wte.weight"].T


def llama(t, c, ids, seen):
    """LLaMA, and Qwen2, whose q, k and v have biases."""
    def norm(x, name):
        root = torch.rsqrt((x * x).mean(-1, keepdim=True) + c["rms_norm_eps"])
        return x * root * t[name + ".weight"]

    def turn(x):
        half = x.shape[2] // 2
        theta = c.get("rope_theta") or c.get("rope_parameters", {}).get("rope_theta", 10000.0)
        angles = torch.outer(
            torch.arange(len(ids), dtype=torch.float64),
            theta ** (-torch.arange(half, dtype=torch.float64) / half),
        )[:, None]
        a, b = x[..., :half], x[..., half:]
        cosine, sine = angles.cos(), angles.sin()
        return torch.cat([a * cosine - b * sine, b * cosine + a * sine], -1)

    x = seen.see("hook_embed", t["model.embed_tokens.weight"][ids])
    for i in range(c["num_hidden_layers"]):
        p, b = f"model.layers.{i}.", f"blocks.{i}."
        seen.see(b + "hook_resid_pre", x)
        y = norm(x, p + "input_layernorm")
        q, k, v = (y @ t[p + f"self_attn.{n}_proj.weight"].T for n in "qkv")
        q, k, v = (
            x + t.get(p + f"self_attn.{n}_proj.bias", 0.0) for n, x in zip("qkv", (q, k, v))
        )
        q, k, v = split(seen, i, q, k, v, c["num_attention_heads"], c["num_key_value_heads"])
        q = seen.see(b + "attn.hook_rot_q", turn(q))
        k = seen.see(b + "attn.hook_rot_k", turn(k))
        z = attend(seen, i, q, k, v, past(len(ids)))
        out = seen.see(b + "hook_attn_out", z.flatten(1) @ t[p + "self_attn.o_proj.weight"].T)
        x = seen.see(b + "hook_resid_mid", x + out)
        y = norm(x, p + "post_attention_layernorm")
        y = F.silu(y @ t[p + "mlp.gate_proj.weight"].T) * (y @ t[p + "mlp.up_proj.weight"].T)
        out = seen.see(b + "hook_mlp_out", y @ t[p + "mlp.down_proj.weight"].T)
        x = seen.see(b + "hook_resid_post", x + out)
    x = seen.see("ln_final.hook_normalized", norm(x, "model.norm"))
    return x @ t.get("lm_head.weight", t["model.embed_tokens.weight"]).T


def bloom(t, c, ids, seen):
    t = {name.removeprefix("transformer."): value for name, value in t.items()}
    heads = c["n_head"]

    def norm(x, name):
        return layer_norm(t, x, name, c["layer_norm_epsilon"])

    def product(x, name):
        return x @ t[name + ".weight"].T + t[name + ".bias"]

    power = 2 ** int(math.log2(heads))  # Press et al.: other numbers take some of the next power's
    slopes = [2.0 ** (-8.0 * i / power) for i in range(1, power + 1)]
    slopes += [2.0 ** (-4.0 * i / power) for i in range(1, 2 * (heads - power), 2)]
    slopes = torch.tensor(slopes, dtype=torch.float64)
    places = torch.arange(len(ids), dtype=torch.float64)
    bias = slopes[:, None, None] * (places[None, :] - places[:, None])[None] + past(len(ids))
    x = seen.see("hook_embed", norm(t["word_embeddings.weight"][ids], "word_embeddings_layernorm"))
    for i in range(c["n_layer"]):
        p, b = f"h.{i}.", f"blocks.{i}."
        seen.see(b + "hook_resid_pre", x)
        y = product(norm(x, p + "input_layernorm"), p + "self_attention.query_key_value")
        q, k, v = y.reshape(len(ids), heads, 3, -1).unbind(2)
        z = attend(seen, i, *split(seen, i, q, k, v, heads, heads), bias)
        out = seen.see(b + "hook_attn_out", product(z.flatten(1), p + "self_attention.dense"))
        x = seen.see(b + "hook_resid_mid", x + out)
        y = product(norm(x, p + "post_attention_layernorm"), p + "mlp.dense_h_to_4h")
        out = product(F.gelu(y, approximate="tanh"), p + "mlp.dense_4h_to_h")
        x = seen.see(b + "hook_resid_post", x + seen.see(b + "hook_mlp_out", out))
    x = seen.see("ln_final.hook_normalized", norm(x, "ln_f"))
    return x @ t["word_embeddings.weight"].T


def bert(t, c, ids, seen):
    e = "bert.embeddings."

    def norm(x, name):
        return layer_norm(t, x, name, c["layer_norm_eps"])

    def product(x, name):
        return x @ t[name + ".weight"].T + t[name + ".bias"]

    x = seen.see("hook_embed", t[e + "word_embeddings.weight"][ids])
    x = x + t[e + "position_embeddings.weight"][: len(ids)]
    x = x + t[e + "token_type_embeddings.weight"][0]
    x = norm(x, e + "LayerNorm")
    for i in range(c["num_hidden_layers"]):
        p, b, heads = f"bert.encoder.layer.{i}.", f"blocks.{i}.", c["num_attention_heads"]
        seen.see(b + "hook_resid_pre", x)
        q, k, v = (product(x, p + "attention.self." + n) for n in ("query", "key", "value"))
        z = attend(seen, i, *split(seen, i, q, k, v, heads, heads), torch.zeros(1, 1, 1))
        out = seen.see(b + "hook_attn_out", product(z.flatten(1), p + "attention.output.dense"))
        x = norm(seen.see(b + "hook_resid_mid", x + out), p + "attention.output.LayerNorm")
        out = product(F.gelu(product(x, p + "intermediate.dense")), p + "output.dense")
        x = seen.see(b + "hook_resid_post", x + seen.see(b + "hook_mlp_out", out))
        x = seen.see(b + "hook_normalized_resid_post", norm(x, p + "output.LayerNorm"))
    return x


def far(a, b):
    return float((a - b).abs().max() / b.abs().max())


def ids_of(name, expected):
    if name != "bert":
        return expected["input_ids"], torch.tensor(expected["logits"], dtype=torch.float64)
    count = sum(expected["attention_mask"][0])
    states = torch.tensor(expected["last_hidden_state"][0][:count], dtype=torch.float64)
    return expected["input_ids"][0][:count], states


def check_greedy(folder, model, weights, config):
    """What llama.cpp wrote with the same weights, token by token."""
    written = json.load(open(os.path.join(folder, "greedy_ids_llamacpp.json")))
    ids = written["prompt_ids"] + written["greedy_ids"][:60]
    likeliest = model(weights, config, ids, Seen()).argmax(-1).tolist()
    first = len(written["prompt_ids"])
    assert likeliest[first - 1 : -1] == ids[first:]
    return ids


def keep(out, name, model, weights, config, ids):
    seen = Seen()
    model(weights, config, ids, seen)
    # The first layer and the last: what lies between is like them.
    layers = {at.split(".")[1] for at in seen if at.startswith("blocks.")}
    between = tuple(f"blocks.{i}." for i in range(1, len(layers) - 1))
    points = {
        at: {"shape": list(x.shape), "values": [float(f"{y:.7g}") for y in x.flatten()]}
        for at, x in seen.items()
        if not at.startswith(between)
    }
    with open(os.path.join(out, name + ".json"), "w") as file:
        json.dump({"input": ids, "points": points}, file)
        file.write("\n")
    print(f"{name}: {len(points)} points")


def main():
    shared, out = sys.argv[1:]
    folder = os.path.join(shared, "data/models/stories260K")
    config = json.load(open(os.path.join(folder, "config.json")))
    weights = tensors_of(os.path.join(folder, "model.safetensors"))
    ids = check_greedy(folder, llama, weights, config)
    keep(out, "llama", llama, weights, config, ids[:4])
    for name, model in (("gpt2", gpt2), ("qwen2", llama), ("bloom", bloom), ("bert", bert)):
        folder = os.path.join(shared, "data/models/hf-trained-here", name)
        config = json.load(open(os.path.join(folder, "config.json")))
        weights = tensors_of(os.path.join(folder, "model.safetensors"))
        ids, wanted = ids_of(name, json.load(open(os.path.join(folder, "expected.json"))))
        distance = far(model(weights, config, ids, Seen()), wanted)
        assert distance < 1e-5, (name, distance)
        print(f"{name}: {distance:.1e} from Hugging Face's at the end")
        keep(out, name, model, weights, config, ids[:4])



main()
