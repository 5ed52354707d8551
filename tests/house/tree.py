# SPDX-License-Identifier: Apache-2.0
"""The source tree as the checks see it: its files, and C without comments and strings."""

import collections
import os
import pathlib
import re

Finding = collections.namedtuple("Finding", "path line text")

LIBRARIES = ("crypto", "schema", "policy", "inference")
FOLDERS = LIBRARIES + ("gateway", "tests")

# Never ours: what a build, npm or git puts there.
FOREIGN = re.compile(r"^(build|build-.*|node_modules|__pycache__|\.git)$")
# Data is read by tests, not by people: formats of others, with their own rules.
DATA = re.compile(r"^tests/(data|fuzz/corpus|unit/.*/data)/")

TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL
)


class Skip(Exception):
    """The check cannot be made here; the text says why."""


def blank(text):
    """As many lines and columns as `text`, and nothing in them."""
    return re.sub(r"[^\n\t]", " ", text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


class Tree:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self._texts = {}
        self.files = sorted(self._walk())

    def _walk(self):
        for folder, folders, names in os.walk(self.root):
            folders[:] = [f for f in folders if not FOREIGN.match(f)]
            for name in names:
                path = pathlib.Path(folder, name)
                if name != ".git" and not path.is_symlink():
                    yield path.relative_to(self.root).as_posix()

    def ending(self, *ends):
        """Our own files with one of these name endings."""
        return [f for f in self.files if f.endswith(ends) and not DATA.match(f)]

    def c_files(self):
        return self.ending(".c", ".h")

    def text(self, path):
        """The file's text, or None if it is not text."""
        if path not in self._texts:
            data = (self.root / path).read_bytes()
            try:
                self._texts[path] = None if b"\0" in data else data.decode()
            except UnicodeDecodeError:
                self._texts[path] = None
        return self._texts[path]

    def lines(self, path):
        return (self.text(path) or "").split("\n")

    def code(self, path):
        """C with comments and the insides of literals blanked; lines and columns stay."""

        def hide(match):
            token = match.group()
            if token[0] == "/":
                return blank(token)
            return token[0] + blank(token[1:-1]) + token[-1]

        return TOKEN.sub(hide, self.text(path) or "")

    def strings(self, path):
        """(line, contents) of each string literal."""
        text = self.text(path) or ""
        for match in TOKEN.finditer(text):
            if match.group()[0] == '"':
                yield line_of(text, match.start()), match.group()[1:-1]

    def find(self, path, pattern, text):
        """A finding for each match of `pattern` in the code of a C file."""
        code = self.code(path)
        for match in re.finditer(pattern, code, re.MULTILINE):
            named = text.format(*match.groups())
            yield Finding(path, line_of(code, match.start()), named)
