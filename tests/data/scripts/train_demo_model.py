# SPDX-License-Identifier: Apache-2.0
"""train_demo_model.py - makes the demo model from nothing: text, tokenizer, training, export.

The text comes from demo_text.py. The tokenizer is a SentencePiece-style BPE with byte fallback, the
network a small LLaMA (RMSNorm, rotary positions, grouped-query attention, SwiGLU, tied embeddings).
A chat request reaches the model as "question\\n", so a document is <s> question \\n answer </s>.

    apt-get install python3-torch python3-numpy libopenblas0-openmp   (the plain BLAS is 40 times slower)
    /usr/bin/python3 train_demo_model.py --out ../demo-model

3300 steps of 3000 ids took 13 minutes on two shared cores, 400 on careful text 2.6 more; held-out loss 0.402, and
0.413 on careful text (most of it is the free choice of words). The shipped weights were made in two runs, the second
with --steps 0 --polish 400. Everything is seeded; that another machine gives the same bits was not tried.
Its ids against Hugging Face's: --dump-ids FILE, then make_tokenizer_fixtures.mjs --check (608 of 608 are equal).
"""
import argparse
import collections
import json
import math
import os
import re
import struct
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

import demo_text

VOCAB, HIDDEN, LAYERS, HEADS, KV_HEADS, FFN = 1024, 128, 5, 4, 2, 352
HEAD_DIM = HIDDEN // HEADS
THETA, EPS, CONTEXT = 10000.0, 1e-5, 512
UNK, BOS, EOS = 0, 1, 2
WORD = re.compile("\u2581?[A-Za-z]+|\u2581?[^A-Za-z\u2581]|\u2581")   # merges never cross these


# -- tokenizer -------------------------------------------------------------------------------------

def words_of(text):
    return WORD.findall("\u2581" + text.replace(" ", "\u2581")) if text else []


def merge_pair(pieces, a, b):
    out, i = [], 0
    while i < len(pieces):
        if i + 1 < len(pieces) and pieces[i] == a and pieces[i + 1] == b:
            out.append(a + b)
            i += 2
        else:
            out.append(pieces[i])
            i += 1
    return out


def train_bpe(texts, size):
    """Returns (vocab, merges): ids are <unk> <s> </s>, 256 bytes, merges in order, then characters."""
    counts = collections.Counter(w for t in texts for w in words_of(t) if "\n" not in w)
    alphabet = ["\u2581"] + [chr(c) for c in range(0x21, 0x7F)]
    words = [[list(w), n] for w, n in sorted(counts.items())]
    merges, pieces = [], set(alphabet)
    pairs, where = collections.Counter(), collections.defaultdict(set)

    def count(index, sign):
        w, n = words[index]
        for pair in zip(w, w[1:]):
            pairs[pair] += sign * n
            where[pair].add(index)

    for i in range(len(words)):
        count(i, 1)
    while 3 + 256 + len(pieces) < size:
        a, b = min((p for p in pairs if p[0] + p[1] not in pieces), key=lambda p: (-pairs[p], p))
        merges.append((a, b))
        pieces.add(a + b)
        for i in sorted(where[a, b]):
            count(i, -1)
            words[i][0] = merge_pair(words[i][0], a, b)
            count(i, 1)
    names = ["<unk>", "<s>", "</s>"] + [f"<0x{i:02X}>" for i in range(256)]
    names += [a + b for a, b in merges] + alphabet
    return {name: i for i, name in enumerate(names)}, merges


class Tokenizer:
    def __init__(self, vocab, merges):
        self.vocab, self.rank = vocab, {m: i for i, m in enumerate(merges)}
        self.names = {i: n for n, i in vocab.items()}
        self.known = {}

    def word(self, w):
        if w not in self.known:
            pieces = list(w)
            while len(pieces) > 1:
                best = min(zip(pieces, pieces[1:]), key=lambda p: self.rank.get(p, 1 << 30))
                if best not in self.rank:
                    break
                pieces = merge_pair(pieces, *best)
            ids = []
            for p in pieces:
                ids += [self.vocab[p]] if p in self.vocab else [3 + b for b in p.encode()]
            self.known[w] = ids
        return self.known[w]

    def encode(self, text):
        return [BOS] + [i for w in words_of(text) for i in self.word(w)]

    def decode(self, ids):
        out = b""
        for i in ids:
            if i >= 3:
                out += bytes([i - 3]) if i < 259 else self.names[i].replace("\u2581", " ").encode()
        return out.decode("utf-8", "replace")


