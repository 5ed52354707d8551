# SPDX-License-Identifier: Apache-2.0
"""sentencepiece_ids.py MODEL: texts as JSON, a line each, answered by SentencePiece's own ids; a
list of ids is answered by its text."""
import json
import sys

import sentencepiece

model = sentencepiece.SentencePieceProcessor(model_file=sys.argv[1])
for line in sys.stdin:
    value = json.loads(line)
    answer = model.encode(value) if isinstance(value, str) else model.decode(value)
    print(json.dumps(answer))
