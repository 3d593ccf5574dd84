"""The command explain: the picture of a unit, the list of layers, and what is refused."""

import pytest

from zoo.train.cli import run

pytestmark = pytest.mark.usefixtures("quick_compiler")


def test_a_unit_is_drawn_into_the_file_that_was_named(tmp_path, capsys):
    path = tmp_path / "unit.png"
    assert run("explain", ["cnn-digits", "--layer", "stage0", "--unit", "3", "--out", str(path), "-n", "2"]) == 0
    assert path.read_bytes().startswith(b"\x89PNG")
    assert "unit 3 of 64 in stage0" in capsys.readouterr().out


def test_without_a_layer_all_are_listed(capsys):
    assert run("explain", ["cnn-digits"]) == 0
    assert "stage1  128 units" in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["gru-sine", "--layer", "head"], "models of images"),
        (["cnn-digits", "--layer", "stage0"], "give a file with --out"),
        (["cnn-digits", "--layer", "stage9", "--out", "u.png"], "choose from stage0/0"),
    ],
)
def test_what_cannot_be_drawn_is_refused(words, message, capsys):
    assert run("explain", words) == 2
    assert message in capsys.readouterr().err
