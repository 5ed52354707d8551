#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run.py CHECK ROOT [BUILD]: make one check of the house. 0 held, 1 broken, 77 cannot be made."""

import sys

import c_checks
import link_checks
import text_checks
from tree import Skip, Tree

# The one list; tests/house/CMakeLists.txt asks for it with `run.py list`.
CHECKS = {
    "top_level": text_checks.top_level,
    "spdx": text_checks.spdx,
    "readmes": text_checks.readmes,
    "lines": text_checks.lines,
    "markers": text_checks.markers,
    "machine_paths": text_checks.machine_paths,
    "lock_files": text_checks.lock_files,
    "routes": text_checks.routes,
    "console": text_checks.console,
    "includes": c_checks.includes,
    "foreign_headers": c_checks.foreign_headers,
    "not_used": c_checks.not_used,
    "file_sizes": c_checks.file_sizes,
    "function_sizes": c_checks.function_sizes,
    "guards": c_checks.guards,
    "main_places": c_checks.main_places,
    "dnnl_place": c_checks.dnnl_place,
    "sql_place": c_checks.sql_place,
    "formatting": c_checks.formatting,
}
LINKS = "links_"  # links_PROGRAM for each program of link_checks.RULES
SKIPPED = 77


def findings_of(name, root, build):
    if name == "programs":
        return list(link_checks.programs(build))
    if name.startswith(LINKS):
        return list(link_checks.links(build, name[len(LINKS) :]))
    return list(CHECKS[name](Tree(root)))


def main(arguments):
    if arguments == ["list"]:
        programs = [LINKS + program for program in link_checks.RULES]
        print(";".join([*CHECKS, "programs", *programs]), end="")
        return 0
    name, root, build = (*arguments, None)[:3]
    try:
        findings = findings_of(name, root, build)
    except Skip as reason:
        print(f"{name}: skipped: {reason}")
        return SKIPPED
    for finding in findings:
        print(f"{finding.path}:{finding.line}: {finding.text}")
    print(f"{name}: {len(findings)} to mend" if findings else f"{name}: holds")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
