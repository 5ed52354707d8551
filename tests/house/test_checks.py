#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each check of the house finds what it is for, at its line, and leaves the nearest good thing."""

import json
import pathlib
import subprocess
import tempfile
import unittest

import c_checks
import link_checks
import run
import text_checks
from tree import Skip, Tree

LICENSE = "/* SPDX-License-Identifier: Apache-2.0 */\n"


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def holds(self, check, files):
        for path, text in files.items():
            self.write(path, text)
        self.assertEqual([], list(check(Tree(self.root))))

    def finds(self, check, files, *places):
        """The findings are at exactly these places, path:line."""
        for path, text in files.items():
            self.write(path, text)
        found = [f"{f.path}:{f.line}" for f in check(Tree(self.root))]
        self.assertEqual(sorted(places), sorted(found))


class TextChecks(Case):
    def test_top_level_is_fixed(self):
        self.holds(text_checks.top_level, {"crypto/a.c": "", "build-x/a": "", "README.md": ""})
        self.finds(text_checks.top_level, {"notes.txt": "", "lib/a.c": ""}, "notes.txt:1", "lib:1")

    def test_spdx_may_follow_the_interpreter_but_not_be_missing(self):
        good = "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n"
        self.holds(text_checks.spdx, {"tests/a.sh": good, "crypto/a.c": LICENSE})
        self.finds(text_checks.spdx, {"crypto/b.c": "int b;\n"}, "crypto/b.c:1")

    def test_readme_is_asked_of_each_folder_of_sources(self):
        self.holds(text_checks.readmes, {
            "crypto/x/a.c": "", "crypto/x/README.md": "", "crypto/CMakeLists.txt": "",
            "tests/unit/crypto/test_a.c": "", "tests/unit/README.md": "",
        })
        self.finds(text_checks.readmes, {"policy/a.c": ""}, "policy/README.md:1")

    def test_lines_have_an_end_and_no_blanks_before_it(self):
        table = "/* clang-format off */\n" + "x" * 101 + "\n/* clang-format on */\n"
        self.holds(text_checks.lines, {"crypto/a.c": "x" * 100 + "\n" + table})
        self.finds(text_checks.lines, {"crypto/t.c": table + "x" * 101 + "\n"}, "crypto/t.c:4")
        self.write("crypto/t.c", "")
        self.finds(text_checks.lines, {
            "crypto/b.c": "\t" + "x" * 93 + "\n", "crypto/c.c": "int a; \n", "crypto/d.c": "int a;",
        }, "crypto/b.c:1", "crypto/c.c:1", "crypto/d.c:1")

    def test_markers_are_found_as_words(self):
        self.holds(text_checks.markers, {"crypto/a.c": "int TO" "DOS;\n"})
        self.finds(text_checks.markers, {"crypto/b.c": "\n/* TO" "DO: x */\n"}, "crypto/b.c:2")

    def test_machine_paths_are_found_and_addresses_are_not(self):
        good = "https://example.org/wo" "rk/x ${root}/wo" "rk/ build/ho" "me/\n"
        self.holds(text_checks.machine_paths, {"README.md": good})
        bad = "see /wo" "rk/x\nand \"/ho" "me/me\"\n"
        self.finds(text_checks.machine_paths, {"README.md": bad}, "README.md:1", "README.md:2")

    def test_the_console_makes_no_html_and_fetches_nothing_from_elsewhere(self):
        src = "gateway/console/src/"
        self.holds(text_checks.console, {
            src + "a.tsx": "<p>{text.value.ui.more}</p>\n<b style={{ width }} />\n",
            src + "icon.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>\n',
            src + "text/en.ts": 'more: "Load more of it",\n',
            "gateway/other.ts": "x.innerHTML = y;\n",
        })
        self.finds(text_checks.console, {
            src + "b.tsx": "x.innerHTML = y;\neval(x);\nfetch('https://a.example/');\n"
                           "<p>Load more of it.</p>\n<b style=\"x\"/>\n",
            "gateway/console/index.html": "<script>1</script>\n",
        }, *(f"{src}b.tsx:{n}" for n in range(1, 6)), "gateway/console/index.html:1")

    def test_lock_files_name_no_address(self):
        npmrc = "omit-lockfile-registry-resolved=true\n"
        self.holds(text_checks.lock_files, {
            "tests/a/package.json": '{"dependencies": {"x": "1.2.3"}}',
            "tests/a/package-lock.json": '{"version": "1.2.3"}', "tests/a/.npmrc": npmrc,
        })
        self.finds(text_checks.lock_files, {
            "tests/b/package.json": '{"devDependencies": {"x": "^1.2.3"}}',
            "tests/c/package-lock.json": '{\n"resolved": "x"}',
        }, "tests/b/.npmrc:1", "tests/b/package.json:1", "tests/b/package.json:1",
            "tests/c/package-lock.json:2")


