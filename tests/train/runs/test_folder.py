import errno
import json

import pytest

from zoo.train.config.recipe import recipe_for
from zoo.train.config.run_options import RunOptions
from zoo.train.errors import BadInput, CheckpointUnusable
from zoo.train.plots.style import picture
from zoo.train.runs.folder import check_folder, is_run, prepare_folder
from zoo.train.runs.lock import Lock, check_free
from zoo.train.runs.result import completed

RECIPE = recipe_for("cnn")
# What other programs may write as config.json; the last one is too deep for a reader of JSON.
OTHERS = ['{"recipe": "a model cake"}', '{"recipe": {"model": "cake"}}', '{"recipe": {"model": ["cnn"]}}']
OTHERS += ['{"recipe": {"model": "cnn", "sugar": 3}}', '{"recipe": {"model": "cnn"}, "oven": 200}']
OTHERS += ['{"architectures": ["Bert"]}', "[" * 200_000]


@pytest.fixture
def run_folder(tmp_path):
    """A folder as a run leaves it, with a file of the user's beside."""
    folder = tmp_path / "run"
    (folder / "plots").mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"recipe": {"model": "cnn"}}))
    for name in ("metrics.jsonl", "model.safetensors", "result.json", "plots/curves.png", "notes.txt"):
        (folder / name).write_text("x")
    return folder


