# SPDX-License-Identifier: Apache-2.0
"""Checks that read any text: licenses, folders, lines, and what must not be written down."""

import json
import posixpath
import re

from tree import DATA, FOLDERS, Finding

TOP_LEVEL = {
    ".ci", ".clang-format", ".clang-tidy", ".cmake", ".github", ".gitignore", "CMakeLists.txt",
    "LICENSE", "README.md", *FOLDERS,
}

SOURCES = (".c", ".h", ".py", ".sh", ".cmake", "CMakeLists.txt", ".sql", ".js", ".mjs", ".cjs",
           ".ts", ".tsx", ".css", ".yml", ".yaml", ".ci/run")
SPDX = "SPDX-License-Identifier: Apache-2.0"
SPDX_WITHIN_LINES = 3  # a #! line may come first
MAX_COLUMNS = 100
TAB = 8
TABLE_BEGINS, TABLE_ENDS = "/* clang-format off", "/* clang-format on"

# Written in parts, so that this file does not find itself.
MARKERS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
MACHINE_PATH = re.compile(r"(?<![\w.}/~-])/(wo" r"rk|ho" r"me)/")


def our_texts(tree):
    for path in tree.files:
        if not DATA.match(path) and not path.endswith("package-lock.json") and tree.text(path):
            yield path


def top_level(tree):
    """The root holds the fixed top level and nothing else."""
    for name in sorted({path.split("/")[0] for path in tree.files}):
        if name not in TOP_LEVEL:
            known = " ".join(sorted(TOP_LEVEL))
            yield Finding(name, 1, f"the root holds only: {known}; move it into one of them")


def spdx(tree):
    """Every source begins with its license, in one line."""
    for path in tree.ending(*SOURCES):
        if not any(SPDX in line for line in tree.lines(path)[:SPDX_WITHIN_LINES]):
            yield Finding(path, 1, f"begin with `{SPDX}` in a comment")


def readmes(tree):
    """Every folder of sources says what it is for. Below tests/ one for each kind is enough, and
    one for all of the console."""
    folders = set()
    for path in tree.ending(*SOURCES):
        parts = path.split("/")[:-1]
        if parts and parts[0] in FOLDERS and not path.endswith("CMakeLists.txt"):
            whole = parts[0] == "tests" or parts[:2] == ["gateway", "console"]
            folders.add("/".join(parts[:2] if whole else parts))
    for folder in sorted(folders):
        readme = posixpath.join(folder, "README.md")
        if readme not in tree.files:
            yield Finding(readme, 1, "write it: what the folder is for, a map, its rules, and why")


def lines(tree):
    """At most 100 columns (tables may be wider), no blanks at the end, a newline at the end."""
    for path in tree.ending(*SOURCES):
        text = tree.text(path) or ""
        in_table = False
        for number, line in enumerate(text.split("\n"), 1):
            in_table = TABLE_BEGINS in line or (in_table and TABLE_ENDS not in line)
            columns = len(line.expandtabs(TAB))
            if columns > MAX_COLUMNS and not in_table:
                yield Finding(path, number, f"{columns} columns, at most {MAX_COLUMNS}: break it")
            if line != line.rstrip():
                yield Finding(path, number, "blanks at the end of the line: remove them")
        if text and not text.endswith("\n"):
            yield Finding(path, text.count("\n") + 1, "the last line has no newline: add one")


def markers(tree):
    """What is left to do stands in an issue, not in the code."""
    for path in our_texts(tree):
        for number, line in enumerate(tree.lines(path), 1):
            found = MARKERS.search(line)
            if found:
                yield Finding(path, number, f"{found.group()}: do it, or file an issue")


def machine_paths(tree):
    """No path of somebody's machine."""
    for path in our_texts(tree):
        for number, line in enumerate(tree.lines(path), 1):
            found = MACHINE_PATH.search(line)
            if found:
                text = f"{found.group()} is a path of one machine: make it relative"
                yield Finding(path, number, text)