class Routes(Case):
    def described(self, **operations):
        paths = {"/a/{b}": {m: {"x-right": r} for m, r in operations.items()}}
        return {"schema/api/openapi.json": json.dumps({"paths": paths}) + "\n"}

    def table(self, row):
        return {"gateway/api/routes.c": LICENSE + row}

    def test_what_is_served_is_described_with_its_right(self):
        row = '{"GET", "/a/{b...}", "public", BODY_NONE, 0, f},\n'
        self.holds(text_checks.routes, self.table(row) | self.described(get="public"))
        self.finds(text_checks.routes, self.described(get="weights:read"), "gateway/api/routes.c:2")

    def test_what_is_described_is_served(self):
        row = '{"GET", "/a/{b}", "public", BODY_NONE, 0, f},\n'
        self.finds(text_checks.routes, self.table(row) | self.described(get="public", put="public"),
                   "schema/api/openapi.json:1")

    def test_options_of_every_path_needs_no_description(self):
        rows = ('{"GET", "/a/{b}", "public", BODY_NONE, 0, f},\n'
                '{"OPTIONS", "*", "public", BODY_NONE, 0, f},\n')
        self.holds(text_checks.routes, self.table(rows) | self.described(get="public"))


class CChecks(Case):
    def test_arrows_point_down_only(self):
        self.holds(c_checks.includes, {
            "policy/p.c": '#include "policy/p.h"\n#include "schema/s.h"\n', "policy/p.h": "",
            "gateway/g.c": '#include <stdio.h>\n#include "inference/i.h"\n',
        })
        self.finds(c_checks.includes, {
            "crypto/c.c": '#include "schema/s.h"\n',
            "crypto/base/b.c": '#include "crypto/keyring.h"\n',
            "inference/i.c": '\n#include "policy/p.h"\n',
            "gateway/h.c": '#include "tests/t.h"\n',
            "schema/s.c": '#include "s2.h"\n',
        }, "crypto/c.c:1", "crypto/base/b.c:1", "inference/i.c:2", "gateway/h.c:1", "schema/s.c:1")

    def test_own_header_comes_first(self):
        self.finds(c_checks.includes, {
            "crypto/a.c": '#include <stdio.h>\n#include "crypto/a.h"\n', "crypto/a.h": "",
            "crypto/b.c": "int b;\n", "crypto/b.h": "",
        }, "crypto/a.c:1", "crypto/b.c:1")

    def test_foreign_headers_have_their_place(self):
        self.holds(c_checks.foreign_headers, {"schema/store/a.c": "#include <libpq-fe.h>\n"})
        self.finds(c_checks.foreign_headers, {
            "gateway/edge/a.c": "#include <stdio.h>\n#include <libpq-fe.h>\n",
            "gateway/edge/b.c": "#include <curl/curl.h>\n",
            "inference/model/a.c": "#include <oneapi/dnnl/dnnl.h>\n",
            "crypto/a.c": "#include <openssl/ssl.h>\n",
        }, "gateway/edge/a.c:2", "gateway/edge/b.c:1", "inference/model/a.c:1", "crypto/a.c:1")

    def test_functions_not_used_here(self):
        good = '/* strcpy(a) */ const char *s = "system(x)"; my_rand(); x->system(1); x.rand();\n'
        self.holds(c_checks.not_used, {"crypto/a.c": good})
        for names in c_checks.NOT_USED:
            for name in names.split():
                self.finds(c_checks.not_used, {"crypto/b.c": f"\nint x = {name} (y);\n"},
                           "crypto/b.c:2")

    def test_goto_and_typedef(self):
        good = "goto out;\ntypedef enum err step_fn(int);\n"
        self.holds(c_checks.not_used, {"crypto/a.c": good})
        self.finds(c_checks.not_used, {"crypto/b.c": "goto fail;\ntypedef struct x x;\n"},
                   "crypto/b.c:1", "crypto/b.c:2")

    def test_file_sizes(self):
        self.holds(c_checks.file_sizes, {"crypto/a.c": "\n" * c_checks.FILE_MAX_LINES})
        self.finds(c_checks.file_sizes, {"crypto/b.c": "\n" * 601}, "crypto/b.c:601")

    def test_function_sizes_see_through_literals_macros_and_tables(self):
        body = "\tif (x) {\n\t\tf('}', \"}}\"); /* } */\n\t}\n"
        table = "static const int t[] = {\n" + "\t1,\n" * 99 + "};\n"
        macro = "#define M(X) \\\n\tdo { \\\n\t\tX; \\\n\t} while (0)\n"
        good = macro + table + "int f(int x)\n{\n" + body + "\tg();\n" * 55 + "}\n"
        self.holds(c_checks.function_sizes, {"crypto/a.c": good})
        long = table + "int f(int x)\n{\n" + body + "\tg();\n" * 56 + "}\n"
        self.finds(c_checks.function_sizes, {"crypto/b.c": long}, "crypto/b.c:103")

    def test_guards(self):
        good = LICENSE + "/* a */\n#ifndef CRYPTO_A_H\n#define CRYPTO_A_H\n#endif\n"
        self.holds(c_checks.guards, {"crypto/a.h": good})
        self.finds(c_checks.guards, {"crypto/b.h": good}, "crypto/b.h:1")

    def test_main_lives_in_gateway_and_tests(self):
        self.holds(c_checks.main_places, {"gateway/a.c": "int main(void)\n", "tests/a.c":
                                          "int main(void)\n", "crypto/a.c": "int domain(void)\n"})
        self.finds(c_checks.main_places, {"policy/a.c": "\nint main(void)\n"}, "policy/a.c:2")

    def test_dnnl_calls_stay_in_one_file(self):
        call = "\tdnnl_memory_create(x);\n"
        self.holds(c_checks.dnnl_place, {"inference/kernel/a.c": call + call})
        self.finds(c_checks.dnnl_place, {"inference/b.c": "\n" + call}, "inference/b.c:2")
        self.finds(c_checks.dnnl_place, {"inference/kernel/c.c": call}, "inference/b.c:2",
                   "inference/kernel/a.c:1", "inference/kernel/c.c:1")

    def test_sql_text_lives_in_schema(self):
        sql = 'f("x",\n  "SELECT id FROM person");\n'
        self.holds(c_checks.sql_place, {"schema/store/a.c": sql, "policy/a.c": 'f("SELECTED");\n'})
        self.finds(c_checks.sql_place, {"gateway/a.c": sql}, "gateway/a.c:2")

    def test_formatting(self):
        style = pathlib.Path(__file__).parents[2].joinpath(".clang-format").read_text()
        try:
            self.holds(c_checks.formatting, {".clang-format": style, "crypto/a.c": "int a;\n"})
            self.finds(c_checks.formatting, {"crypto/b.c": "int a;\nint  b ;\n"},
                       "crypto/b.c:2", "crypto/b.c:2")
        except Skip as reason:
            self.skipTest(str(reason))