# -- network ---------------------------------------------------------------------------------------

class Norm(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(HIDDEN))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPS) * self.weight


def linear(n_in, n_out, std=0.02):
    layer = torch.nn.Linear(n_in, n_out, bias=False)
    torch.nn.init.normal_(layer.weight, std=std)
    return layer


class Attention(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.q_proj = linear(HIDDEN, HEADS * HEAD_DIM)
        self.k_proj = linear(HIDDEN, KV_HEADS * HEAD_DIM)
        self.v_proj = linear(HIDDEN, KV_HEADS * HEAD_DIM)
        self.o_proj = linear(HEADS * HEAD_DIM, HIDDEN, 0.02 / math.sqrt(2 * LAYERS))

    def forward(self, x, cos, sin, mask):
        n, t, _ = x.shape
        q = self.q_proj(x).view(n, t, HEADS, HEAD_DIM).transpose(1, 2)
        k = self.k_proj(x).view(n, t, KV_HEADS, HEAD_DIM).transpose(1, 2)
        v = self.v_proj(x).view(n, t, KV_HEADS, HEAD_DIM).transpose(1, 2)

        def turn(u):                                # the "rotate half" layout of Hugging Face
            a, b = u.chunk(2, -1)
            return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)

        q, k = turn(q), turn(k)
        group = HEADS // KV_HEADS                   # query head h reads key head h // group
        q = q.reshape(n, KV_HEADS, group * t, HEAD_DIM)
        w = q @ k.transpose(-1, -2) / math.sqrt(HEAD_DIM)
        w = (w.view(n, HEADS, t, t) + mask).softmax(-1).view(n, KV_HEADS, group * t, t)
        out = (w @ v).view(n, HEADS, t, HEAD_DIM).transpose(1, 2).reshape(n, t, HEADS * HEAD_DIM)
        return self.o_proj(out)


class Mlp(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gate_proj = linear(HIDDEN, FFN)
        self.up_proj = linear(HIDDEN, FFN)
        self.down_proj = linear(FFN, HIDDEN, 0.02 / math.sqrt(2 * LAYERS))

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.input_layernorm, self.self_attn = Norm(), Attention()
        self.post_attention_layernorm, self.mlp = Norm(), Mlp()

    def forward(self, x, cos, sin, mask):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, mask)
        return x + self.mlp(self.post_attention_layernorm(x))


class Llama(torch.nn.Module):
    """Attribute names are the Hugging Face tensor names, less "model."."""

    def __init__(self):
        super().__init__()
        self.embed_tokens = torch.nn.Embedding(VOCAB, HIDDEN)
        torch.nn.init.normal_(self.embed_tokens.weight, std=0.02)
        self.layers = torch.nn.ModuleList(Layer() for _ in range(LAYERS))
        self.norm = Norm()
        speed = THETA ** (-torch.arange(0, HEAD_DIM, 2).float() / HEAD_DIM)
        angle = torch.arange(CONTEXT).float()[:, None] * speed
        self.cos, self.sin = angle.cos(), angle.sin()
        self.mask = torch.full((CONTEXT, CONTEXT), float("-inf")).triu(1)

    def hidden(self, ids):
        t = ids.shape[1]
        x = self.embed_tokens(ids)
        for layer in self.layers:
            x = layer(x, self.cos[:t], self.sin[:t], self.mask[:t, :t])
        return self.norm(x)

    def forward(self, ids):
        return self.hidden(ids) @ self.embed_tokens.weight.T


# -- training --------------------------------------------------------------------------------------

def encoded(source, tok):
    """(ids, number of leading ids whose prediction is not to be learned)"""
    while True:
        prompt, text, learn_prompt = next(source)
        ids = tok.encode(prompt + text) + [EOS]
        if len(ids) <= 320:
            yield ids, 1 if learn_prompt or not prompt else len(tok.encode(prompt))


def batches(source, tokens, rng):
    """Documents of like length share a batch, so that little is padding."""
    while True:
        pool = sorted((next(source) for _ in range(3000)), key=lambda d: len(d[0]))
        groups, group = [], []
        for doc in pool:
            if group and (len(group) + 1) * len(doc[0]) > tokens:
                groups.append(group)
                group = []
            group.append(doc)
        groups.append(group)
        for i in rng.permutation(len(groups)):
            longest = max(len(d) for d, _ in groups[i])
            ids = torch.zeros(len(groups[i]), longest, dtype=torch.long)
            target = torch.full((len(groups[i]), longest), -100)
            for row, (doc, skip) in enumerate(groups[i]):
                ids[row, :len(doc)] = torch.tensor(doc)
                target[row, skip:len(doc)] = torch.tensor(doc[skip:])
            yield ids[:, :-1], target[:, 1:]


