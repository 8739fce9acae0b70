"""What must never be in the repository."""

import ast
import fnmatch
import re
import subprocess
import tomllib
from pathlib import Path

import click

from forain.cli import main

ROOT = Path(__file__).resolve().parents[2]


def tracked():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_no_lock_file_names_an_index_and_every_file_is_pinned_by_hash():
    for name in ("run", "test"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        assert "://" not in text
        assert "--index" not in text
        assert all("==" in line for line in re.findall(r"^[a-z].*$", text, re.M))
        assert text.count("--hash=sha256:") > 50


def test_the_product_does_not_depend_on_anything_beside_the_checkout():
    outside = "../" + "shared"
    for file in tracked():
        if file.suffix in (".py", ".toml", ".md", ".sh", ".html") or not file.suffix:
            assert outside not in file.read_text(errors="ignore"), file


def test_every_setting_is_in_the_reference():
    inner = {
        "FORAIN_LOCAL_URL",
        "FORAIN_REFRESH_TOKEN",
        "FORAIN_CLIENT_SECRET",
        "FORAIN_SECRET_ACCESS_KEY",
        "FORAIN_NAME",
        "FORAIN_",
    }
    reference = (ROOT / "docs" / "reference" / "settings.md").read_text()
    used = {
        name
        for file in tracked()
        if (file.is_relative_to(ROOT / "src" / "forain") and file.suffix == ".py") or file == ROOT / "forain"
        for name in re.findall(r"FORAIN_[A-Z_]*", file.read_text())
    }
    assert {name for name in used - inner if f"`{name}`" not in reference} == set()


def test_every_command_is_in_the_reference():
    reference = (ROOT / "docs" / "reference" / "command-line.md").read_text()
    for name, command in main.commands.items():
        for path in [name] if not isinstance(command, click.Group) else [f"{name} {sub}" for sub in command.commands]:
            assert f"`{path}" in reference, path


def public_names(nodes, before=""):
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_") and node.name != "Meta":
            yield before + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from public_names(node.body, f"{node.name}.")


def test_every_public_name_of_the_inner_layers_says_what_it_is_for():
    silent = [
        f"{file.relative_to(ROOT)}: {name}"
        for layer in ("core", "contracts", "store", "flows")
        for file in (ROOT / "src" / "forain" / layer).glob("*.py")
        for name, node in public_names(ast.parse(file.read_text()).body)
        if not ast.get_docstring(node)
    ]

    assert silent == []


def test_what_is_no_python_is_told_to_the_wheel():
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    left_out = []
    for package, patterns in told.items():
        folder = ROOT / "src" / package
        endings = [pattern.removeprefix("**/") for pattern in patterns]
        left_out += [
            str(file.relative_to(ROOT))
            for file in tracked()
            if file.is_relative_to(folder) and file.suffix != ".py"
            and not any(fnmatch.fnmatch(file.name, ending) for ending in endings)
        ]  # fmt: skip

    assert left_out == []


def test_every_folder_with_python_is_a_package_and_so_in_the_wheel():
    folders = {file.parent for file in tracked() if file.suffix == ".py" and file.is_relative_to(ROOT / "src")}

    assert [str(f.relative_to(ROOT)) for f in sorted(folders) if not (f / "__init__.py").exists()] == []


def test_each_test_that_the_threat_model_names_is_there():
    page = (ROOT / "docs" / "explanation" / "threat-model.md").read_text()
    named = re.findall(r"`((?:tests|src)/[\w/]+\.py)::(test_\w+)`", page)
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (ROOT / file).is_file() or f"\ndef {name}(" not in (ROOT / file).read_text()
    ]

    assert len(named) >= 30
    assert len(named) == page.count("::test_")
    assert missing == []
