"""`python -m zoo sample RUN`: from the words of the command line to a text in the terminal."""

import pytest

from zoo.__main__ import main
from zoo.train import run
from zoo.train.config.recipe import Recipe
from zoo.train.config.run_options import RunOptions

pytestmark = pytest.mark.usefixtures("quick_compiler")

LETTERS = "the quick brown fox jumps over the lazy dog\n"


@pytest.fixture(scope="module")
def writer(tmp_path_factory):
    """The folder of a run on letters, and of one on words."""
    place = tmp_path_factory.mktemp("writer")
    (place / "mine.txt").write_text(LETTERS * 20)

    def learned(level):
        d = {"file": str(place / "mine.txt"), "level": level, "window": 16}
        recipe = Recipe("lstm", "text", trainer="language", m={"width": 8}, d=d, steps=3, batch_size=4)
        return str(run(recipe, RunOptions(out=place / level, quiet=True, pictures=False)).folder)

    return {level: learned(level) for level in ("characters", "words")}


def sample(capsys, *words):
    code = main(["sample", *words])
    got = capsys.readouterr()
    return code, got.out, got.err


def test_the_text_has_the_given_length_and_is_repeated_by_its_seed(writer, capsys):
    words = (writer["characters"], "--prompt", "the ", "--length", "300", "--top-k", "9", "--top-p", "0.9")
    code, text, err = sample(capsys, *words, "--seed", "3")
    assert (code, err) == (0, "")
    assert text.startswith("the ")
    assert text.endswith("\n")
    assert len(text) == 4 + 300 + 1
    assert set(text) <= set(LETTERS)
    assert sample(capsys, *words, "--seed", "3")[1] == text
    assert sample(capsys, *words, "--seed", "4")[1] != text


def test_out_writes_the_text_that_is_printed_without_it_in_utf_8(writer, capsys, tmp_path):
    words = (writer["characters"], "--length", "30", "--seed", "3")
    printed = sample(capsys, *words)[1]
    assert sample(capsys, *words, "--out", str(tmp_path / "text.txt")) == (0, "", "")
    assert (tmp_path / "text.txt").read_bytes() == printed.encode("utf-8")


def test_temperature_0_needs_no_seed(writer, capsys):
    words = (writer["characters"], "--temperature", "0", "--length", "20")
    assert sample(capsys, *words, "--seed", "1")[1] == sample(capsys, *words, "--seed", "2")[1]


def test_a_word_level_model_generates_words(writer, capsys):
    code, text, _ = sample(capsys, writer["words"], "--prompt", "the quick ", "--length", "12")
    assert code == 0
    assert text.startswith("the quick ")


@pytest.mark.parametrize(
    ("level", "words", "message"),
    [
        ("characters", ("--prompt", "a\u00df"), "--prompt 'a\u00df': the character '\u00df' (line 1, column 2)"),
        ("words", ("--prompt", "the slow dog"), "'slow' is not among the 11 words of the vocabulary"),
        ("characters", ("--prompt", ""), "--prompt is empty"),
        ("characters", ("--length", "0"), "--length must be a whole number from 1 to"),
        ("characters", ("--temperature", "-1"), "--temperature must be a number from 0 to 100, got -1"),
        ("characters", ("--top-p", "0"), "--top-p must be a number from"),
        ("characters", ("--tempratur", "1"), "did you mean --temperature?"),
    ],
)
def test_bad_input_is_rejected_before_any_output(writer, capsys, level, words, message):
    code, text, err = sample(capsys, writer[level], *words)
    assert (code, text) == (2, "")
    assert message in err


def test_the_run_must_be_given_exist_and_generate(capsys, tmp_path):
    code, _, err = sample(capsys)
    assert code == 2
    assert "no run given" in err
    code, _, err = sample(capsys, str(tmp_path / "nothing"))
    assert code == 3
    assert "no model at" in err
    options = RunOptions(out=tmp_path / "run", quiet=True, pictures=False)
    folder = run(Recipe("linear", "diabetes", steps=1), options).folder
    code, text, err = sample(capsys, str(folder))
    assert (code, text) == (2, "")
    assert "is neither a language model nor a generator: linear trained on diabetes" in err


def test_help_lists_the_flags(capsys):
    code, page, _ = sample(capsys, "--help")
    assert code == 0
    assert "--top-k" in page
    assert "python -m zoo sample RUN" in page
