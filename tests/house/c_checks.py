# SPDX-License-Identifier: Apache-2.0
"""Checks that read C: arrows, what is not used here, sizes, guards, and what lives in one place."""

import os
import re
import subprocess

from tree import LIBRARIES, FOLDERS, Finding, Skip, line_of

# Who may include whom (design.md section 3). A folder may always include itself.
ARROWS = {
    "crypto": {"crypto"},
    "schema": {"schema", "crypto"},
    "policy": {"policy", "schema", "crypto"},
    "inference": {"inference", "crypto"},
    "gateway": {"gateway", "policy", "inference", "schema", "crypto"},
    "tests": set(FOLDERS),
}

# A header of a library from outside, and the only folders that may include it.
HEADERS_IN_ONE_PLACE = {
    r"libpq-fe\.h": ("schema/store/", "tests/"),
    r"curl/.*": ("gateway/courier/", "gateway/cli/", "tests/"),
    r"(oneapi/dnnl/)?dnnl.*\.h": ("inference/kernel/", "tests/"),
    r"nghttp2/.*": ("gateway/edge/", "tests/"),
    r"yaml\.h": ("gateway/api/model/card.c", "tests/"),
    r"openssl/ssl\.h": ("gateway/", "tests/"),
}

# Not used here (style.md, "Bytes and text"), with what to use.
NOT_USED = {
    "strcpy strncpy strcat strncat stpcpy": "write with struct buf",
    "sprintf vsprintf": "use buf_printf or snprintf",
    "gets scanf fscanf sscanf vsscanf": "read with struct reader or slice",
    "strtok strtok_r": "use slice_cut",
    "atoi atol atoll atof": "use slice_to_u64, which refuses what is not a number",
    "alloca": "use the arena or a fixed size",
    "rand srand random": "use the random bytes of libsodium, or a seeded generator of our own",
    "system popen": "fork and exec, without a shell",
}

FILE_MAX_LINES = 600
FILE_WARN_LINES = 500
FUNCTION_MAX_LINES = 60
CLANG_FORMAT_MAJOR = 14  # Debian 12's; other versions differ in details

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


def includes_of(tree, path):
    text = tree.text(path) or ""
    for match in INCLUDE.finditer(text):
        yield line_of(text, match.start()), match.group(1), match.group(2)


def includes(tree):
    """Arrows between folders; includes written from the root; a .c begins with its own header."""
    for path in tree.c_files():
        folder = path.split("/")[0]
        found = list(includes_of(tree, path))
        for line, kind, name in found:
            if kind == '"':
                yield from arrow(path, folder, line, name)
        own = path[:-2] + ".h"
        if path.endswith(".c") and own in tree.files and (not found or found[0][2] != own):
            line = found[0][0] if found else 1
            yield Finding(path, line, f'include "{own}" first: it must stand alone')


def arrow(path, folder, line, name):
    target = name.split("/")[0]
    if target not in FOLDERS:
        yield Finding(path, line, f'write "{name}" from the root, as "{os.path.dirname(path)}/..."')
    elif target not in ARROWS.get(folder, FOLDERS):
        allowed = " ".join(sorted(ARROWS[folder]))
        yield Finding(path, line, f'{folder} may not include "{name}"; it may use: {allowed}')
    elif path.startswith("crypto/base/") and not name.startswith("crypto/base/"):
        yield Finding(path, line, f'crypto/base is the ground: it may not include "{name}"')


def foreign_headers(tree):
    """A library from outside is included where design.md puts it, and nowhere else."""
    for path in tree.c_files():
        for line, _, name in includes_of(tree, path):
            for pattern, places in HEADERS_IN_ONE_PLACE.items():
                if re.fullmatch(pattern, name) and not path.startswith(places):
                    where = " ".join(places)
                    yield Finding(path, line, f"<{name}> may be included in {where} only")


def not_used(tree):
    """The functions not used here."""
    for path in tree.c_files():
        for names, instead in NOT_USED.items():
            pattern = rf"(?<![\w.>])({'|'.join(names.split())})[ \t]*\("
            yield from tree.find(path, pattern, "{0}() is not used here: " + instead)
        text = "goto {0}: only one `out:` is allowed"
        yield from tree.find(path, r"\bgoto\s+(?!out\s*;)(\w+)", text)
        yield from tree.find(
            path,
            r"\btypedef\s+(struct|enum|union)\b[^;{(]*[;{]",
            "no typedef for a {0}: write `{0} name` where it is used",
        )