def loss_of(model, ids, target):
    keep = target != -100
    logits = model.hidden(ids)[keep] @ model.embed_tokens.weight.T
    return F.cross_entropy(logits, target[keep])


def train(model, tok, args, steps, peak, seed, careful):
    rng = np.random.default_rng(seed)
    feed = batches(encoded(demo_text.documents(seed, careful), tok), args.batch_tokens, rng)
    check = batches(encoded(demo_text.documents(seed + 1000, careful), tok), args.batch_tokens, rng)
    held_out = [next(check) for _ in range(12)]
    flat = [p for p in model.parameters() if p.dim() < 2]
    wide = [p for p in model.parameters() if p.dim() >= 2]
    best = torch.optim.AdamW([{"params": wide, "weight_decay": 0.05}, {"params": flat, "weight_decay": 0.0}],
                             lr=peak, betas=(0.9, 0.98))
    started, seen, shown = time.time(), 0, 0.0
    for step in range(1, steps + 1):
        rate = peak * min(1.0, step / 100, (steps - step + 1) / (steps * 0.5))
        for g in best.param_groups:
            g["lr"] = rate
        ids, target = next(feed)
        loss = loss_of(model, ids, target)
        best.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        best.step()
        seen += ids.numel()
        shown = loss.item() if step == 1 else 0.98 * shown + 0.02 * loss.item()
        if step % 100 == 0 or step == steps:
            print(f"step {step} loss {shown:.4f} tokens {seen} seconds {time.time() - started:.0f}", flush=True)
        if step % 500 == 0 or step == steps:
            with torch.no_grad():
                print(f"step {step} held-out loss {sum(loss_of(model, *b).item() for b in held_out) / len(held_out):.4f}", flush=True)
            torch.save(model.state_dict(), args.checkpoint)


@torch.no_grad()
def answer(model, tok, prompt, temperature=0.0, limit=120):
    ids = tok.encode(prompt)
    start = len(ids)
    while len(ids) < start + limit:
        logits = model(torch.tensor([ids]))[0, -1]
        best = int(logits.argmax()) if not temperature else int(torch.multinomial((logits / temperature).softmax(-1), 1))
        if best == EOS:
            return tok.decode(ids[start:]) + " <eos>"
        ids.append(best)
    return tok.decode(ids[start:])


PROMPTS = ["Tell me about the harbor.\n", "What is a license?\n", "Once upon a time", "Who keeps the gate?\n", "hello\n",
           "hi\n", "what is the library\n", "Why do ships sleep in the harbor?\n", "Who is the president of France?\n",
           "How many keys does the keeper have?\n", "The old castle", "tell me a story about a nurse\n",
           "You are a helpful assistant.\nCan a researcher visit the archive at night?\n", "asdf qwer\n",
           "What is the moon made of?\n", "I lost my key.\n", "Write a haiku.\n", "Is the doctor kind?\n"]


# -- export ----------------------------------------------------------------------------------------

def write_json(path, value, indent=2):
    with open(path, "w", encoding="utf-8") as f:
        json.dump(value, f, indent=indent, ensure_ascii=False)
        f.write("\n")


def write_safetensors(path, tensors):
    """8 bytes of little-endian header length, the JSON header, the data."""
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, t in tensors.items():
        header[name] = {"dtype": "F16", "shape": list(t.shape), "data_offsets": [offset, offset + 2 * t.numel()]}
        offset += 2 * t.numel()
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for t in tensors.values():
            f.write(t.detach().half().contiguous().numpy().tobytes())


