#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tests/count.py believes reports that say something, and nothing else."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

COUNT = pathlib.Path(__file__).parents[1] / "count.py"
CASES = "[==========] Running 6 test(s).\n[  PASSED  ] 3 test(s).\n" \
        "[  SKIPPED ] 2 test(s), listed below:\n[  FAILED  ] 1 test(s), listed below:\n"
TAP = "ok 1 - # pass 9\n# tests 7\n# pass 2\n# fail 1\n# cancelled 1\n# skipped 2\n# todo 1\n"


def junit(*tests):
    return "<testsuite>" + "".join(tests) + "</testsuite>"


def test(status, inside=""):
    return f'<testcase name="t" status="{status}">{inside}</testcase>'


def output(text):
    return f"<system-out>{text}</system-out>"


class Count(unittest.TestCase):
    def counts(self, expected, kind, report):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "report")
            if report is not None:
                path.write_text(report)
            answer = subprocess.run([sys.executable, "-B", COUNT, kind, path],
                                    capture_output=True, text=True, check=True)
        self.assertEqual(expected, answer.stdout.strip())

    def test_cases_of_cmocka_are_counted(self):
        good = "[  PASSED  ] 4 test(s).\n"
        self.counts("7 1 2", "cmocka", junit(test("run", output(good)),
                                             test("fail", output(CASES))))

    def test_two_groups_of_one_program_are_added(self):
        self.counts("3 0 0", "cmocka", junit(test("run", output(
            "[  PASSED  ] 1 test(s).\n[  PASSED  ] group: 2 test(s).\n"))))

    def test_a_program_that_died_or_ran_nothing_failed(self):
        self.counts("4 1 0", "cmocka", junit(test("fail", output("[  PASSED  ] 4 test(s).\n"))))
        self.counts("0 1 0", "cmocka", junit(test("run", output("[  PASSED  ] 0 test(s).\n"))))
        self.counts("0 1 0", "cmocka", junit(test("run", output("hello"))))
        self.counts("0 1 0", "cmocka", junit(test("notrun")))

    def test_a_fixture_counts_only_when_it_fails(self):
        good = "<testcase name=\"postgres_start\" status=\"run\"/>"
        cases = "[  PASSED  ] 4 test(s).\n"
        bad = "<testcase name=\"postgres_stop\" status=\"fail\"/>"
        self.counts("4 0 0", "cmocka", junit(good, test("run", output(cases))))
        self.counts("4 1 0", "cmocka", junit(good, test("run", output(cases)), bad))

    def test_a_program_may_skip_as_a_whole(self):
        skip = '<skipped message="SKIP_RETURN_CODE=77"/>'
        self.counts("0 0 1", "cmocka", junit(test("notrun", skip)))

    def test_only_a_skip_of_its_own_is_a_skip(self):
        skip = '<skipped message="SKIP_RETURN_CODE=77"/>'
        lost = '<skipped message="Unable to find executable"/>'
        self.counts("1 2 1", "ctest", junit(test("run"), test("fail"), test("notrun", skip),
                                            test("notrun", lost)))

    def test_nodes_summary_is_counted_at_its_line(self):
        self.counts("2 2 3", "tap", TAP)

    def test_a_report_that_says_nothing_is_a_failure(self):
        for kind in ("cmocka", "ctest"):
            self.counts("0 1 0", kind, junit())
            self.counts("0 1 0", kind, "<testsuite><testca")
            self.counts("0 1 0", kind, None)
        self.counts("0 1 0", "tap", "ok 1\n# pass 1\n")
        self.counts("0 1 0", "tap", None)


if __name__ == "__main__":
    unittest.main()