class LinkChecks(Case):
    def build(self, name, source, *options):
        program = self.root / "bin" / name
        program.parent.mkdir(exist_ok=True)
        subprocess.run(["cc", "-x", "c", "-", "-o", program, "-Wl,--no-as-needed", *options],
                       input=source, text=True, check=True)

    def found(self, name):
        return " ".join(f.text for f in link_checks.links(self.root, name))

    def test_a_program_with_a_key_symbol_is_found(self):
        source = "static int {0}open(void) {{ return 0; }} int main(void) {{ return {0}open(); }}"
        self.build("sallyport-edge", source.format("wire_keyring_"))
        self.assertEqual("", self.found("sallyport-edge"))
        self.build("sallyport-edge", source.format("keyring_"))
        self.assertIn("keyring_open is in it", self.found("sallyport-edge"))

    def test_a_program_that_could_reach_the_network_is_found(self):
        call = "#include <sys/socket.h>\nint main(void) {{ return {}; }}"
        self.build("sallyport-porter", call.format("socketpair(1, 1, 0, 0)"))
        self.assertEqual("", self.found("sallyport-porter"))
        self.build("sallyport-porter", call.format("connect(1, 0, 0)"))
        self.assertIn("connect@", self.found("sallyport-porter"))

    def test_a_program_without_a_rule_is_found(self):
        self.build("sallyport-edge", "int main(void) { return 0; }")
        self.assertEqual([], list(link_checks.programs(self.root)))
        self.build("sallyport-new", "int main(void) { return 0; }")
        self.assertEqual(["sallyport-new"], [f.path.name for f in
                                             link_checks.programs(self.root)])

    def test_a_program_with_a_library_it_must_not_have_is_found(self):
        main = "int main(void) { return 0; }"
        self.build("sallyport-keeper", main, "-lcrypto")
        self.assertEqual("", self.found("sallyport-keeper"))
        for library in ("pq", "ssl", "curl"):
            self.build("sallyport-keeper", main, "-l" + library)
            self.assertIn(f"lib{library} is linked", self.found("sallyport-keeper"))

    def test_a_stripped_program_is_not_believed(self):
        self.build("sallyport-scribe", "int main(void) { return 0; }", "-s")
        self.assertIn("stripped", self.found("sallyport-scribe"))

    def test_a_program_not_built_is_skipped(self):
        self.assertRaises(Skip, self.found, "sallyport-engine")


class Runner(unittest.TestCase):
    def test_every_check_has_a_test(self):
        tested = pathlib.Path(__file__).read_text()
        for name, check in run.CHECKS.items():
            self.assertIn(f"checks.{check.__name__}, ", tested, name)


if __name__ == "__main__":
    unittest.main()
