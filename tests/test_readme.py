"""The code of the README and of its pages runs, block after block, and what they list is what is there."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import zoo
from benchmarks import chart_results, results
from benchmarks.page import DOCS, between, publish

README = Path(__file__).parent.parent / "README.md"
OWN = DOCS / "own_model.md"


@pytest.mark.usefixtures("quick_compiler")
@pytest.mark.parametrize(("page", "least"), [(README, 2), (DOCS / "usage.md", 3), (OWN, 4)], ids=str)
def test_the_code_of_a_page_runs(page, least, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks) >= least
    names = {}
    for block in blocks:
        exec(compile(block, page.name, "exec"), names)


def test_the_readme_is_short():
    assert README.read_text(encoding="utf-8").count("\n") <= 200


@pytest.mark.parametrize("mark", ["train", "test"])
def test_the_readme_has_its_two_commands_in_one_line_each(mark):
    found = re.search(rf"<!-- {mark} -->\n```sh\n(.*)\n```", README.read_text(encoding="utf-8"))
    assert found, "one line between the fences"
    assert found[1].startswith("test -x .venv/bin/")


def test_the_first_steps_clone_the_repository_and_run_the_command_of_the_readme():
    page = (DOCS / "first_steps.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", page, flags=re.DOTALL)
    project = tomllib.loads((README.parent / "pyproject.toml").read_text())["project"]
    assert blocks[0].startswith(f"git clone -q {project['urls']['Repository']}\n")
    assert blocks[1] == re.search(r"<!-- train -->\n```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[1]
    assert re.findall(r"--csv|mine\.py:", "".join(blocks[2:])) == ["--csv", "mine.py:", "mine.py:"]


def test_the_page_of_the_models_lists_every_one():
    assert results.animals() in results.MODELS.read_text(encoding="utf-8"), "run python -m benchmarks.results --table"


def test_the_tables_of_results_are_those_of_the_stored_values():
    kept = json.loads(results.KEPT.read_text())
    tables = (results.PAGE, "results", results.table(kept)), (README, "rows", chart_results.table(kept))
    for page, mark, text in tables:
        shown = f"<!-- {mark} -->\n{text}\n<!-- /{mark} -->"
        assert shown in page.read_text(encoding="utf-8"), "run python -m benchmarks.results --table"


@pytest.mark.parametrize("page", [README, *sorted(DOCS.glob("*.md"))], ids=lambda page: page.name)
def test_a_page_links_to_files_that_exist(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists() or "/zoo/" in target, target  # the wheel is tested without the sources


def test_a_claim_is_reached_only_if_its_mean_is():
    claim = results.Claim("x", "--model cnn", at_least=0.98)
    assert results.reached(claim, {"values": [0.97, 0.99], "exact": None})
    assert not results.reached(claim, {"values": [0.97, 0.98], "exact": None})
    assert not results.reached(claim, {"values": [0.52], "exact": 0.53})


def test_a_text_replaces_what_stands_between_its_marks():
    page = "a\n<!-- x -->\nold\n<!-- /x -->\nb"
    assert between("x", "new", page) == "a\n<!-- x -->\nnew\n<!-- /x -->\nb"
    assert between("x", "", "a\n<!-- x -->\n<!-- /x -->") == "a\n<!-- x -->\n\n<!-- /x -->"


@pytest.mark.parametrize("name", ["devices.md", "hosts.md", "memory.md"])
def test_the_pages_have_the_marks_between_which_a_benchmark_writes(name, tmp_path):
    mark = {"memory.md": "precision"}.get(name, Path(name).stem)
    page = tmp_path / name
    page.write_text((DOCS / name).read_text(encoding="utf-8"), encoding="utf-8")
    publish(page, **{mark: "| figures |"})
    assert f"<!-- {mark} -->\n| figures |\n<!-- /{mark} -->" in page.read_text(encoding="utf-8")


@pytest.mark.expensive  # test_plugin.py trains another one
def test_the_package_of_the_page_is_trained_by_its_own_rule(tmp_path):
    page = OWN.read_text(encoding="utf-8")
    site, info = tmp_path / "site", tmp_path / "site" / "my_models-1.0.dist-info"
    info.mkdir(parents=True)
    for name, block in re.findall(r"```\w+\n# (\S+)\n(.*?)```", page, flags=re.DOTALL):
        (site / name).parent.mkdir(exist_ok=True)
        (site / name).write_text(block, encoding="utf-8")
    groups = tomllib.loads((site / "pyproject.toml").read_text())["project"]["entry-points"]
    lines = [f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in each.items()) for group, each in groups.items()]
    (info / "entry_points.txt").write_text("\n".join(lines))
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-models\nVersion: 1.0\n")
    paths = os.pathsep.join([str(site), str(Path(zoo.__file__).parent.parent)])
    command = [sys.executable, "-m", "zoo.train", "--model", "nearest_mean", "--out", "run", "--no-pictures"]
    environment = {**os.environ, "PYTHONPATH": paths, "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "(expected at least 0.85, measured): reached" in done.stdout
    command = [sys.executable, "-m", "zoo", "export", "run", "--format", "stablehlo", "--out", "mean.stablehlo"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