def file_sizes(tree):
    """A file has one reason to exist; past 500 lines it has two."""
    for path in tree.c_files():
        count = len((tree.text(path) or "").splitlines())
        if count > FILE_MAX_LINES:
            text = f"{count} lines, at most {FILE_MAX_LINES}: split it by meaning"
            yield Finding(path, count, text)
        elif count > FILE_WARN_LINES:
            print(f"{path}:{count}: warning: {count} lines; think of splitting it by meaning")


def functions_of(code):
    """(first line, last line, name) of each function body, by counting braces."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group()),
                  code, flags=re.MULTILINE)
    depth = 0
    start = None
    for match in re.finditer(r"[{}]", code):
        if match.group() == "{":
            if depth == 0:
                head = code[max(0, match.start() - 2000) : match.start()].rstrip()
                start = match.start() if head.endswith(")") else None
                names = re.findall(r"(\w+)\s*\(", head[max(head.rfind(";"), head.rfind("}")) + 1 :])
                name = names[0] if names else "?"
            depth += 1
        else:
            depth = max(0, depth - 1)
            if depth == 0 and start is not None:
                yield line_of(code, start), line_of(code, match.start()), name


def function_sizes(tree):
    """A function fits a screen."""
    for path in tree.c_files():
        for first, last, name in functions_of(tree.code(path)):
            count = last - first + 1
            if count > FUNCTION_MAX_LINES:
                text = f"{name} has {count} lines, at most {FUNCTION_MAX_LINES}: find its parts"
                yield Finding(path, first, text)


def guards(tree):
    """A header is guarded by its path: crypto/base/err.h by CRYPTO_BASE_ERR_H."""
    for path in tree.ending(".h"):
        guard = re.sub(r"\W", "_", path).upper()
        code = tree.code(path).split()
        if code[:4] != ["#ifndef", guard, "#define", guard]:
            yield Finding(path, 1, f"begin with `#ifndef {guard}` and `#define {guard}`")


def main_places(tree):
    """Libraries have no main."""
    for path in tree.c_files():
        if path.startswith(LIBRARIES):
            text = "main() lives in gateway/ and tests/ only"
            yield from tree.find(path, r"^[ \t]*int\s+main\s*\(", text)


def dnnl_place(tree):
    """Every dnnl_ call stays in one file, which compiles with oneDNN 2 and 3."""
    callers = {}
    for path in tree.c_files():
        for finding in tree.find(path, r"\bdnnl_\w+\s*\(", "dnnl_ calls belong into one file"):
            callers.setdefault(path, finding)
    ours = [p for p in callers if p.startswith("inference/kernel/")]
    for path, finding in callers.items():
        if path not in ours:
            yield finding._replace(text=finding.text + " of inference/kernel/")
        elif len(ours) > 1:
            yield finding._replace(text=finding.text + "; here they are in " + " ".join(ours))


SQL = re.compile(
    r"\b(SELECT\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|"
    r"(CREATE|ALTER|DROP)\s+(TABLE|ROLE|USER|DATABASE|VIEW|INDEX|SCHEMA|FUNCTION)\s|"
    r"GRANT\s+\w+\s+ON\s)"
)


def sql_place(tree):
    """SQL text lives in schema/ only."""
    for path in tree.c_files():
        if path.startswith(("schema/", "tests/")):
            continue
        for line, string in tree.strings(path):
            if SQL.search(string):
                text = "SQL text lives in schema/: give it a function in schema/store"
                yield Finding(path, line, text)


def clang_format_command():
    for name in (f"clang-format-{CLANG_FORMAT_MAJOR}", "clang-format"):
        try:
            answer = subprocess.run([name, "--version"], capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        if re.search(rf"version {CLANG_FORMAT_MAJOR}\.", answer.stdout):
            return name
    raise Skip(f"formatting is judged by clang-format {CLANG_FORMAT_MAJOR}, which is not here")


def formatting(tree):
    """.clang-format decides."""
    command = clang_format_command()
    if not tree.c_files():
        return
    answer = subprocess.run(
        [command, "--dry-run", "-Werror", "--style=file", *tree.c_files()],
        cwd=tree.root, capture_output=True, text=True, check=False,
    )
    for path, line in re.findall(r"^(\S+?):(\d+):\d+: error:", answer.stderr, re.MULTILINE):
        yield Finding(path, int(line), f"run `{command} -i {path}`")
    if answer.returncode and "error:" not in answer.stderr:
        yield Finding(".clang-format", 1, f"{command} failed: {answer.stderr.strip()}")
