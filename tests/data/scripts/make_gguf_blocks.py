#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write tests/data/gguf/blocks.txt: a random block of each quantized type and what ggml makes of it.

Usage: make_gguf_blocks.py LIBGGML_BASE OUTPUT

LIBGGML_BASE is libggml-base.so of npm @node-llama-cpp/linux-x64. A line is the type, the block in
hex and its elements as the hex of their F32 bits.
"""
import ctypes
import random
import struct
import sys

# name, elements, bytes, where its F16 scales are
TYPES = [
    ("Q4_0", 32, 18, [0]), ("Q4_1", 32, 20, [0, 2]), ("Q5_0", 32, 22, [0]),
    ("Q5_1", 32, 24, [0, 2]), ("Q8_0", 32, 34, [0]), ("IQ4_NL", 32, 18, [0]),
    ("Q2_K", 256, 84, [80, 82]), ("Q3_K", 256, 110, [108]), ("Q4_K", 256, 144, [0, 2]),
    ("Q5_K", 256, 176, [0, 2]), ("Q6_K", 256, 210, [208]),
]


def main():
    library = ctypes.CDLL(sys.argv[1])
    chance = random.Random(5)
    with open(sys.argv[2], "w", encoding="ascii") as out:
        for name, elements, size, scales in TYPES:
            block = bytearray(chance.randbytes(size))
            for at in scales:
                block[at:at + 2] = struct.pack("<e", chance.uniform(-0.1, 0.1))
            values = (ctypes.c_float * elements)()
            suffix = name.lower().replace("_k", "_K")
            function = getattr(library, "dequantize_row_" + suffix)
            function(bytes(block), values, ctypes.c_int64(elements))
            bits = "".join(f"{struct.unpack('<I', struct.pack('<f', v))[0]:08x}" for v in values)
            out.write(f"{name} {block.hex()} {bits}\n")


main()
