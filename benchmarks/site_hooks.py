"""Hooks of the documentation site, mkdocs.yml: makes home, changelog and API pages, and keeps all links inside.

The files under docs/ are read on GitHub as well; what they link to outside of docs/ becomes plain text on the site.
Needs the standard library and mkdocs alone.
"""

import ast
import importlib.util
import os
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
_OTHER_HOST = re.compile(r"\[?!\[[^\]]*\]\(https?:[^)]*\)(?:\]\([^)]*\))?")
_TRAIN = {  # public names of zoo.train, and the modules that define them
    "run": "runs.run",
    "recipe_for": "config.recipe",
    "Recipe": "config.recipe",
    "RunOptions": "config.run_options",
    "Result": "runs.result",
    "Callback": "callback",
    "Stream": "pipeline.stream",
}


def pages() -> dict[str, str]:
    """Returns the pages that have no file under docs/, by their addresses."""
    return {
        "index.md": _moved((ROOT / "README.md").read_text(encoding="utf-8"), "docs/"),
        "changelog.md": _moved((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), "docs/"),
        "api/layers.md": _api("Layers", [f"zoo.layers.{each}" for each in _exported(_package() / "layers")]),
        "api/models.md": _api(
            "Models", [f"zoo.{path.stem}.{path.stem}" for path in sorted(_package().glob("[a-z]*.py"))]
        ),
        "api/training.md": _api(
            "Training",
            [
                "zoo.train.in_memory.fit.fit",
                "zoo.train.trained.model.load",
                *(f"zoo.train.{module}.{name}" for name, module in _TRAIN.items()),
            ],
        ),
    }


def on_config(config: Any) -> Any:
    """Adds guides and lessons that nav of mkdocs.yml does not name to its lists, so that a new page needs no edit."""
    named = str(config.nav)
    for title, folder in (("How to", ""), ("Learn", "learn/")):
        found = next(entry[title] for entry in config.nav if title in entry)
        pages = sorted((Path(config.docs_dir) / folder).glob("*.md"))
        found += [f"{folder}{path.name}" for path in pages if f"{folder}{path.name}'" not in named]
    return config


def on_files(files: Any, config: Any) -> Any:
    """Adds the pages that have no file under docs/."""
    from mkdocs.structure.files import File  # pyright: ignore[reportMissingImports]

    for address, text in pages().items():
        files.append(File.generated(config, address, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Turns links to files outside of the site into plain text, and leaves out pictures of other hosts."""
    folder = Path(page.file.src_uri).parent
    return _OTHER_HOST.sub("", _LINK.sub(lambda link: _inside(link, folder, files), markdown))


def _inside(link: re.Match, folder: Path, files: Any) -> str:
    mark, text, address = link.groups()
    path, hash_, anchor = address.partition("#")
    if "://" in address or not path:
        return link[0]
    target = Path(os.path.normpath(folder / path)).as_posix()
    if target in ("../README.md", "../CHANGELOG.md"):
        home = os.path.relpath("index.md" if "README" in target else "changelog.md", folder)
        return f"{mark}[{text}]({home}{hash_}{anchor})"
    return link[0] if files.get_file_from_path(target) else text


def _package() -> Path:
    """Returns the folder of the package, in the checkout or installed."""
    here = ROOT / "zoo"
    found = None if here.exists() else importlib.util.find_spec("zoo")
    return Path(found.submodule_search_locations[0]) if found and found.submodule_search_locations else here


def _moved(text: str, folder: str) -> str:
    """Makes the links of a page at the root of the repository those of a page in docs/."""
    return text.replace(f"]({folder}", "](")


def _api(title: str, names: list[str]) -> str:
    return "\n\n".join([f"# {title}", *(f"::: {name}" for name in names)]) + "\n"


def _exported(package: Path) -> list[str]:
    """Returns the functions and classes that a package lists in `__all__`, with the modules that define them."""
    tree = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
    listed = next(
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"
    )
    defined = {
        node.name: f"{path.stem}.{node.name}"
        for path in package.glob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    return [defined[name] for name in sorted(ast.literal_eval(listed)) if name in defined]
