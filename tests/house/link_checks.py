# SPDX-License-Identifier: Apache-2.0
"""Link rules: a program that must not have a thing does not link it. Judged on what was built."""

import pathlib
import re
import subprocess

from tree import Finding, Skip

# What only a program with a network needs; `@` ends the name of a function of the C library.
NETWORK = ("connect@", "getaddrinfo@", "BIO_new_connect", "BIO_s_connect")

# Kernels, regular expressions and Unicode tables: only the engine works on a model and its texts.
ENGINE = ("libdnnl", "libpcre2", "libutf8proc")

# program -> symbols (at their beginning) and libraries it must not have (design.md section 2).
# Libraries count however they come in: ldd shows those of libraries too.
RULES = {
    "sallyport": ((), (*ENGINE, "libyaml")),
    "sallyportd": (
        ("keyring_",),
        ("libpq", "libssl", "libcrypto", "libsodium", "libcurl", "libyaml", *ENGINE),
    ),
    "sallyport-edge": (("keyring_",), ("libcurl", *ENGINE)),
    "sallyport-keeper": (NETWORK, ("libpq", "libssl", "libcurl", "libyaml", *ENGINE)),
    "sallyport-scribe": (("keyring_",), ("libcurl", "libyaml", *ENGINE)),
    "sallyport-porter": (
        ("keyring_", *NETWORK),
        ("libpq", "libssl", "libcurl", "libyaml", *ENGINE),
    ),
    "sallyport-engine": (("keyring_", *NETWORK), ("libpq", "libssl", "libcurl", "libyaml")),
    "sallyport-witness": (("keyring_",), ("libpq", "libcurl", "libyaml", *ENGINE)),
    "sallyport-courier": (("keyring_",), ("libpq", "libyaml", *ENGINE)),
}


def run(*command):
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {answer.stderr.strip()}")
    return answer.stdout


def symbols(program):
    return {line.split()[-1] for line in run("nm", program).splitlines() if line.split()}


def libraries(program):
    """Names without version: libssl for libssl.so.3."""
    return set(re.findall(r"^\s*(?:\S*/)?(lib[\w+-]+?)(?:-[\d.]+)?\.so", run("ldd", program),
                          re.MULTILINE))


def links(build, name):
    """Findings for one program of RULES in build/bin."""
    program = pathlib.Path(build, "bin", name)
    if not program.exists():
        raise Skip(f"{program} is not built")
    bad_symbols, bad_libraries = RULES[name]
    there = symbols(program)
    mend = "unlink what brings it in (see its CMakeLists.txt)"
    if "main" not in there:
        yield Finding(program, 0, "its symbols are stripped: what it links cannot be judged")
    for symbol in sorted(s for s in there if s.startswith(tuple(bad_symbols))):
        yield Finding(program, 0, f"{symbol} is in it: {mend}")
    for library in sorted(libraries(program) & set(bad_libraries)):
        yield Finding(program, 0, f"{library} is linked: {mend}")


def programs(build):
    """Each program in build/bin has its rule."""
    for program in sorted(pathlib.Path(build, "bin").glob("*")):
        if program.name not in RULES:
            yield Finding(program, 0, "add its rule to RULES of tests/house/link_checks.py")
