# SPDX-License-Identifier: Apache-2.0
"""Adds to renders.json what Python's Jinja says where make.mjs's answer is another or none.

usage: python3 make_jinja2.py FOLDER renders.json
"""

import datetime
import json
import sys

import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def raise_exception(message):
    raise jinja2.TemplateError(message)


def main(folder, path):
    with open(path, encoding="utf-8") as file:
        made = json.load(file)
    # As transformers makes it.
    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
    )
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    now = datetime.datetime.fromtimestamp(1752148800, datetime.timezone.utc)
    env.globals["strftime_now"] = now.strftime
    made["jinja2"] = {}
    for name, row in list(made["renders"].items()) + list(made["refused"].items()):
        with open(f"{folder}/{row['template']}", encoding="utf-8") as file:
            template = env.from_string(file.read())
        try:
            text = template.render(**made["contexts"][row["context"]])
        except jinja2.TemplateError:
            continue
        if text != row.get("expected"):
            made["jinja2"][name] = dict(row, expected=text)
            made["renders"].pop(name, None)
            made["refused"].pop(name, None)
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps(made, ensure_ascii=False, indent=1) + "\n")


main(*sys.argv[1:])
