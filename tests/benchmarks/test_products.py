"""The products alone are all those of a training step, and each try is the step with one thing changed."""

import io
import re
import sys
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks import products, tries, turns
from benchmarks.alone import build, loop, start
from benchmarks.alone import products as alone
from benchmarks.clock import Clock, Turns
from benchmarks.peers import TIMED, missing
from benchmarks.workloads import DENSE, WORKLOADS, make_data
from zoo.train.runtime.jaxpr import loop_matmul_sizes

pytestmark = pytest.mark.expensive
LITTLE = replace(WORKLOADS["mlp"], examples=64, batch=16)
WHERE = {"machine": "a desk", "versions": {"jax": "1"}, "date": "today"}


def test_the_products_alone_are_those_of_a_networks_gradient():
    x, weights, _ = start((5, 4, 3, 2), 6)
    by_jax = jax.grad(lambda ws: jnp.sum((x @ ws[0] @ ws[1] @ ws[2]) ** 2) / 2)(weights)  # its gradient is its output
    for mine, expected in zip(alone(x, weights), by_jax, strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", DENSE)
def test_they_have_as_many_multiplications_as_the_workload_says(name):
    work = WORKLOADS[name]
    sizes = loop_matmul_sizes(jax.make_jaxpr(partial(loop, 7))(*start(DENSE[name], work.batch)))
    assert 2e-9 * sum(sizes) == pytest.approx(work.gflop, rel=1e-2)
    assert sum(a * b for a, b in zip(DENSE[name], DENSE[name][1:], strict=False)) < work.parameters


def test_the_compiler_keeps_every_product_of_every_step():
    x, weights, gradients = start((64, 48, 32, 16), 24)
    body = jax.jit(loop).lower(7, x, weights, gradients).compile().as_text()
    assert len(re.findall(r" dot\(", body or "")) == 8
    others = [gradient + 1e9 for gradient in gradients]  # of the step before: the next one must read them
    one, other = (loop(1, x, weights, each)[1] for each in (gradients, others))
    assert all((a != b).any() for a, b in zip(one, other, strict=True))


def test_the_worker_can_time_them():
    work = replace(LITTLE, name="mlp")
    clock = Clock(0.05, began=0.0)
    build(work, make_data(work)).go(clock)
    assert clock.per_step > 0
    assert missing(TIMED["products"]) == []


@pytest.fixture(scope="module")
def as_it_is():
    return tries.as_it_is(LITTLE)(3)[1]["sum"]


def test_a_try_changes_one_thing_alone(as_it_is):
    norm, fixed, each, *_ = (name for name in tries.TRIES)
    without = tries.TRIES[norm](LITTLE)(3)[1]["sum"]
    assert set(without) == set(as_it_is) - {"grad_norm"}
    called = tries.TRIES[each](LITTLE)(3)[1]["sum"]
    for name in without:
        np.testing.assert_allclose([without[name], called[name]], as_it_is[name], rtol=1e-5)
    assert (
        tries.TRIES[fixed](LITTLE)(3)[1]["sum"]["loss"] < 0.97 * as_it_is["loss"]
    )  # it sees one batch again and again


def test_a_try_is_timed_beside_the_step_as_it_is_and_a_refused_option_is_named(monkeypatch, capsys):
    little = {"nothing": tries.as_it_is, "odd": partial(tries.with_options, {"xla_no_such_option": True})}
    monkeypatch.setattr(tries, "TRIES", little)
    found = products.tried(LITTLE, 3, 2)
    assert [len(times) for times in found["nothing"].values()] == [3, 3]
    assert 0.2 < np.median(found["nothing"]["as it is"]) / np.median(found["nothing"]["tried"]) < 5
    assert "xla_no_such_option" in found["odd"]["refused"]
    assert "| odd | refused: " in capsys.readouterr().out


def test_the_tables_say_what_was_measured():
    found = {"products": [2.0, 3.0, 4.0], "ours": [3.0] * 3, "flax": [3.0, 6.0, 4.0]}
    timed = {"as it is": [2.0, 2.0, 2.0], "tried": [1.0, 2.0, 4.0]}
    kept = {
        "mlp": {"ms": found, "failed": {"haiku": "no such thing"}} | WHERE,
        "mlp tries": {"tries": {"a thing": timed, "odd": {"refused": "why"}}} | WHERE,
    }
    text = products.table(kept)
    assert "| mlp: the products alone | 3.00 (2.00 to 4.00) |  | 103 |" in text
    assert "| mlp: Flax linen | 4.00 (3.00 to 6.00) | 1.50 (1.00 to 2.00) | 77 |" in text
    assert "is 1.50 (1.00 to 2.00) times as fast as Flax linen's." in text
    assert "Haiku failed: no such thing." in text
    assert "| a thing | 2.00 (1.00 to 4.00) | 2.00 (2.00 to 2.00) | 1.00 (0.50 to 2.00) |" in text
    assert "Measured on a desk; jax 1; today." in text


def test_processes_take_turns_and_one_that_fails_is_named(monkeypatch):
    script = "import sys\nprint(0, flush=True)\nfor line in sys.stdin: print(sys.argv[1], flush=True)"
    failing = "raise SystemExit('no such layer')"
    words = {"a": [script, "2"], "b": [script, "3"], "c": [failing]}
    monkeypatch.setattr(turns, "command", lambda asked: [sys.executable, "-c", *words[asked[0]]])
    told = []
    found, failed = turns.by_turns("mlp", ["a", "b", "c"], 4, False, told.append)
    assert found == {"a": [2.0] * 4, "b": [3.0] * 4}
    assert failed == {"c": "no such layer"}
    assert told[0] == "mlp: a is ready"


def test_a_clock_of_turns_waits_for_its_turn_and_counts_no_waiting(monkeypatch):
    now = iter([10.0, 10.5, 50.0, 89.0, 90.0, 99.0])
    monkeypatch.setattr("benchmarks.clock.time.perf_counter", lambda: next(now))
    told = io.StringIO()
    clock = Turns(0.0, told, io.StringIO("go\ngo\n"))
    assert clock(1, 2.5) == 1
    assert clock(2, 2.5) == 1
    assert clock(1, 2.5) == 0
    assert told.getvalue().split() == ["nan", "19750.0", "1000.0"]


def test_one_turn_is_refused_before_anything_is_measured(capsys):
    with pytest.raises(SystemExit):
        products.main(["--turns", "1"])
    assert "--turns 2 or more" in capsys.readouterr().err


def test_the_page_has_the_place_for_them():
    assert "<!-- products -->\n" in products.PAGE.read_text()
    assert "<!-- /products -->\n" in products.PAGE.read_text()
