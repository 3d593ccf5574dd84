"""The task seq2seq: its scores, the beam search by enumeration, and a run from data to predictions and picture."""

import itertools
import json
from dataclasses import replace
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import zoo
from zoo import attention
from zoo.layers import Sequence
from zoo.train import RunOptions, recipe_for, run
from zoo.train.cli import run as command
from zoo.train.data.dataset import Place, load_data
from zoo.train.errors import BadInput
from zoo.train.runs.setup import setup
from zoo.train.tasks import task_for
from zoo.train.tasks._beam_search import beam_search

pytestmark = pytest.mark.usefixtures("quick_compiler")

rng = np.random.default_rng(0)
SOURCE = rng.integers(0, 5, (4, 3)).astype(np.int32)
MODEL, END = attention(2, vocabulary=5, width=6, longest=4), 2


@pytest.fixture(scope="module")
def params():
    params, _ = jax.jit(MODEL.init)(jax.random.key(0), SOURCE)
    return jax.tree.map(lambda leaf: 3 * leaf, params)  # far from equal probabilities


def log_softmax(z):
    z = z - z.max(-1, keepdims=True)
    return z - np.log(np.exp(z).sum(-1, keepdims=True))


def likely(params, source):
    """Log-probabilities of all sequences that can be written, by teacher forcing: the first end stops."""
    found = {}
    for tokens in itertools.product(range(3), repeat=3):
        z = jax.jit(MODEL.apply)(params, {}, (source[None], np.array([tokens])))[0][0]
        each = log_softmax(np.asarray(z, np.float64))
        count = tokens.index(END) + 1 if END in tokens else 3
        total = sum(each[t, tokens[t]] for t in range(count))
        if END in tokens:
            found[tokens[:count]] = total
        else:
            found |= {(*tokens, last): total + each[3, last] for last in range(3)}
    return found


def test_a_beam_as_wide_as_all_sequences_finds_the_most_likely_ones_in_their_order(params):
    found = jax.jit(lambda params, x: beam_search(MODEL, params, {}, x, END, 40))(params, SOURCE)
    for row in range(2):
        best = sorted(likely(params, SOURCE[row]).items(), key=lambda each: -each[1])
        for (tokens, total), got, score in zip(best[:5], found.tokens[row], found.log_probability[row], strict=False):
            assert got.tolist() == [*tokens, *[END] * (4 - len(tokens))]
            assert float(score) == pytest.approx(total, abs=1e-4)


def test_a_beam_of_one_writes_what_the_model_writes_and_weighs_the_source(params):
    source = Sequence(SOURCE, np.array([3, 1, 2, 3]))
    found = jax.jit(lambda params: beam_search(MODEL, params, {}, source, END))(params)
    np.testing.assert_array_equal(found.tokens[:, 0], MODEL.apply(params, {}, source)[0].argmax(-1))
    np.testing.assert_allclose(found.weights.sum(-1), 1, rtol=1e-5)
    np.testing.assert_allclose(found.weights[1, ..., 0], 1, rtol=1e-5)


def test_batches_of_one_shape_are_answered_by_one_program(params):
    traced = []
    model = MODEL._replace(read=lambda *given: (traced.append(given), MODEL.read(*given))[1])
    trained = SimpleNamespace(model=model, params=params, state={}, classes=("a", "b"))
    first, second = (list(task_for("seq2seq", outputs=2).describe(trained, x, None)) for x in (SOURCE[:2], SOURCE[2:]))
    assert len(traced) == 1
    assert first != second


def test_scores_are_of_what_the_model_writes_itself_and_the_loss_is_of_true_tokens(params):
    task, free = task_for("seq2seq", outputs=2), np.asarray(MODEL.apply(params, {}, SOURCE)[0].argmax(-1))
    y = np.where(np.cumsum(free == END, 1) > 0, -1, free)[:, :3]
    right = (free[:, 3] == END) | (np.sum(y >= 0, 1) < 3)
    y[0, 0] = 1 - max(y[0, 0], 0)  # one wrong
    right[0] = False
    weight = np.array([1.0, 1.0, 1.0, 0.0], np.float32)
    sums = task.scores(MODEL, params, {}, {"x": SOURCE, "y": y, "weight": weight}, None)
    assert [float(each) for each in sums["exact_match"]] == [right[:3].sum(), 3]
    each, total, count = log_softmax(np.asarray(MODEL.apply(params, {}, (SOURCE, y))[0], np.float64)), 0.0, 0
    for row in range(3):
        tokens = [*y[row][y[row] >= 0].tolist(), END]
        total -= sum(each[row, t, token] for t, token in enumerate(tokens))
        count += len(tokens)
    assert [float(each) for each in sums["loss"]] == pytest.approx([total, count], rel=1e-5)


@pytest.fixture(scope="module")
def dates(tmp_path_factory):
    recipe = replace(recipe_for("attention"), m={"longest": 11, "width": 8}, d={"examples": 200}, epochs=1)
    return run(recipe, RunOptions(out=tmp_path_factory.mktemp("runs") / "dates", quiet=True))


def test_a_run_scores_its_saved_model_alike_and_draws_the_alignment(dates):
    model, (x, y, lengths, _) = zoo.load(dates.folder), load_data("dates", Place(), {"examples": 200}).test
    assert model.predict(x[:9], lengths[:9]).shape == (9, 11)
    exact = np.all(model.predict(x, lengths)[:, :10] == y, axis=1) & (model.predict(x, lengths)[:, 10] == 11)
    assert dates.metrics["exact_match"] == pytest.approx(exact.mean())
    assert (dates.folder / "plots" / "alignment.png").read_bytes()[:4] == b"\x89PNG"


def test_predict_reads_lines_with_spaces_and_gives_the_best_beams(dates, tmp_path, capsys):
    (tmp_path / "dates.txt").write_text("3 March 2024\n5.6.1999\n")
    assert command("predict", [str(dates.folder), str(tmp_path / "dates.txt"), "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)["predictions"]
    assert len(first["beams"]) == 5
    shares = [each["probability"] for each in first["beams"]]
    assert shares == sorted(shares, reverse=True)
    assert first["text"] == first["beams"][0]["text"]
    assert set(second["text"]) <= set("0123456789-")


def started(recipe):
    """Shapes of the first step, with few examples."""
    parts = setup(replace(recipe, d={"examples": 50}, steps=1, batch_size=10, m=recipe.m | {"width": 4}))
    jax.eval_shape(parts.advance.made, parts.key, parts.advance.arrays)
    return parts


def test_words_with_a_letter_for_each_step_suit_too():
    assert started(recipe_for("attention", "reverse")).task.name == "seq2seq"


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (replace(recipe_for("attention"), m={"longest": 5}), r"targets have up to 10 .* \(--m.longest\)"),
        (replace(recipe_for("lstm", "copy"), task="seq2seq"), "lstm cannot be trained for the task seq2seq"),
        (replace(recipe_for("attention"), dataset="adding", task="seq2seq"), "needs a sequence of tokens as targets"),
        (replace(recipe_for("attention"), dataset="future", task="seq2seq"), "needs tokens"),
    ],
)
def test_data_and_models_that_do_not_suit_are_refused(recipe, message):
    with pytest.raises((BadInput, ValueError), match=message):
        started(recipe)


def test_targets_get_their_end_behind_the_last_token():
    task = task_for("seq2seq", outputs=5)
    assert task.target({"y": jnp.array([[3, 1, 0], [2, -1, -1]])}).tolist() == [[3, 1, 0, 5], [2, 5, -1, -1]]
