"""The reference of the box is true: it names every operation, and each sentence on the page of conformance is a test."""

import ast
import re
from pathlib import Path

from forain_box.spapi import gate
from tests.box import conformance

HERE = Path(__file__).parent
REFERENCE = conformance.ROOT / "docs" / "reference" / "box.md"


def sentences() -> set[str]:
    """Every test of the box, as the sentence it is."""
    found = set()
    for file in HERE.glob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found.add(conformance.sentence(f"x::{node.name}"))
    return found


def test_every_operation_stands_on_both_pages():
    page, reference = conformance.PAGE.read_text(encoding="utf-8"), REFERENCE.read_text(encoding="utf-8")
    names = {operation.name for operation in gate.OPERATIONS}

    assert sorted(name for name in names if f"## {name}\n" not in page) == []
    assert sorted(name for name in names if not re.search(rf"\b{name}\b", reference)) == []


def test_every_sentence_of_the_page_is_a_test():
    page = conformance.PAGE.read_text(encoding="utf-8")

    assert sorted(set(re.findall(r"^- (.*)$", page, re.M)) - sentences()) == []


def test_a_note_names_the_test_and_pages_leave_out_what_fires_at_all():
    told = conformance.page(
        ["getOrder\ttests/box/test_a.py::test_a_list_ends[x] (call)", "getOrder\ttests/box/test_fuzz.py::test_x (call)"]
    )

    assert told.endswith("## getOrder\n\n- a list ends\n")
