"""Public docstrings and error messages are plain technical English: no subject-less openings, no personification."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import zoo

FOLDERS = ("layers", "zoo", "train")
OPENINGS = {"How", "Of", "That", "What", "Where", "Whether", "Which", "Who", "Whose"}
PERSONIFYING = re.compile(
    r"\b(is|are|was|were) (told|asked|taught)\b|\basked (of|for)\b|\b(hears?|foretells?|foretold|lives? in)\b"
    r"|\b(wants?|knows?|sees|says?|speaks?|tells?|answers)\b"
)

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
Text = tuple[str, str]


def files(folder: str) -> list[Path]:
    """Every module of a folder of the installed package, the links to other folders excluded."""
    package = Path(zoo.__file__).resolve().parent
    root = package if folder == "zoo" else (package / folder).resolve()
    others = () if folder != "zoo" else ("layers", "train")
    return sorted(path for path in root.rglob("*.py") if path.relative_to(root).parts[0] not in others)


def documented(tree: ast.Module, module: str) -> Iterator[tuple[str, Documented]]:
    """The module, and its public functions and classes with their public methods."""
    yield module, tree
    stack: list[tuple[str, ast.Module | ast.ClassDef]] = [(module, tree)]
    while stack:
        scope, parent = stack.pop()
        for node in parent.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_":
                yield f"{scope}.{node.name}", node
                if isinstance(node, ast.ClassDef):
                    stack.append((f"{scope}.{node.name}", node))


def docstrings(tree: ast.Module, module: str) -> Iterator[Text]:
    for name, node in documented(tree, module):
        if text := ast.get_docstring(node):
            yield name, text


def messages(tree: ast.Module, module: str) -> Iterator[Text]:
    """The constant parts of every string in a `raise` statement."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise):
            parts = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
            yield f"{module}:{node.lineno}", " ".join(part for part in parts if isinstance(part, str))


def openings(texts: Iterator[Text]) -> list[str]:
    return [f"{name}: {text.split()[0]} ..." for name, text in texts if text.split()[0].strip("`,:;") in OPENINGS]


def personified(texts: Iterator[Text]) -> list[str]:
    return [f"{name}: {found[0]}" for name, text in texts if (found := PERSONIFYING.search(text))]


@cache
def parsed(folder: str) -> list[tuple[ast.Module, str]]:
    return [(ast.parse(path.read_text(encoding="utf-8")), f"{folder}/{path.name}") for path in files(folder)]


@pytest.mark.parametrize("folder", FOLDERS)
def test_public_docstrings_open_with_a_verb_or_a_noun(folder):
    assert [each for pair in parsed(folder) for each in openings(docstrings(*pair))] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_public_docstrings_and_error_messages_do_not_personify(folder):
    texts = [text for pair in parsed(folder) for source in (docstrings, messages) for text in source(*pair)]
    assert personified(iter(texts)) == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_module_of_the_folder_is_read(folder):
    assert len(files(folder)) > 20
    assert all(list(docstrings(*pair)) for pair in parsed(folder))


def test_each_rule_finds_its_offence_and_nothing_else():
    source = '''"""What a module is."""
def _private():
    """Whether it counts."""
class Thing:
    """Holds a thing."""
    def method(self):
        """Of the thing, the rest."""
        raise ValueError(f"{self} wants " "more")
def plain():
    """Computes the wanted whole, of which the rest is known."""
    raise ValueError("expected more")
'''
    tree = ast.parse(source)
    assert openings(docstrings(tree, "m")) == ["m: What ...", "m.Thing.method: Of ..."]
    assert personified(docstrings(tree, "m")) == []
    assert personified(messages(tree, "m")) == ["m:8: wants"]
