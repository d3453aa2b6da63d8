#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Completion scripts and manual pages say what --help says: every verb, every flag, every word of a value."""

import argparse
import os
import re
import shutil
import subprocess
import tempfile
import unittest

ARGUMENTS = None
SHELLS = ("bash", "zsh", "fish")
FLAG = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")


def stele(*words):
    return subprocess.run([ARGUMENTS.stele, *words], capture_output=True, text=True, timeout=60)


def verbs():
    text = stele("--help").stdout
    return re.findall(r"^  ([a-z]+) ", text[text.index("Subcommands:"):], re.MULTILINE)


def flags(*verb):
    """The flags that --help lists, the ones of all verbs with them."""
    found = set()
    for words in ((*verb, "--help"), ("--help",)):
        for line in stele(*words).stdout.splitlines():
            if line.startswith("  -"):
                found.update(FLAG.findall(line.split("  ")[1]))
    return found


class Completion(unittest.TestCase):
    def complete(self, *words):
        """What bash offers for the last of `words`."""
        quoted = " ".join(f"'{word}'" for word in ("stele", *words))
        script = (f"source <('{ARGUMENTS.stele}' completion bash); COMP_WORDS=({quoted});"
                  f"COMP_CWORD={len(words)}; _stele; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
        result = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, timeout=60,
                                cwd=ARGUMENTS.folder)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return set(result.stdout.split("\n")) - {""}

    def test_bash_offers_every_verb_and_every_flag(self):
        self.assertGreater(len(verbs()), 8)
        self.assertEqual(self.complete(""), set(verbs()))
        self.assertEqual(self.complete("ch"), {"check", "checkpoint"})
        self.assertEqual(self.complete("-"), flags())
        for verb in verbs():
            self.assertGreaterEqual(flags(verb), {"--json", "--help"})
            self.assertEqual(self.complete(verb, "-"), flags(verb), verb)
        self.assertIn("--dry-run", self.complete("format", "--d"))

    def test_bash_offers_values(self):
        self.assertEqual(self.complete("--units", ""), {"auto", "iec", "bytes"})
        self.assertEqual(self.complete("info", "--units", "b"), {"bytes"})
        self.assertEqual(self.complete("completion", ""), set(SHELLS))
        self.assertEqual(self.complete("format", "--size", ""), set())
        for name in ("my store.img", "system.toml"):
            open(os.path.join(ARGUMENTS.folder, name), "w").close()
        os.mkdir(os.path.join(ARGUMENTS.folder, "programs"))
        self.assertEqual(self.complete("info", "my"), {"my store.img"})
        self.assertEqual(self.complete("format", "--system", "sys"), {"system.toml"})
        self.assertEqual(self.complete("format", "--programs", ""), {"programs"})

    def test_zsh_and_fish_list_every_flag(self):
        zsh, fish = stele("completion", "zsh").stdout, stele("completion", "fish").stdout
        for verb in verbs():
            part = zsh[zsh.index(f"        {verb})\n"):]
            part = part[:part.index(";;")]
            self.assertEqual(set(re.findall(r"^ +'(--?[a-z-]+)\[", part, re.MULTILINE)), flags(verb), verb)
            self.assertIn(f"\n        '{verb}:", zsh)
            self.assertIn(f"__fish_use_subcommand -a {verb} ", fish)
            lines = [line for line in fish.splitlines()
                     if f"seen_subcommand_from {verb}'" in line or " -n " not in line]
            found = {"--" + flag for line in lines for flag in re.findall(r" -l ([a-z-]+)", line)}
            found |= {"-" + flag for line in lines for flag in re.findall(r" -s ([a-z])", line)}
            self.assertEqual(found, flags(verb), verb)

    def test_shells_parse_their_scripts(self):
        for shell, check in zip(SHELLS, ("-n", "-n", "--no-execute")):
            if shutil.which(shell):
                result = subprocess.run([shell, check], input=stele("completion", shell).stdout,
                                        capture_output=True, text=True, timeout=60)
                self.assertEqual((result.returncode, result.stderr), (0, ""), shell)

    def test_another_shell_is_refused(self):
        result = stele("completion", "csh")
        self.assertEqual(result.returncode, 16)
        self.assertIn("error[usage]", result.stderr)


class Manual(unittest.TestCase):
    def test_every_verb_has_a_page_with_every_flag(self):
        self.assertEqual(stele("--man", "list").stdout.split(), ["stele", *verbs()])
        for verb in verbs():
            page = stele("--man", verb).stdout
            self.assertTrue(page.startswith(f"stele-{verb}(1)\n"))
            named = {flag for line in page.splitlines() if line.startswith("*-")
                     for flag in FLAG.findall(line.replace("*", " "))}
            self.assertEqual(named, flags(verb), verb)
            for section in ("NAME", "SYNOPSIS", "EXIT STATUS", "SEE ALSO"):
                self.assertIn(f"\n# {section}\n", page)
        main = stele("--man", "stele").stdout
        for verb in verbs():
            self.assertIn(f"*stele-{verb}*(1)", main)
        self.assertEqual(stele("--man", "nothing").returncode, 16)

    def test_scdoc_takes_the_pages_that_the_build_made(self):
        if not shutil.which("scdoc"):
            self.skipTest("scdoc is not installed")
        names = {"stele.1", *(f"stele-{verb}.1" for verb in verbs())}
        self.assertEqual(set(os.listdir(ARGUMENTS.man)), names)
        for name in names:
            with open(os.path.join(ARGUMENTS.man, name)) as file:
                page = file.read()
            self.assertIn(".SH NAME", page)
            if shutil.which("groff"):
                text = subprocess.run(["groff", "-man", "-Tascii", "-ww", "-P-cbou"], input=page,
                                      capture_output=True, text=True, timeout=60)
                self.assertEqual((text.returncode, text.stderr), (0, ""), name)
                self.assertIn("EXIT STATUS", text.stdout)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--stele", required=True)
    parser.add_argument("--man", required=True)
    ARGUMENTS = parser.parse_args()
    with tempfile.TemporaryDirectory() as ARGUMENTS.folder:
        unittest.main(argv=["option_tree_test"])
