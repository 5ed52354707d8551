#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sampling.py - what a sampler must do, in plain PyTorch (Debian's python3-torch), as a fixture.

Written after the definitions, not after our code: OpenAI's API reference (presence and frequency
over what was generated), CTRL (Keskar et al., 2019) for repetition over prompt and output as in
transformers and vLLM, nucleus sampling (Holtzman et al., 2020), min-p (Nguyen et al., 2024).

    tests/reference/sampling.py > tests/data/sampling/cases.json
"""
import json
import random

import torch

WORDS = 16


def penalized(case):
    logits = torch.tensor(case["logits"], dtype=torch.float32)
    for token, bias in case["bias"]:
        logits[token] += bias
    seen = torch.zeros(WORDS, dtype=torch.bool)
    seen[torch.tensor(case["prompt"] + case["written"], dtype=torch.long)] = True
    counts = torch.zeros(WORDS, dtype=torch.float32)
    for token in case["written"]:
        counts[token] += 1
    factor = torch.where(logits > 0, 1 / torch.tensor(case["repetition"]),
                         torch.tensor(case["repetition"]))
    logits = torch.where(seen, logits * factor, logits)
    logits = logits - case["frequency"] * counts
    return logits - case["presence"] * (counts > 0)


def shares(case, logits):
    logits = logits.double() / case["temperature"]
    ranked = torch.sort(logits, descending=True, stable=True).indices
    keep = torch.zeros(WORDS, dtype=torch.bool)
    keep[ranked[: case["top_k"] or WORDS]] = True
    probs = torch.softmax(logits.masked_fill(~keep, -torch.inf), 0)
    before = torch.cumsum(probs[ranked], 0) - probs[ranked]
    keep[ranked[before >= case["top_p"]]] = False
    probs = torch.softmax(logits.masked_fill(~keep, -torch.inf), 0)
    keep &= probs >= case["min_p"] * probs.max()
    return torch.softmax(logits.masked_fill(~keep, -torch.inf), 0)


def make_case(pick):
    some = lambda most: [pick.randrange(WORDS) for _ in range(pick.randrange(most))]
    case = {
        "logits": [pick.randrange(-48, 48) / 16 for _ in range(WORDS)],
        "prompt": some(6),
        "written": some(8),
        "bias": [[t, pick.choice([-100, -1.5, 2.25])] for t in set(some(3))],
        "repetition": pick.choice([1, 1, 1.25, 0.5, 1.75]),
        "presence": pick.choice([0, 0, 0.5, -1.25]),
        "frequency": pick.choice([0, 0, 0.25, -0.75, 2]),
        "temperature": pick.choice([1, 0.5, 1.5]),
        "top_k": pick.choice([0, 0, 3, 7]),
        "top_p": pick.choice([1, 1, 0.9, 0.6]),
        "min_p": pick.choice([0, 0, 0.05, 0.2]),
    }
    logits = penalized(case)
    case["logprobs"] = torch.log_softmax(logits.double(), 0).tolist()
    case["shares"] = shares(case, logits).tolist()
    return case


def main():
    pick = random.Random(20)
    print("[")
    print(",\n".join(json.dumps(make_case(pick)) for _ in range(40)))
    print("]")


main()
