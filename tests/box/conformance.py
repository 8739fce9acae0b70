"""Writes docs/reference/box-conformance.md: what the box keeps of Amazon, operation by operation, in the sentences of its tests.

    python -m tests.box.conformance

Each call a test makes is noted with the test's name; tests that fire at every operation alike say nothing of one.
"""

import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "box-conformance.md"
NOTES = "FORAIN_BOX_NOTES"
"""Environment: the file into which `note` writes while this runs."""
AT_ALL = (
    "test_conformance.py", "test_samples.py", "test_fuzz.py", "test_panel.py", "test_state.py", "test_bad_input.py",
    "test_served.py", "test_misfortunes.py",
)  # fmt: skip
HEAD = """# What the box keeps of Amazon, by its tests

Made from the tests by `python -m tests.box.conformance`: for each operation the sentences that hold it. What is not kept stands in
[the reference](box.md). Besides, every answer in the tests is held against the operation's published model, every sandbox
sample of the models is sent, and generated requests are fired at each.

"""


def note(operation: str) -> None:
    """Called for each request of the tests' client; writes only while the page is being made."""
    file = os.environ.get(NOTES)
    if file:
        with open(file, "a", encoding="utf-8") as out:
            out.write(f"{operation}\t{os.environ.get('PYTEST_CURRENT_TEST', '')}\n")


def sentence(test: str) -> str:
    """ "tests/box/test_x.py::test_a_list_ends[1] (call)" -> "a list ends"."""
    name = re.sub(r"\[.*", "", test.partition("::")[2].partition(" (")[0])
    return name.removeprefix("test_").replace("_", " ")


def page(notes: list[str]) -> str:
    """The page from the noted (operation, test) lines."""
    kept: dict[str, set[str]] = defaultdict(set)
    for line in notes:
        operation, _, test = line.rstrip("\n").partition("\t")
        if test and not any(file in test for file in AT_ALL):
            kept[operation].add(sentence(test))
    parts = [HEAD]
    for operation in sorted(kept, key=str.lower):
        parts.append(f"## {operation}\n\n" + "".join(f"- {text}\n" for text in sorted(kept[operation])) + "\n")
    return "".join(parts).rstrip() + "\n"


def main() -> int:
    notes = ROOT / "artefacts" / "box-notes.tsv"
    notes.parent.mkdir(exist_ok=True)
    notes.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "tests/box", *(f"--ignore=tests/box/{file}" for file in AT_ALL)]
    code = subprocess.run(command, cwd=ROOT, env={**os.environ, NOTES: str(notes)}).returncode
    if code == 0:
        PAGE.write_text(page(notes.read_text(encoding="utf-8").splitlines()), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main())
