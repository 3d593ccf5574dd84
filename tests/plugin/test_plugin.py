"""A package of its own adds a model, a learning rule, a task and a data set; no file of the zoo knows of it."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import zoo

HERE = Path(__file__).parent
HOUSE = str(Path(zoo.__file__).parent.parent)


def install(package, target):
    """Installs a pure Python package as pip does, without pip: modules beside a .dist-info folder."""
    project = tomllib.loads((package / "pyproject.toml").read_text())
    name, version = project["project"]["name"].replace("-", "_"), project["project"]["version"]
    for each in project["tool"]["setuptools"]["packages"]:
        shutil.copytree(package / each, target / each, ignore=shutil.ignore_patterns("__pycache__"))
    info = target / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['project']['name']}\nVersion: {version}\n")
    groups = project["project"]["entry-points"].items()
    lines = [
        f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in points.items()) for group, points in groups
    ]
    (info / "entry_points.txt").write_text("\n".join(lines))


def python(*words, beside=None, cwd):
    paths = [str(beside)] * bool(beside) + [HOUSE]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "JAX_PLATFORMS": "cpu"}
    environment["COLUMNS"] = "1000"  # lists are cut at the width of the terminal
    return subprocess.run(
        [sys.executable, *map(str, words)], env=environment, cwd=cwd, capture_output=True, text=True, check=False,
        timeout=300,
    )  # fmt: skip


def command_lines(*lines, beside=None, cwd):
    """Runs command lines of `python -m zoo` one after another in one process; returns code and output of each."""
    script = (
        "import contextlib, io, json, sys\n"
        "from zoo.__main__ import main\n"
        "done = []\n"
        "for words in json.loads(sys.argv[1]):\n"
        "    out, err = io.StringIO(), io.StringIO()\n"
        "    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):\n"
        "        code = main(words)\n"
        "    done.append((code, out.getvalue(), err.getvalue()))\n"
        "print(json.dumps(done))\n"
    )
    done = python("-c", script, json.dumps([line.split() for line in lines]), beside=beside, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    target = tmp_path_factory.mktemp("site")
    install(HERE / "package", target)
    return target


@pytest.fixture(scope="module")
def trained(installed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("work")
    done = python(
        "-m", "zoo", *["train", "--model", "codebook", "--out", "run", "--no-pictures"], beside=installed, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_lists_helps_and_suggestions_name_what_packages_add_without_importing_jax(installed, tmp_path):
    script = (
        "import sys; from zoo.__main__ import main; main(sys.argv[1].split()); "
        "print({'jax', 'numpy'} & set(sys.modules), 'zoo_codebook.codebook' in sys.modules)"
    )
    pages = {
        words: python("-c", script, words, beside=installed, cwd=tmp_path)
        for words in (
            "list",
            "train --list-datasets",
            "train --model codebok",
            "train --model codebook --help",
            "train --model codebook --t.memroy 1",
        )
    }
    assert all(page.stdout.endswith("set() False\n") for page in pages.values())
    [row] = [line for line in pages["list"].stdout.splitlines() if line.startswith("codebook ")]
    assert row.split(maxsplit=2)[1:] == [
        "blobs",
        "Codebook: every input is replaced by the nearest of a few prototypes.",
    ]
    assert "three groups of 80 points" in pages["train --list-datasets"].stdout
    assert "did you mean codebook?" in pages["train --model codebok"].stderr
    assert "did you mean --t.memory?" in pages["train --model codebook --t.memroy 1"].stderr
    page = pages["train --model codebook --help"].stdout
    for line in ("--m.codes N", "--t.memory X", "--d.noise X", "number of prototypes (default: 3)"):
        assert line in page


def test_a_model_of_another_package_is_trained_by_its_rule_for_its_task_on_its_data(trained):
    result = json.loads((trained / "run" / "result.json").read_text())
    assert 0.005 < result["metrics"]["distortion"] < 0.02, "the noise of the data has a variance of 0.01"
    config = json.loads((trained / "run" / "config.json").read_text())
    assert (config["recipe"]["trainer"], config["recipe"]["task"]) == ("minibatch_kmeans", "quantize")
    origin = {"distribution": "zoo-codebook", "version": "1.2.3", "module": "zoo_codebook.codebook"}
    assert config["origin"] == origin
    assert config["options"]["pictures"] is False


@pytest.mark.expensive
def test_it_is_resumed_evaluated_loaded_and_exported_from_the_command_line(trained, installed):
    (trained / "new.csv").write_text("a,b,c,d\n0.1,0,0,0\n2,2,0.5,0\n")
    lines = [
        "train --resume run --epochs 6",
        "evaluate run --json",
        "predict run new.csv --json",
        "export run --format stablehlo --out codebook.stablehlo",
        "export run --format safetensors --out codebook.safetensors",
        "summary run",
        "evaluate codebook.safetensors --json",
        "sweep --model codebook --t.memory 0.5,1 --epochs 1 --out many --quiet",
    ]
    done = dict(zip(lines, command_lines(*lines, beside=installed, cwd=trained), strict=True))
    assert [code for code, _, _ in done.values()] == [0] * len(lines), done
    assert "resumed  step 20 of 30" in done[lines[0]][1]
    metrics = json.loads(done[lines[1]][1])["metrics"]
    assert metrics["distortion"] == pytest.approx(0.01, rel=0.5)
    assert json.loads(done[lines[6]][1])["metrics"] == metrics
    found = json.loads(done[lines[2]][1])["predictions"]
    np.testing.assert_allclose([each["prototype"] for each in found], [[0, 0, 0, 0], [2, 2, 0, 0]], atol=0.1)
    assert (trained / "codebook.stablehlo").stat().st_size > 500
    assert json.loads((trained / "codebook.stablehlo.json").read_text())["output"] == "prototypes"


def test_without_the_package_the_message_names_it(trained):
    (trained / "new.csv").write_text("a,b,c,d\n0.1,0,0,0\n")
    lines = ["predict run new.csv", "evaluate run", "train --resume run --epochs 9", "train --config run"]
    for code, _, error in command_lines(*lines, cwd=trained):
        assert code in (2, 3)
        assert (
            "the model codebook is part of zoo-codebook 1.2.3, which is not installed: pip install zoo-codebook"
            in error
        )
        assert error.count("\n") == 1


def test_a_damaged_package_does_not_hide_the_models_of_the_zoo(tmp_path):
    install(HERE / "package", tmp_path)
    (tmp_path / "zoo_codebook" / "codebook.py").write_text("def codebook(:\n")
    [(code, page, _), (bad, _, error)] = command_lines("list", "train --model codebook", beside=tmp_path, cwd=tmp_path)
    assert code == 0
    assert "codebook    " in page
    assert "unusable: " in page
    assert "\ncnn " in page
    assert bad == 2
    assert "codebook.py cannot be read: " in error


@pytest.mark.expensive
def test_a_damaged_trainer_is_named_and_does_not_end_the_runs_of_other_trainers(tmp_path):
    install(HERE / "package", tmp_path)
    rule = tmp_path / "zoo_codebook" / "minibatch_kmeans.py"
    text = rule.read_text()
    for damage, message in (
        (text.replace('"gradient"', '"gradients"'), "error: trainer minibatch_kmeans: TRAITS must be a literal dict"),
        ("def minibatch_kmeans(:\n", "error: trainer 'minibatch_kmeans' of zoo-codebook 1.2.3 cannot be read: "),
        ("import no_such_module\n" + text, "zoo-codebook 1.2.3 cannot be imported: No module named 'no_such_module'"),
    ):
        rule.write_text(damage)
        lines = ["train --model mlp --dataset iris --dry-run", "train --model codebook --dry-run"]
        [(code, _, error), (bad, _, named)] = command_lines(*lines, beside=tmp_path, cwd=tmp_path)
        assert (code, error, bad) == (0, "", 2)
        assert message in named


@pytest.mark.expensive
def test_a_model_of_a_file_is_trained_and_used_only_where_the_user_names_it(tmp_path):
    shutil.copy(HERE / "mine.py", tmp_path / "mine.py")
    (tmp_path / "new.csv").write_text("5.1,3.5,1.4,0.2\n")
    named = "--model ./mine.py:tiny"
    good = [
        f"train {named} --dataset iris --m.width 6 --epochs 2 --out run --no-pictures",
        f"train --resume run {named} --epochs 3",
        f"evaluate run {named} --json",
        f"predict run new.csv {named}",
        f"export run {named} --out tiny.stablehlo",
        f"summary run {named}",
        "summary ./mine.py:tiny --dataset iris",
    ]
    done = command_lines(*good, cwd=tmp_path)
    assert [code for code, _, _ in done] == [0] * len(good), done
    assert json.loads((tmp_path / "run" / "config.json").read_text())["recipe"]["model"] == "mine:tiny"
    (tmp_path / "mine.py").write_text("open('imported', 'w')\n" + (tmp_path / "mine.py").read_text())
    unnamed = ["train --resume run", "train --config run", "evaluate run", "predict run new.csv", "summary run"]
    for code, _, error in command_lines(*unnamed, cwd=tmp_path):
        assert code in (2, 3)
        assert "the model mine:tiny is in a module of your own, which is imported only if you name it" in error
        assert "--model ./FILE.py:tiny" in error
    assert not (tmp_path / "imported").exists(), "a saved model must not cause an import"
    script = (
        "import zoo, numpy as np; trained = zoo.load('run', model='./mine.py:tiny'); "
        "print(trained.predict(np.zeros((2, 4))).shape)"
    )
    assert python("-c", script, cwd=tmp_path).stdout == "(2,)\n"
    assert (tmp_path / "imported").exists()


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("./mine.py", "name the function that makes the model as well"),
        ("./none.py:tiny", "there is no file ./none.py"),
        ("./mine.py:large", "mine.py does not define the function large"),
        ("./mine.py:two words", "after the colon stands the function"),
        ("nowhere.at_all:tiny", "there is no module 'nowhere'"),
        ("./bad.py:tiny", "bad.py, tiny: unsupported option annotation"),
        ("./late.py:tiny", "RECIPES of late:tiny cannot be read: line 1 has 'make()'"),
    ],
)
def test_a_reference_that_leads_to_no_model_is_bad_input(model, message, tmp_path, monkeypatch, capsys):
    from zoo.train.__main__ import main

    shutil.copy(HERE / "mine.py", tmp_path / "mine.py")
    (tmp_path / "bad.py").write_text("def tiny(outputs, *, width: set = 3):\n    pass\n")
    (tmp_path / "late.py").write_text("RECIPES = make()\n\n\ndef tiny(outputs):\n    pass\n")
    monkeypatch.chdir(tmp_path)
    assert main(["--model", model, "--dataset", "iris"]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.glob("runs*"))


def test_a_model_of_a_file_needs_a_data_set(tmp_path, monkeypatch):
    from zoo.train import recipe_for

    shutil.copy(HERE / "mine.py", tmp_path / "mine.py")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="has no recipe, so give the data set"):
        recipe_for("./mine.py:tiny")
    assert recipe_for("./mine.py:tiny", "iris").model == "mine:tiny"
    assert zoo.create("./mine.py:tiny", 3, width=2)._fields == ("init", "apply")


def test_the_help_of_a_model_without_recipes_is_that_for_a_data_set_that_it_reads(tmp_path, monkeypatch, capsys):
    from zoo.train.__main__ import main

    shutil.copy(HERE / "mine.py", tmp_path / "mine.py")
    monkeypatch.chdir(tmp_path)
    assert main(["--model", "./mine.py:tiny", "--help"]) == 0
    page = capsys.readouterr().out
    assert "It has no recipe: give --dataset NAME; the values below are those for" in page
    assert "--m.width" in page
    assert main(["--model", "./mine.py:tiny", "--dataset", "iris", "--help"]) == 0
    assert "those for iris" in capsys.readouterr().out