def tokenizer_json(vocab, merges):
    def special(i, name):
        return {"id": i, "content": name, "single_word": False, "lstrip": False, "rstrip": False,
                "normalized": False, "special": True}

    def bos(kind):
        return {"SpecialToken": {"id": "<s>", "type_id": kind}}

    def seq(name, kind):
        return {"Sequence": {"id": name, "type_id": kind}}

    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [special(0, "<unk>"), special(1, "<s>"), special(2, "</s>")],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "\u2581"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]},
        "pre_tokenizer": None,
        "post_processor": {"type": "TemplateProcessing", "single": [bos(0), seq("A", 0)],
                           "pair": [bos(0), seq("A", 0), bos(1), seq("B", 1)],
                           "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}},
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
            {"type": "ByteFallback"}, {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
        "model": {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": True, "byte_fallback": True, "ignore_merges": False,
                  "vocab": vocab, "merges": [f"{a} {b}" for a, b in merges]},
    }


CONFIG = {
    "architectures": ["LlamaForCausalLM"], "attention_bias": False, "attention_dropout": 0.0,
    "bos_token_id": BOS, "eos_token_id": EOS, "head_dim": HEAD_DIM, "hidden_act": "silu", "hidden_size": HIDDEN,
    "initializer_range": 0.02, "intermediate_size": FFN, "max_position_embeddings": CONTEXT, "mlp_bias": False,
    "model_type": "llama", "num_attention_heads": HEADS, "num_hidden_layers": LAYERS, "num_key_value_heads": KV_HEADS,
    "pretraining_tp": 1, "rms_norm_eps": EPS, "rope_scaling": None, "rope_theta": THETA, "tie_word_embeddings": True,
    "torch_dtype": "float16", "transformers_version": "4.44.0", "use_cache": True, "vocab_size": VOCAB,
}


def export(model, tok, vocab, merges, out):
    write_json(f"{out}/config.json", CONFIG)
    write_json(f"{out}/generation_config.json", {"bos_token_id": BOS, "eos_token_id": EOS, "do_sample": True,
                                                 "temperature": 0.7, "max_new_tokens": 128, "transformers_version": "4.44.0"})
    write_json(f"{out}/tokenizer.json", tokenizer_json(vocab, merges), indent=1)
    write_json(f"{out}/tokenizer_config.json", {
        "add_bos_token": True, "add_eos_token": False, "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
        "clean_up_tokenization_spaces": False, "model_max_length": CONTEXT, "legacy": True,
        "tokenizer_class": "LlamaTokenizerFast"})
    write_safetensors(f"{out}/model.safetensors", {f"model.{k}": v for k, v in model.state_dict().items()})


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--out", required=True)
    p.add_argument("--steps", type=int, default=3300, help="0 goes on from the checkpoint")
    p.add_argument("--polish", type=int, default=400, help="last steps, on careful text")
    p.add_argument("--rate", type=float, default=3e-3)
    p.add_argument("--batch-tokens", type=int, default=3000)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--seed", type=int, default=7)
    p.add_argument("--checkpoint", default="/tmp/demo-model.pt")
    p.add_argument("--dump-ids", help="write texts and ids for make_tokenizer_fixtures.mjs --check, and stop")
    args = p.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    os.makedirs(args.out, exist_ok=True)

    source = demo_text.documents(args.seed)
    vocab, merges = train_bpe([a + b for a, b, _ in (next(source) for _ in range(20000))], VOCAB)
    assert len(vocab) == VOCAB
    tok, model = Tokenizer(vocab, merges), Llama()
    if args.dump_ids:
        texts = [a + b for a, b, _ in (next(source) for _ in range(600))]
        texts += ["", " ", "\n", "  two  spaces ", "caf\u00e9 \u4f60\u597d \U0001f600", "tab\there\r\n", "x" * 50, "3.14 + 2 = ?!"]
        write_json(args.dump_ids, [{"text": t, "ids": tok.encode(t)} for t in texts])
        write_json(f"{args.out}/tokenizer.json", tokenizer_json(vocab, merges), indent=1)
        return
    print("parameters", sum(x.numel() for x in model.parameters()), "merges", len(merges), flush=True)
    if args.steps:
        train(model, tok, args, args.steps, args.rate, args.seed, careful=False)
    else:
        model.load_state_dict(torch.load(args.checkpoint))
    if args.polish:
        train(model, tok, args, args.polish, args.rate / 4, args.seed + 1, careful=True)
    with torch.no_grad():                           # judge and keep what is shipped: rounded to half
        for x in model.parameters():
            x.copy_(x.half().float())
    export(model, tok, vocab, merges, args.out)
    for prompt in PROMPTS:
        print(repr(prompt), "->", repr(answer(model, tok, prompt)))
        print("    0.7:", repr(answer(model, tok, prompt, 0.7)))


if __name__ == "__main__":
    sys.exit(main())
