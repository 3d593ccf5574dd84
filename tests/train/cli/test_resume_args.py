import json
from pathlib import Path

import pytest

from zoo.train.cli.resume_args import options_of, resumed_dataset, with_recipe
from zoo.train.config.run_options import RunOptions
from zoo.train.errors import BadInput
from zoo.train.runs.environment import environment


def stored(folder, options):
    (folder / "config.json").write_text(json.dumps({"recipe": {"model": "mlp"}, "options": options}))
    return options_of(folder)


def test_options_are_stored_as_json_values_and_read_back(tmp_path):
    options = RunOptions(pictures=False, offline=True, keep=5, ckpt_every="500", shard=("w=data",), data_dir="d")
    written = environment(options)["options"]
    assert (written["pictures"], written["keep"], written["log_every"], written["data_dir"]) == (False, 5, None, "d")
    assert written["ckpt_every"] == "500"
    found = stored(tmp_path, json.loads(json.dumps(written)))
    assert RunOptions(**found) == options
    assert found["data_dir"] == Path("d")


def test_options_that_an_older_version_stored_as_text_are_read(tmp_path):
    old = {
        "pictures": "False",
        "offline": "True",
        "keep": "5",
        "shard": ["w=data"],
        "log_every": None,
        "on_nan": "skip",
    }
    assert stored(tmp_path, old) == {
        "pictures": False, "offline": True, "keep": 5, "shard": ("w=data",), "on_nan": "skip"
    }  # fmt: skip


def test_options_of_another_version_and_of_one_process_are_left_out(tmp_path):
    other = {
        "keep": "many",
        "platform": "quantum",
        "no_such": True,
        "process": 1,
        "out": "x",
        "remat": [1],
        "quiet": True,
    }
    assert stored(tmp_path, other) == {"quiet": True}
    (tmp_path / "config.json").write_text("{")
    assert options_of(tmp_path) == {}


def test_the_words_are_completed_by_the_folder_and_recipe_of_the_run(tmp_path):
    stored(tmp_path, {})
    run = str(tmp_path)
    assert with_recipe(["--epochs", "3"]) == (["--epochs", "3"], None)
    wanted = [f"--resume={run}", "--config", run]
    assert with_recipe(["--resume", run]) == (wanted, tmp_path)
    assert with_recipe([f"--resume={run}"]) == (wanted, tmp_path)
    assert with_recipe(["--resume", run, "--config", "x"])[0] == [f"--resume={run}", "--config", "x"]
    assert with_recipe(["--out", run, "--resume"])[1] == tmp_path
    assert with_recipe(["--model", "mlp", "--out", f"{run}/new", "--resume"]) == (
        ["--model", "mlp", "--out", f"{run}/new"],
        None,
    )
    with pytest.raises(BadInput, match="--resume needs the folder of a run"):
        with_recipe(["--resume"])


def test_the_data_set_of_the_resumed_run_decides_what_other_arrays_hold(tmp_path):
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    (tmp_path / "run" / "config.json").write_text(
        json.dumps({"recipe": {"model": "linear", "dataset": "npy_table_values"}, "options": {}})
    )
    run = str(tmp_path / "run")
    for words in (["--resume", run], [f"--resume={run}"], ["--out", run, "--resume"], ["--resume", "--out", run]):
        assert resumed_dataset(words) == "npy_table_values"
    assert [resumed_dataset(words) for words in ([], ["--out", run], ["--resume", "none"], ["--resume"])] == [""] * 4