def test_the_default_folder_is_named_after_the_run_and_never_shared(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folders = [prepare_folder(RECIPE, RunOptions()) for _ in range(3)]
    assert len(set(folders)) == 3
    assert all(folder.is_dir() and folder.match("runs/cnn-digits-*") for folder in folders)


def test_a_new_and_an_empty_folder_are_taken(tmp_path):
    assert prepare_folder(RECIPE, RunOptions(out=tmp_path)) == tmp_path
    deep = tmp_path / "a" / "b"
    assert prepare_folder(RECIPE, RunOptions(out=deep)) == deep
    assert deep.is_dir()


def test_an_earlier_run_is_kept_unless_it_may_be_overwritten(run_folder):
    before = sorted(run_folder.rglob("*"))
    with pytest.raises(BadInput, match="give --overwrite to replace it"):
        prepare_folder(RECIPE, RunOptions(out=run_folder))
    assert sorted(run_folder.rglob("*")) == before
    prepare_folder(RECIPE, RunOptions(out=run_folder, overwrite=True))
    assert sorted(path.name for path in run_folder.iterdir()) == ["config.json", "notes.txt"]
    assert is_run(run_folder)  # a run that is killed before its own configuration is there can be started again


@pytest.mark.parametrize(
    "config", [None, "{}", "not json", '{"architectures": ["Bert"]}', '{"recipe": "cake"}', "[]", *OTHERS]
)
def test_a_folder_that_holds_no_run_is_never_emptied(tmp_path, config):
    (tmp_path / "model.safetensors").write_text("years of work")
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(BadInput, match="holds no run"):
        prepare_folder(RECIPE, RunOptions(out=tmp_path, overwrite=True))
    assert sorted(tmp_path.iterdir()) == before


def test_overwriting_does_not_follow_links(run_folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").touch()
    (run_folder / "samples").symlink_to(elsewhere)
    prepare_folder(RECIPE, RunOptions(out=run_folder, overwrite=True))
    assert (elsewhere / "precious").exists()
    assert not (run_folder / "samples").exists()


@pytest.mark.fault(row=6)
@pytest.mark.parametrize("below", ["", "a/b"])
def test_a_folder_at_or_below_a_file_is_bad_input(tmp_path, below):
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="is a file, not a folder"):
        check_folder(RunOptions(out=tmp_path / "file" / below))


@pytest.mark.fault(row=6)
def test_a_folder_that_cannot_be_written_is_bad_input(tmp_path, monkeypatch):
    def full(**_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with pytest.raises(BadInput, match="cannot be written: No space left on device"):
        prepare_folder(RECIPE, RunOptions(out=tmp_path))


def test_runs_that_is_a_file_is_bad_input(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").touch()
    with pytest.raises(BadInput, match="runs"):
        prepare_folder(RECIPE, RunOptions())


def test_looking_makes_nothing(tmp_path):
    check_folder(RunOptions(out=tmp_path / "new"))
    assert not list(tmp_path.iterdir())


def test_overwriting_removes_only_names_of_a_run(run_folder):
    for name in ("model.xlsx", "model.safetensors.bak", ".tmp-mine", ".tmp-config.json-x"):
        (run_folder / name).write_text("years of work")
    (run_folder / ".tmp-model.safetensors-17").write_text("incomplete")
    prepare_folder(RECIPE, RunOptions(out=run_folder, overwrite=True))
    left = {path.name for path in run_folder.iterdir()}
    mine = {"notes.txt", "model.xlsx", "model.safetensors.bak", ".tmp-mine", ".tmp-config.json-x"}
    assert left == {*mine, "config.json"}


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_run_killed_before_its_configuration_was_complete_begins_anew(tmp_path, overwrite):
    (tmp_path / ".tmp-config.json-1").write_text('{"recipe"')
    (tmp_path / ".lock").touch()
    assert prepare_folder(RECIPE, RunOptions(out=tmp_path, overwrite=overwrite)) == tmp_path
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_a_folder_with_too_long_a_name_is_bad_input(tmp_path):
    with pytest.raises(BadInput, match="File name too long"):
        check_folder(RunOptions(out=tmp_path / ("x" * 300)))


def test_a_lock_that_is_a_link_is_refused_and_its_target_is_not_touched(tmp_path):
    (tmp_path / "precious").write_text("years of work")
    (tmp_path / ".lock").symlink_to(tmp_path / "precious")
    with pytest.raises(BadInput, match="is a symbolic link"), Lock(tmp_path):
        pass
    with pytest.raises(BadInput, match="is a symbolic link"):
        check_free(tmp_path)
    assert (tmp_path / "precious").read_text() == "years of work"


def test_incomplete_files_are_swept_when_a_run_is_resumed(run_folder):
    (run_folder / ".tmp-result.json-17").write_text("{")
    prepare_folder(RECIPE, RunOptions(resume=run_folder))
    assert not (run_folder / ".tmp-result.json-17").exists()
    assert (run_folder / "model.safetensors").exists()


def test_a_finished_run_with_damaged_metrics_is_refused_in_a_line(tmp_path):
    (tmp_path / "result.json").write_text('{"metrics": {}, "seconds": 1.0, "stopped_by_signal": 0}')
    (tmp_path / "metrics.jsonl").write_bytes(b"\xff{")
    with pytest.raises(CheckpointUnusable, match="is damaged"):
        completed(tmp_path, None, RunOptions(quiet=True))  # pyright: ignore[reportArgumentType]


OURS = ("plots/curves.png", "plots/.tmp-curves.png-17", "samples/step-000100.png", "samples/training.gif")
OURS += ("tensorboard/events.out.tfevents.1.host.0", "profile/plugins/profile/2026/h.xplane.pb")
MINE = ("plots/mine.png", "plots/sub/curves.png", "samples/notes.md", "samples/step-1.png", "checkpoints/notes.txt")
MINE += ("checkpoints/2026/manifest.json", "tensorboard/compare.py", "profile/plugins/profile/2026/notes.txt")


def test_files_of_a_person_in_the_folders_of_a_run_outlive_it(run_folder, capsys):
    for name in (*OURS, *MINE):
        (run_folder / name).parent.mkdir(parents=True, exist_ok=True)
        (run_folder / name).write_text("years of work")
    prepare_folder(RECIPE, RunOptions(out=run_folder, overwrite=True))
    assert all((run_folder / name).read_text() == "years of work" for name in MINE)
    assert not [name for name in OURS if (run_folder / name).exists()]
    said = capsys.readouterr().err
    assert f"{run_folder / 'plots'} stays, as it holds what no run has written: mine.png, sub" in said
    assert f"{run_folder / 'checkpoints'} stays, as it holds what no run has written: 2026, notes.txt" in said


def test_pictures_of_any_name_are_removed_if_a_run_drew_them(run_folder):
    """Figures of a task or of another package have names that this version does not know."""
    with picture(run_folder / "plots" / "map.png") as figure:
        figure.subplots()
    own = run_folder / "plots" / "holiday.png"
    own.write_bytes(
        (run_folder / "plots" / "map.png").read_bytes().replace(b"Neural Network Zoo", b"Somebody else's    ")
    )
    prepare_folder(RECIPE, RunOptions(out=run_folder, overwrite=True))
    assert [path.name for path in (run_folder / "plots").iterdir()] == ["holiday.png"]


@pytest.mark.parametrize("name", ["plots/.tmp-curves.png-1", "samples/.tmp-step-000001.png-1", ".tmp-samples.png-1"])
def test_incomplete_pictures_are_swept_when_a_run_is_resumed(run_folder, name):
    (run_folder / name).parent.mkdir(exist_ok=True)
    (run_folder / name).write_text("half")
    prepare_folder(RECIPE, RunOptions(resume=run_folder))
    assert not (run_folder / name).exists()
    assert (run_folder / "plots" / "curves.png").exists()


def test_a_run_killed_while_its_processes_looked_for_its_folder_begins_anew(tmp_path):
    (tmp_path / ".seen-by-all-0123abcd").touch()
    assert prepare_folder(RECIPE, RunOptions(out=tmp_path)) == tmp_path
    assert not [*tmp_path.iterdir()]


def test_a_run_is_not_emptied_before_its_own_weights_are_read(run_folder):
    before = {path: path.is_dir() or path.read_bytes() for path in run_folder.rglob("*")}
    for weights in (run_folder, run_folder / "model.safetensors", run_folder / ".." / run_folder.name):
        with pytest.raises(BadInput, match=r"--init-from .* lies in --out .*, which --overwrite empties"):
            prepare_folder(RECIPE, RunOptions(out=run_folder, overwrite=True, init_from=weights))
    assert {path: path.is_dir() or path.read_bytes() for path in run_folder.rglob("*")} == before


def test_a_read_only_file_system_is_bad_input(run_folder, monkeypatch):
    def refused(*_):
        raise OSError(errno.EROFS, "Read-only file system", str(run_folder / ".lock"))

    monkeypatch.setattr("zoo.train.runs.lock.os.open", refused)
    for options in (RunOptions(resume=run_folder), RunOptions(out=run_folder, overwrite=True)):
        with pytest.raises(BadInput, match="cannot be written: Read-only file system"):
            check_folder(options)
