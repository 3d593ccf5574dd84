import jax
import jax.numpy as jnp
import pytest

from benchmarks import lowerings, options
from benchmarks.options import Found, compare, faster


def test_a_choice_is_wrong_if_others_are_faster_by_both_ratios():
    found = Found(1.0, {"by luck": (1.6, 1.1), "in most turns": (1.1, 1.6), "always": (1.4, 1.35)})
    assert faster(found) == ["always"]
    assert "always 1.40 (shortest 1.35)" in str(found)


def test_options_of_the_same_program_are_not_timed():
    found = compare(lambda x: x + 1, (jnp.ones(3),), turns=2)
    assert found.times == {}
    assert found.ms > 0 or options.offloading(*options.OFFLOADED) is None


@pytest.mark.parametrize(("ratios", "fails"), [([1.5, 1.5], 1), ([1.5, 1.0], 0), ([1.2], 0)])
def test_the_small_form_fails_when_others_are_faster_twice(ratios, fails, monkeypatch, capsys):
    left = iter(ratios)
    monkeypatch.setattr(lowerings, "KINDS", {"sums": lambda: (jax.numpy.sum, ())})
    monkeypatch.setattr(lowerings, "compare", lambda *_: Found(1.0, {"other": (each := next(left), each)}))
    assert lowerings.main(["--small"]) == fails
    assert not list(left)
    assert ("NOT THE FASTEST: other" in capsys.readouterr().out) == bool(fails)


def test_every_kind_of_program_can_be_traced():
    for make in options.KINDS.values():

        def traced(make=make):  # as a whole: to make the arguments, too, would have to be compiled
            function, arguments = make()
            return function(*arguments), arguments

        gradients, arguments = jax.eval_shape(traced)
        assert jax.tree.structure(gradients) == jax.tree.structure(arguments)
