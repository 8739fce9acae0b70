"""core imports itself and the standard library only; a secret stays one."""

import ast
import json
import pickle
import sys
from pathlib import Path

import pytest

from forain.core.secret import Secret

CORE = Path(__file__).resolve().parents[2] / "src" / "forain" / "core"


def test_core_imports_only_itself_and_the_standard_library():
    foreign = []
    for file in CORE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            foreign += [
                f"{file.name}: {name}"
                for name in names
                if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("forain.core")
            ]

    assert foreign == []


def test_a_secret_does_not_print_log_or_serialise():
    secret = Secret("canary-0815")

    assert "canary" not in f"{secret} {secret!r} {[secret]} {secret:>20}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)
    assert secret == Secret("canary-0815")
    assert secret.reveal() == "canary-0815"