def lock_files(tree):
    """Lock files name versions and digests, not the addresses of a registry."""
    for path in tree.files:
        if path.endswith("package-lock.json"):
            for number, line in enumerate(tree.lines(path), 1):
                if '"resolved"' in line:
                    text = "set omit-lockfile-registry-resolved=true and write the file anew"
                    yield Finding(path, number, text)
        elif posixpath.basename(path) == "package.json":
            yield from npm_settings(tree, path)


def npm_settings(tree, path):
    folder = posixpath.dirname(path)
    npmrc = posixpath.join(folder, ".npmrc")
    settings = tree.lines(npmrc) if npmrc in tree.files else []
    if "omit-lockfile-registry-resolved=true" not in settings:
        yield Finding(npmrc, 1, "add the line omit-lockfile-registry-resolved=true")
    package = json.loads(tree.text(path) or "{}")
    needs = {**package.get("dependencies", {}), **package.get("devDependencies", {})}
    if needs and posixpath.join(folder, "package-lock.json") not in tree.files:
        yield Finding(path, 1, "commit package-lock.json: tests install exactly what it names")
    for name, version in needs.items():
        if not re.fullmatch(r"\d+\.\d+\.\d+(-[\w.]+)?", version):
            yield Finding(path, 1, f"{name}: pin one version, not {version!r}")


CONSOLE = "gateway/console/"
NOT_IN_CONSOLE = (
    (re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment"),
     "others' text must not become HTML: make elements of it (ui/markdown.tsx)"),
    (re.compile(r"\beval\(|new Function\("), "text must not become code: the policy forbids it"),
    (re.compile(r"""(?<!xmlns=)["'`(]https?://"""), "nothing is fetched from elsewhere"),
    (re.compile(r"""<script(?![^>]*\bsrc=)|<style|\bstyle=["']"""), "nothing inline: the policy"),
)
CONSOLE_TEXT = re.compile(r">\s*[A-Z][a-z]+ [a-z][\w ,]*[.!?]?\s*</")


def console(tree):
    """What the console's policy forbids is not in its sources, and words stand in src/text."""
    for path in tree.files:
        if not path.startswith((CONSOLE + "src/", CONSOLE + "index.html")):
            continue
        for number, line in enumerate(tree.lines(path), 1):
            for pattern, text in NOT_IN_CONSOLE:
                if pattern.search(line):
                    yield Finding(path, number, text)
            if path.endswith(".tsx") and CONSOLE_TEXT.search(line):
                yield Finding(path, number, "a sentence in a component: put it into src/text")


ROUTE_TABLE, DESCRIPTION = "gateway/api/routes.c", "schema/api/openapi.json"
ROUTE = re.compile(r'\{"([A-Z]+)",\s*"([^"]+)",\s*"([^"]+)"')
MODEL_ROUTE = re.compile(r'MODEL_ROUTES\("([A-Z]+)",\s*"([^"]*)",\s*"([^"]*)",\s*"([^"]+)"')


def table_routes(tree):
    """(method, path as OpenAPI writes it) -> (line, right), from the table of routes."""
    routes = {}
    for number, line in enumerate(tree.lines(ROUTE_TABLE), 1):
        if found := ROUTE.search(line):
            method, path, right = found.groups()
        elif found := MODEL_ROUTE.search(line):
            method, before, after, right = found.groups()
            path = before + "{ns}/{name}" + after
        else:
            continue
        routes[method, path.replace("...}", "}")] = (number, right)
    return routes


def routes(tree):
    """What the edge serves and what the description says are the same, with the same rights."""
    if ROUTE_TABLE not in tree.files or DESCRIPTION not in tree.files:
        return
    served = table_routes(tree)
    described = {(method.upper(), path): operation.get("x-right")
                 for path, operations in json.loads(tree.text(DESCRIPTION))["paths"].items()
                 for method, operation in operations.items()}
    for (method, path), (line, right) in served.items():
        if path.startswith("/{name}/") or path == "*":
            continue  # without a namespace, of a route that is described; OPTIONS of every path
        if described.get((method, path)) != right:
            yield Finding(ROUTE_TABLE, line, f"{method} {path} with x-right {right} must stand in "
                                             f"{DESCRIPTION}")
    for method, path in sorted(set(described) - set(served)):
        yield Finding(DESCRIPTION, 1, f"{method} {path} is not in {ROUTE_TABLE}")
