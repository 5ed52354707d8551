#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/variants: tiny random models with settings that trained small models lack, and
what Hugging Face's own classes make of them. Needs torch and transformers: see README.md here.

    python3 make_variants.py OUT [NAME...]

Everything is seeded. Weights are stored as BF16; `logits` are those of the stored weights, computed
in F32, `logits_f32` those of the weights before they were rounded. A seed is taken only if every
greedy step has a clear winner and the rounding alone moves the logits by less than three quarters
of what a test allows. The same processor (and /proc, by which torch knows it) gives the same bytes.
"""
import json
import math
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
import transformers
from safetensors.torch import save_file

GREEDY = 12
LEAD = 0.01
LLAMA = dict(vocab_size=32, hidden_size=16, intermediate_size=16, num_hidden_layers=2,
    num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=96, bos_token_id=1, eos_token_id=2)
GPT2 = dict(vocab_size=32, n_embd=16, n_layer=2, n_head=2, n_positions=64, bos_token_id=1,
    eos_token_id=2)
BLOOM = dict(vocab_size=32, n_layer=2, bos_token_id=1, eos_token_id=2)
BERT = dict(vocab_size=32, hidden_size=16, intermediate_size=16, num_hidden_layers=2,
    num_attention_heads=2,
            max_position_embeddings=40)
T5 = dict(vocab_size=32, d_model=16, d_ff=16, d_kv=6, num_heads=3, num_layers=2,
    decoder_start_token_id=0,
          eos_token_id=1)
LLAMA3 = {"rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
          "original_max_position_embeddings": 24}

# name: (class, settings, tokens of the prompt, changes to the saved config.json, where None takes
# a key away)
VARIANTS = {
    "llama-rope-llama3": (
        "LlamaForCausalLM", {**LLAMA, "num_attention_heads": 1, "num_key_value_heads": 1,
        "rope_parameters": LLAMA3}, 72, {}),
    "llama-rope-linear": (
        "LlamaForCausalLM", {**LLAMA, "rope_parameters": {"rope_type": "linear",
        "rope_theta": 5000.0, "factor": 2.5}}, 40, {}),
    "llama-wide-heads": (
        "LlamaForCausalLM", {**LLAMA, "num_attention_heads": 8, "num_key_value_heads": 2,
        "head_dim": 6, "attention_bias": True, "mlp_bias": True, "tie_word_embeddings":
        True}, 24, {}),
    "mistral-window": ("MistralForCausalLM", {**LLAMA, "sliding_window": 8}, 40, {}),
    "mistral-nemo-heads": (
        "MistralForCausalLM", {**LLAMA, "num_key_value_heads": 1, "head_dim": 10,
        "sliding_window": None}, 24, {}),
    "qwen2-window-from-layer-1": (
        "Qwen2ForCausalLM", {**LLAMA, "num_hidden_layers": 3, "use_sliding_window": True,
        "sliding_window": 6, "max_window_layers": 1}, 32, {}),
    # As older files say it, which do not name the kind of each layer.
    "qwen2-window-unnamed": (
        "Qwen2ForCausalLM", {**LLAMA, "use_sliding_window": True, "sliding_window": 6,
        "max_window_layers": 1, "tie_word_embeddings": True}, 32, {"layer_types": None}),
    "qwen2-window-alternating": (
        "Qwen2ForCausalLM", {**LLAMA, "use_sliding_window": True, "sliding_window": 5,
        "layer_types": ["sliding_attention", "full_attention"]}, 32, {}),
    "qwen3-heads": (
        "Qwen3ForCausalLM", {**LLAMA, "head_dim": 12, "rope_parameters": {"rope_type":
        "default", "rope_theta": 1000000.0}}, 32, {}),
    "qwen3-biased-window": (
        "Qwen3ForCausalLM", {**LLAMA, "head_dim": 8, "num_key_value_heads": 1,
        "attention_bias": True, "use_sliding_window": True, "sliding_window": 7,
        "max_window_layers": 1, "tie_word_embeddings": True, "rope_parameters": {**LLAMA3,
        "factor": 4.0}}, 48, {}),
    "gpt2-relu-by-layer": (
        "GPT2LMHeadModel", {**GPT2, "n_layer": 3, "n_inner": 20, "activation_function":
        "relu", "scale_attn_by_inverse_layer_idx": True, "reorder_and_upcast_attn": True,
        "tie_word_embeddings": False}, 24, {}),
    "gpt2-gelu-unscaled": (
        "GPT2LMHeadModel", {**GPT2, "n_inner": 12, "activation_function": "gelu",
        "scale_attn_weights": False}, 24, {}),
    "bloom-5-heads": ("BloomForCausalLM", {**BLOOM, "hidden_size": 15, "n_head": 5}, 40, {}),
    "bloom-7-heads-untied": (
        "BloomForCausalLM", {**BLOOM, "hidden_size": 14, "n_head": 7,
        "tie_word_embeddings": False}, 40, {}),
    "bert-relu-3-types": (
        "BertForMaskedLM", {**BERT, "type_vocab_size": 3, "hidden_act": "relu"}, 40, {}),
    "bert-gelu-new-1-type": (
        "BertForMaskedLM", {**BERT, "type_vocab_size": 1, "hidden_act": "gelu_new",
        "num_attention_heads": 4}, 20, {}),
    "bert-bare-silu": ("BertModel", {**BERT, "hidden_act": "silu", "num_hidden_layers": 3}, 20, {}),
    "t5-deeper-decoder": (
        "T5ForConditionalGeneration", {**T5, "num_layers": 1, "num_decoder_layers": 3,
        "feed_forward_proj": "relu"}, 24, {}),
    "t5-deeper-encoder": (
        "T5ForConditionalGeneration", {**T5, "num_layers": 3, "num_decoder_layers": 1,
        "feed_forward_proj": "gated-silu"}, 24, {}),
    "t5-few-buckets": (
        "T5ForConditionalGeneration", {**T5, "feed_forward_proj": "relu",
        "relative_attention_num_buckets": 12, "relative_attention_max_distance": 24}, 60,
        {}),
    # As Google's files of 1.1 and Flan-T5 are: a head of its own, by this key only.
    "t5-flan": ("T5ForConditionalGeneration", {**T5, "feed_forward_proj": "gated-gelu",
    "tie_word_embeddings": False}, 24,
                {"tie_word_embeddings": False, "scale_decoder_outputs": None, "dense_act_fn": None,
                "is_gated_act": None}),
}


def random_weights(model, seed, head_apart):
    """Large enough that every part changes the logits: sharp attention, biases and norms off their
    defaults; and that a tied head does not write the same token for ever."""
    g = torch.Generator().manual_seed(seed)
    out = {}
    for name, p in sorted(model.state_dict().items()):
        noise = torch.randn(*p.shape, generator=g)
        last = name.split(".")[-2] if "." in name else name
        if "norm" in last.lower() or last in ("ln_1", "ln_2", "ln_f"):
            noise = 0.2 * noise + (1.0 if name.endswith("weight") else 0.0)
        elif name.endswith("bias"):
            noise = 0.3 * noise
        elif "relative_attention_bias" in name:
            noise = 1.5 * noise
        elif any(s in name for s in ("embed", "shared", "wte", "wpe", "lm_head")):
            noise = (0.15 if model.config.model_type == "t5" else 0.5) * noise
        else:
            turned = model.config.model_type == "gpt2" and "lm_head" not in name
            inputs = p.shape[0 if turned else 1]
            sharp = any(s in name for s in ("q_proj", "k_proj", "query.", "key."))
            unscaled = any(s in name for s in ("Attention.q", "Attention.k"))
            loud = 2.0 if model.config.model_type == "bloom" else 1.0
            noise = loud * noise * (1.2 if sharp else 0.8 if unscaled else 1.0) / math.sqrt(inputs)
        out[name] = noise
    tied = {"lm_head.weight": ("model.embed_tokens.weight", "transformer.wte.weight",
        "transformer.word_embeddings.weight",
                               "shared.weight"),
            "cls.predictions.decoder.weight": ("bert.embeddings.word_embeddings.weight",),
            "cls.predictions.decoder.bias": ("cls.predictions.bias",),
            "encoder.embed_tokens.weight": ("shared.weight",),
            "decoder.embed_tokens.weight": ("shared.weight",)}
    for name, sources in tied.items():
        apart = name == "lm_head.weight" and head_apart
        if name in out and not apart:
            out.update({name: out[s] for s in sources if s in out})
    return {n: t for n, t in out.items() if n not in tied or (n == "lm_head.weight" and head_apart)}


def loaded(name, folder, weights, dtype):
    """From files, as anyone would load them: how transformers ties and names is part of it."""
    save_file({n: t.to(dtype).contiguous() for n, t in weights.items()},
        f"{folder}/model.safetensors", {"format": "pt"})
    model, info = getattr(transformers, VARIANTS[name][0]).from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
    assert not info["unexpected_keys"] and not info["mismatched_keys"], info
    return model.eval()


def write_config(name, folder):
    """As save_pretrained writes it, but for what the variant changes."""
    kind, settings, _, changes = VARIANTS[name]
    config = getattr(transformers, kind).config_class(**settings, architectures=[kind])
    text = json.loads(config.to_json_string())
    text.pop("transformers_version", None)
    for key, value in changes.items():
        text.pop(key, None)
        if value is not None:
            text[key] = value
    with open(f"{folder}/config.json", "w") as f:
        f.write(json.dumps(text, indent=1, sort_keys=True) + "\n")
    return config


def both_stacks(model, ids):
    """T5: the encoder reads all of ids, the decoder writes."""
    written, lead = [model.config.decoder_start_token_id], math.inf
    for _ in range(GREEDY):
        if lead < LEAD:
            return None, lead
        out = model(input_ids=torch.tensor([ids]), decoder_input_ids=torch.tensor([written]))
        best = torch.topk(out.logits[0, -1], 2).values
        lead = min(lead, float(best[0] - best[1]))
        written.append(int(out.logits[0, -1].argmax()))
    logits = model(input_ids=torch.tensor([ids]),
        decoder_input_ids=torch.tensor([written])).logits[0]
    return {"hidden": out.encoder_last_hidden_state[0], "logits": logits,
        "greedy_ids": written}, lead


def decoder(model, ids):
    """All positions at once, no cache; the logits of the prompt and of what is written after it."""
    written, lead = list(ids), math.inf
    for _ in range(GREEDY):
        if lead < LEAD:
            return None, lead
        best = torch.topk(model(torch.tensor([written]), use_cache=False).logits[0, -1], 2)
        lead = min(lead, float(best.values[0] - best.values[1]))
        written.append(int(best.indices[0]))
    return {"logits": model(torch.tensor([written]), use_cache=False).logits[0],
        "greedy_ids": written}, lead


def encoder(model, ids):
    types = [i * model.config.type_vocab_size // len(ids) for i in range(len(ids))]
    out = model(torch.tensor([ids]), token_type_ids=torch.tensor([types]),
        output_hidden_states=True)
    answer = {"hidden": out.hidden_states[-1][0], "segments": types}
    if "logits" in out:
        answer["logits"] = out.logits[0]
    return answer, math.inf


def compute(model, ids):
    kind = model.config.model_type
    return (both_stacks if kind == "t5" else encoder if kind == "bert" else decoder)(model, ids)


def furthest(a, b):
    return float((a - b).abs().max() / b.abs().max())


def shown(rows, positions):
    return [[float(f"{x:.6g}") for x in rows[p].tolist()] for p in positions]


def make(name, out):
    folder, (kind, settings, length, _) = f"{out}/{name}", VARIANTS[name]
    os.makedirs(folder, exist_ok=True)
    config = write_config(name, folder)
    head_apart = not settings.get("tie_word_embeddings", config.model_type in ("gpt2", "bloom",
        "t5", "bert"))
    for seed in range(1, 200):
        g = torch.Generator().manual_seed(1000 + seed)
        ids = torch.randint(3, 32, (length,), generator=g).tolist()
        weights = random_weights(getattr(transformers, kind)(config), seed, head_apart)
        rounded = loaded(name, folder, weights, torch.bfloat16)
        answer, lead = compute(rounded, ids)
        if answer is None or lead < LEAD:
            continue
        if len(set(answer.get("greedy_ids", range(9))[-GREEDY:])) < 3:
            continue
        exact, _ = compute(loaded(name, folder, weights, torch.float32), ids)
        if exact is None or exact.get("greedy_ids") != answer.get("greedy_ids"):
            continue
        loaded(name, folder, weights, torch.bfloat16)  # what is kept
        what = "logits" if "logits" in answer else "hidden"
        if max(furthest(exact[w], answer[w]) for w in ("logits", "hidden") if w in answer) < 1.5e-2:
            break
    else:
        sys.exit(f"{name}: no seed does")
    if head_apart and config.model_type == "t5":
        assert not torch.equal(rounded.lm_head.weight, rounded.shared.weight)
    count = len(answer[what])
    expected = {"input_ids": ids, "positions": sorted({count // 4, 2 * count // 3, count - 1})}
    positions = expected["positions"]
    expected.update({k: answer[k] for k in ("greedy_ids", "segments") if k in answer})
    if "logits" in answer:
        expected["logits"] = shown(answer["logits"], positions)
        expected["logits_f32"] = shown(exact["logits"], positions[-1:])
    if "hidden" in answer:
        expected["hidden_positions"] = sorted({length // 3, length - 1})
        expected["hidden"] = shown(answer["hidden"], expected["hidden_positions"])
    with open(f"{folder}/expected.json", "w") as f:
        lines = (f"{json.dumps(k)}: {json.dumps(v)}" for k, v in expected.items())
        f.write("{\n" + ",\n".join(lines) + "\n}\n")
    size = sum(os.path.getsize(f"{folder}/{f}") for f in os.listdir(folder))
    away = furthest(exact[what], answer[what])
    print(f"{name}: seed {seed}, {size} bytes, lead {lead:.3f}, rounding {away:.4f}", flush=True)


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    with torch.no_grad():
        for name in sys.argv[2:] or VARIANTS:
            make(name, sys.argv[1])


if __name__ == "__main__":
    main()
