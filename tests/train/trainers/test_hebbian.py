"""Hebb's and Storkey's rules against loops in float64, and what a memory says when it is too full."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import fit
from zoo.train.config.recipe import Recipe
from zoo.train.errors import BadInput
from zoo.train.tasks import task_for
from zoo.train.trainers import Run, make
from zoo.train.trainers.hebbian import hebb, storkey

pytestmark = pytest.mark.usefixtures("quick_compiler")
X = np.random.default_rng(1).choice([-1.0, 1.0], (4, 9))


def test_hebbs_rule_is_the_sum_of_outer_products_without_self_connections():
    w = np.zeros((9, 9))
    for x in X:
        for i in range(9):
            for j in range(9):
                w[i, j] += x[i] * x[j] if i != j else 0
    np.testing.assert_array_equal(hebb(jnp.asarray(X, jnp.float32)), w)


def test_storkeys_rule_is_that_of_his_paper():
    n, w = 9, np.zeros((9, 9))
    for x in X:
        h = np.array([[sum(w[i, k] * x[k] for k in range(n) if k not in (i, j)) for j in range(n)] for i in range(n)])
        w = w + (np.outer(x, x) - x[:, None] * h.T - h * x[None, :]) / n
        np.fill_diagonal(w, 0)
    np.testing.assert_allclose(storkey(jnp.asarray(X, jnp.float32)) / n, w, atol=1e-6)


def test_a_model_without_recall_is_rejected():
    from zoo import mlp

    with pytest.raises(BadInput, match="the trainer hebbian trains the model hopfield, not mlp"):
        make(mlp(3), task_for("recall"), Run(Recipe("mlp", "iris", trainer="hebbian"), 1, 1, None))


def test_a_memory_that_is_too_full_names_its_load_and_what_to_do():
    from zoo import hopfield

    run = Run(Recipe("hopfield", "digits", trainer="hebbian"), 1, 1, None)
    classical, modern = (
        make(hopfield(form=form), task_for("recall"), run).warnings for form in ("classical", "modern")
    )
    (line,) = classical({"load": 40 / 64})
    assert "0.625 per entry, beyond the capacity of 0.138" in line
    assert "--t.patterns" in line
    assert not classical({"load": 0.1})
    assert not modern({"load": 40 / 64})
    assert "or use --t.rule storkey or --m.form modern" in line
    run = run._replace(recipe=Recipe("hopfield", "digits", trainer="hebbian", t={"rule": "storkey"}))
    (line,) = make(hopfield(), task_for("recall"), run).warnings({"load": 40 / 64})
    assert "--t.rule" not in line


def test_room_for_another_number_of_patterns_than_are_stored_is_bad_input_that_names_the_right_flag(key):
    from zoo import hopfield

    run = Run(Recipe("hopfield", "digits", trainer="hebbian"), 1, 1, None)
    made = make(hopfield(patterns=3), task_for("recall"), run)
    with pytest.raises(BadInput, match=r"--m\.patterns 3: 4 examples are stored; .*--t\.patterns"):
        jax.eval_shape(made.init, key, {"x": jax.ShapeDtypeStruct((4, 9), jnp.float32)})


def test_patterns_whose_weights_fill_a_gigabyte_are_bad_input_and_no_traceback(key):
    from zoo import hopfield

    made = make(hopfield(), task_for("recall"), Run(Recipe("hopfield", "digits", trainer="hebbian"), 1, 1, None))
    with pytest.raises(BadInput, match=r"at most 16,384 .*or use --m\.form modern"):
        jax.eval_shape(made.init, key, {"x": jax.ShapeDtypeStruct((1, 140, 140, 1), jnp.float32)})


def test_the_lines_at_the_start_count_what_is_stored_and_hold_nothing_out(capsys):
    fit("hopfield", X)
    lines = capsys.readouterr().out.splitlines()
    assert "model    hopfield: input 9, output 9, 117 parameters" in lines  # 9 x 9 weights and 4 patterns of 9
    assert any(line.startswith("stored   4 of 4 examples, all: 0, 1, 2, 3") for line in lines)
    assert not any("are held out" in line for line in lines)
