"""`python -m zoo predict RUN FILES...`: answers in lines, JSON and CSV, and nothing of them where a file is bad."""

import csv
import json
import os

import numpy as np
import pytest
from PIL import Image

import zoo
from zoo.__main__ import main
from zoo.train.data.dataset import load_data

pytestmark = pytest.mark.usefixtures("quick_compiler")


def predict(capsys, *words):
    code = main(["predict", *map(str, words)])
    got = capsys.readouterr()
    return code, got.out, got.err


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """Twenty digits of the test examples as large coloured pictures, and their classes."""
    folder, test = tmp_path_factory.mktemp("digits"), load_data("digits").test
    for i in range(20):
        pixels = np.round(test.x[i, :, :, 0] / 16 * 255).astype(np.uint8).repeat(6, 0).repeat(6, 1)
        Image.fromarray(np.stack([pixels] * 3, -1)).save(folder / f"{i:02}.png")
    return folder, test.y[:20]


def test_a_folder_of_images_is_classified_with_notes_on_their_preprocessing(digits, capsys):
    folder, classes = digits
    code, out, err = predict(capsys, "cnn-digits", folder, "--json")
    said = json.loads(out)["predictions"]
    assert code == 0
    assert np.mean([each["class"] == str(truth) for each, truth in zip(said, classes, strict=True)]) >= 0.9
    assert "00.png was resized from 48x48 to 8x8" in err
    assert "... and 10 more" in err
    assert json.loads(out)["notes"]
    for each in said:
        assert sum(each["probabilities"].values()) == pytest.approx(1, abs=1e-5)
        assert [top["probability"] for top in each["top"]] == sorted(each["probabilities"].values())[:-4:-1]


def test_an_image_file_gives_the_prediction_of_its_array(digits, capsys, tmp_path):
    folder, _ = digits
    np.save(tmp_path / "a.npy", load_data("digits").test.x[0])
    _, out, _ = predict(capsys, "cnn-digits", folder / "00.png", tmp_path / "a.npy", "--json")
    picture, array = json.loads(out)["predictions"]
    for name, share in picture["probabilities"].items():
        assert share == pytest.approx(array["probabilities"][name], abs=0.02)  # 8 bits round a little


def test_every_row_of_a_table_gives_one_line(capsys, tmp_path):
    test, path = load_data("iris").test, tmp_path / "flowers.csv"
    path.write_text("\n".join(",".join(map(str, row)) for row in test.x))
    code, out, err = predict(capsys, "mlp-iris", path)
    assert (code, err) == (0, "")
    model = zoo.load("mlp-iris")
    told = [line.split()[1] for line in out.splitlines()]
    assert told == model.predict(test.x).tolist()
    assert out.splitlines()[0].startswith(f"{path}:1 ")
    assert " %" in out


def test_a_regression_predicts_in_the_unit_of_the_target(capsys, tmp_path):
    x = load_data("diabetes").test.x[:3]
    np.save(tmp_path / "x.npy", x)
    _, out, _ = predict(capsys, "linear-diabetes", tmp_path / "x.npy", "--json")
    said = json.loads(out)["predictions"]
    np.testing.assert_allclose([each["value"] for each in said], zoo.load("linear-diabetes").predict(x), rtol=1e-5)
    assert said[0]["unit"] == "disease progression in a year (score)"
    assert "progression" in predict(capsys, "linear-diabetes", tmp_path / "x.npy")[1]


def test_a_forecast_follows_the_last_values_of_the_column(capsys, tmp_path):
    data = load_data("sine")
    path = tmp_path / "waves.csv"
    path.write_text("day,waves\n" + "".join(f"{i},{value}\n" for i, value in enumerate(data.test.x[7, :, 0])))
    code, out, _ = predict(capsys, "gru-sine", path, "--column", "waves", "--json")
    assert code == 0
    said = json.loads(out)["predictions"][0]["values"]
    assert len(said) == 16
    assert np.sqrt(np.mean((np.array(said) - data.test.y[7]) ** 2)) < 0.3


def test_a_language_model_reports_bits_per_character(capsys, tmp_path):
    (tmp_path / "code.py").write_text("def f(self):\n    return self\n" * 20)
    (tmp_path / "noise.py").write_text("".join(np.random.default_rng(0).choice(list("abcxyz()=:"), 600)))
    _, out, _ = predict(capsys, "lstm-text", tmp_path / "code.py", tmp_path / "noise.py", "--json")
    code, noise = json.loads(out)["predictions"]
    assert code["bits_per_character"] < 2 < noise["bits_per_character"]
    assert code["perplexity"] == pytest.approx(2 ** code["bits_per_character"])
    assert code["tokens"] == 20 * 29
    assert "bits per character, perplexity" in predict(capsys, "lstm-text", tmp_path / "code.py")[1]


def test_predictions_are_written_as_csv_with_the_probability_of_every_class(capsys, tmp_path):
    np.save(tmp_path / "x.npy", load_data("iris").test.x[:4])
    code, *_ = predict(capsys, "mlp-iris", tmp_path / "x.npy", "--out", tmp_path / "said.csv")
    assert code == 0
    with (tmp_path / "said.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4
    assert list(rows[0]) == ["input", "class", "probability", "p(setosa)", "p(versicolor)", "p(virginica)"]
    for row in rows:
        assert float(row["probability"]) == max(float(row[name]) for name in rows[0] if name.startswith("p("))


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ((), 2, "no run given"),
        (("mlp-iris",), 2, "no files given: usage"),
        (("mlp-iris", "good.csv", "bad.csv", "--out", "said.csv"), 2, "bad.csv, line 2, column 3: 'x' is not a number"),
        (("mlp-iris", "good.csv", "--out", "no/said.csv"), 2, "--out no/said.csv cannot be written"),
        (("mlp-iris", "good.csv", "--out", "."), 2, "--out . is a folder"),
        (("mlp-iris", "good.csv", "--jsn"), 2, "did you mean --json?"),
        (("no-model", "good.csv"), 3, "no model at no-model"),
    ],
)
def test_bad_input_is_rejected_and_writes_nothing(capsys, tmp_path, monkeypatch, words, code, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.csv").write_text("1,2,3,4\n")
    (tmp_path / "bad.csv").write_text("1,2,3,4\n1,2,x,4\n")
    got, out, err = predict(capsys, *words)
    assert (got, out) == (code, "")
    assert message in err
    assert sorted(os.listdir(tmp_path)) == ["bad.csv", "good.csv"]


def test_help_states_the_expected_scale(capsys):
    page = predict(capsys, "--help")[1]
    assert "digits: 0 and 16, MNIST: 0 and 255" in page
    assert "--invert" in page


def test_the_message_for_a_generator_names_the_sample_command(capsys, tmp_path):
    from zoo.train.trained.file import save

    like = zoo.load("mlp-iris")
    save(tmp_path, {"params": like.params}, {**like.about, "task": "generation"})
    code, out, err = predict(capsys, tmp_path, "a.csv")
    assert (code, out) == (2, "")
    assert "is a generator without inputs to predict on: python -m zoo sample" in err
