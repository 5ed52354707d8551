#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""count.py {cmocka|ctest|tap} REPORT: print "PASSED FAILED SKIPPED" from a runner's own report.

cmocka: ctest's JUnit file of cmocka programs; their cases are counted, not the programs.
ctest:  ctest's JUnit file; its tests are counted.
tap:    what `node --test --test-reporter=tap` printed.

A report that is missing, torn or empty counts as one failure, and so does a program that failed
without saying in which case, or ran none.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree

SKIPPED = "SKIP_RETURN_CODE"  # ctest's word for it; any other reason not to run is a failure


FIXTURE = re.compile(r"_(start|stop)$")  # ctest runs these around tests; they hold no cases


def was_skipped(test):
    reason = test.find("skipped")
    return reason is not None and reason.get("message", "").startswith(SKIPPED)


def cases_of(test):
    """A cmocka program's own (passed, failed, skipped)."""
    output = test.findtext("system-out") or ""
    if was_skipped(test):
        return 0, 0, 1
    if test.get("status") == "run" and FIXTURE.search(test.get("name", "")):
        return 0, 0, 0

    def said(word):
        pattern = rf"^\[ +{word} +\] (?:.*: )?(\d+) test\(s\)"
        return sum(int(n) for n in re.findall(pattern, output, re.MULTILINE))

    passed, failed, skipped = said("PASSED"), said("FAILED"), said("SKIPPED")
    if test.get("status") != "run" or passed + failed + skipped == 0:
        failed = max(failed, 1)
    return passed, failed, skipped


def test_itself(test):
    if was_skipped(test):
        return 0, 0, 1
    return (1, 0, 0) if test.get("status") == "run" else (0, 1, 0)


def junit(path, count):
    tests = list(ElementTree.parse(path).getroot().iter("testcase"))
    return [sum(column) for column in zip(*map(count, tests))]


def tap(path):
    with open(path, encoding="utf-8", errors="replace") as report:
        said = dict(re.findall(r"^# (\w+) (\d+)$", report.read(), re.MULTILINE))
    number = {word: int(said[word]) for word in ("pass", "fail", "cancelled", "skipped", "todo")}
    return [number["pass"], number["fail"] + number["cancelled"],
            number["skipped"] + number["todo"]]


KINDS = {
    "cmocka": lambda path: junit(path, cases_of),
    "ctest": lambda path: junit(path, test_itself),
    "tap": tap,
}


def main(kind, path):
    try:
        counts = KINDS[kind](path)
    except (OSError, KeyError, ElementTree.ParseError) as reason:
        print(f"count.py: no report of {kind} in {path}: {reason!r}", file=sys.stderr)
        counts = [0, 1, 0]
    print(*(counts if any(counts) else [0, 1, 0]))


if __name__ == "__main__":
    main(*sys.argv[1:])
