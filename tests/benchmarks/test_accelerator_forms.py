"""The candidates for an accelerator compute what the zoo's own forms compute, and the trace's parser adds up times."""

import gzip
import json
from argparse import Namespace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental import rnn

import zoo
from benchmarks.accelerator.candidates import FORMS, candidates, workload
from benchmarks.accelerator.forms import attention_of_jax, cudnn_lstm, hoisted_lstm, padded_channels, replaced
from benchmarks.accelerator.kernels import read_trace, self_times, top
from benchmarks.accelerator.plan import CANDIDATES, XLA
from benchmarks.tries import as_it_is
from benchmarks.workloads import LARGE, WORKLOADS
from zoo.layers import Sequence, computing_in, embedded, lstm_cell, scan
from zoo.layers.attend import attended
from zoo.layers.convolve import convolve

pytestmark = pytest.mark.usefixtures("quick_compiler")


def as_published(x, h, c, weights, lengths, features, width, layers, dropout, both):
    """The arguments of cuDNN's LSTM, computed by jax's own reference for it."""
    parts = rnn.unpack_lstm_weights(weights, features, width, layers, both)
    return rnn.lstm_ref(x, h, c, *parts, lengths, features, width, layers, dropout, both)


@pytest.mark.parametrize("make", [hoisted_lstm, partial(cudnn_lstm, run=as_published)], ids=["hoisted", "cudnn"])
@pytest.mark.parametrize("tokens", [pytest.param(False, marks=pytest.mark.expensive), True], ids=["numbers", "tokens"])
def test_an_lstm_in_another_form_has_the_outputs_and_gradients_of_the_zoo_s(make, tokens, key):
    own, other = scan(lstm_cell(6), return_carry=True), make(6)
    x = jax.random.normal(key, (3, 5, 4))
    if tokens:
        own, other, x = embedded(7, 4, own), embedded(7, 4, other), jax.random.randint(key, (3, 5), 0, 7)
    params, state = jax.jit(own.init)(key, x)
    assert jax.tree.map(jnp.shape, params) == jax.tree.map(jnp.shape, jax.eval_shape(other.init, key, x)[0])
    carry = jax.random.normal(key, (2, 3, 6))

    def run(layer, params):
        (h, c), y = layer.apply(params, state, Sequence(x, carry=tuple(carry)))[0]
        return jnp.sum(y**3) + jnp.sum(h * c), y

    ours, theirs = (jax.jit(jax.value_and_grad(partial(run, each), has_aux=True))(params) for each in (own, other))
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_cudnn_s_own_lstm_is_traced_with_the_shapes_of_the_zoo_s(key):
    if not hasattr(rnn.gpu_rnn, "compute_rnn_workspace_reserve_space_sizes"):
        pytest.skip("cuDNN's LSTM is traced by a jaxlib with its part for CUDA alone, jax[cuda12]")
    layer, x = cudnn_lstm(6), jnp.ones((3, 5, 4))
    params, state = layer.init(key, x)
    seen = jax.eval_shape(layer.apply, params, state, x)[0]
    assert (seen.y.shape, seen.carry[0].shape) == ((3, 5, 6), (3, 6))


def test_attention_of_jax_has_the_outputs_of_a_transformer_on_windows_without_earlier_ones(key):
    by = attention_of_jax("xla")
    model = zoo.transformer(5, each=True, vocabulary=5, width=8, depth=1, heads=2, causal=True, context=6)
    tokens = jax.random.randint(key, (2, 6), 0, 5)
    params, state = jax.jit(model.init)(key, tokens)

    def outputs(by):
        with replaced("zoo.layers.attention", "attended", by):
            return jax.jit(lambda params: model.apply(params, state, tokens)[0])(params)

    own = outputs(attended)
    np.testing.assert_allclose(outputs(by), own, rtol=1e-4, atol=1e-5)
    assert not np.allclose(outputs(lambda q, *_: (0 * q, None)), own), "the function is the one that is called"


def test_cudnn_s_attention_takes_half_precision_and_is_called_by_the_transformer(key, monkeypatch):
    # It runs on NVIDIA GPUs alone: here it is seen with what it would be called.
    seen = []

    def attention(q, k, v, **options):
        seen.append((q.shape, q.dtype, options))
        return q

    monkeypatch.setattr(jax.nn, "dot_product_attention", attention)
    by, model = attention_of_jax("cudnn"), zoo.transformer(5, vocabulary=5, width=8, heads=2, causal=True, context=6)
    model, tokens = computing_in(jnp.bfloat16, model), jnp.zeros((2, 6), int)
    params, state = jax.eval_shape(model.init, key, tokens)
    seen.clear()
    with replaced("zoo.layers.attention", "attended", by):
        jax.eval_shape(model.apply, params, state, tokens)
    assert seen == [((2, 6, 2, 4), jnp.bfloat16, {"is_causal": True, "implementation": "cudnn"})] * 2


@pytest.mark.parametrize(("groups", "channels"), [(1, 3), (1, 8), (4, 4)])
def test_a_convolution_with_padded_channels_has_the_numbers_of_the_plain_one(groups, channels, key):
    x = jax.random.normal(key, (2, 6, 6, channels))
    w = jax.random.normal(key, (3, 3, channels // groups, 4))
    options = {"strides": (2, 2), "padding": ((1, 1), (1, 1)), "groups": groups}
    np.testing.assert_allclose(padded_channels(x, w, **options), convolve(x, w, **options), rtol=1e-4, atol=1e-5)


def test_every_candidate_of_the_plan_is_a_form():
    for work, names in CANDIDATES.items():
        assert work in WORKLOADS | LARGE
        assert {name.removesuffix(", bf16") for name in (*names, *XLA)} <= set(FORMS)


@pytest.mark.expensive
@pytest.mark.parametrize("form", ["single steps", "not donated", "latency hiding"])
def test_steps_of_a_candidate_give_the_parameters_of_the_step_as_it_is(form):
    work = workload("mlp", "default", small=True)
    before, after = (run(3)[0]["params"] for run in (as_it_is(work), FORMS[form](work)))
    for a, b in zip(jax.tree.leaves(before), jax.tree.leaves(after), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.expensive
def test_a_candidate_is_measured_by_turns():
    found = candidates("characters: unroll 4", Namespace(tiny=True, seconds=0.1))
    assert found["ms"] > 0
    assert found["times"] == pytest.approx(found["ms"] / found["changed"], rel=2)


def event(name, ts, dur, tid=1, pid=1, **args):
    return {"ph": "X", "name": name, "ts": ts, "dur": dur, "pid": pid, "tid": tid, "args": args}


def named(kind, name, pid, tid=0):
    return {"ph": "M", "name": kind, "pid": pid, "tid": tid, "args": {"name": name}}


def test_the_time_of_an_event_excludes_those_that_it_contains():
    events = [event("loop", 0, 100), event("a", 10, 30), event("b", 15, 5), event("a", 50, 20), event("c", 100, 1)]
    assert sorted(self_times(events)) == [("a", 20), ("a", 25), ("b", 5), ("c", 1), ("loop", 50)]


def test_of_a_gpu_the_kernels_of_its_streams_count_and_each_once():
    events = [
        named("process_name", "/device:GPU:0", 1),
        named("process_name", "/host:CPU", 2),
        named("thread_name", "Stream #13(Compute)", 1, 1),
        named("thread_name", "Stream #14(MemcpyH2D)", 1, 2),
        named("thread_name", "XLA Modules", 1, 3),
        event("gemm", 0, 3000),
        event("gemm", 3000, 1000),
        event("copy", 0, 500, tid=2),
        event("jit_many", 0, 9000, tid=3),
        event("python", 0, 99000, pid=2, hlo_op="x"),
        {"ph": "C", "name": "counter", "pid": 1, "tid": 1, "ts": 0},
    ]
    assert top(events) == {"ms": 4.5, "kernels": [["gemm", 4.0, 2], ["copy", 0.5, 1]]}
    assert top(events, count=1)["kernels"] == [["gemm", 4.0, 2]]
    events[2]["args"]["name"], events[3]["args"]["name"] = "XLA Ops", "Steps"  # as on a TPU
    assert top(events)["kernels"] == [["gemm", 4.0, 2]]


def test_a_trace_of_the_cpu_is_read(tmp_path):
    run = jax.jit(lambda x: jnp.sort(x @ x, axis=0))
    x = jnp.ones((300, 300))
    jax.block_until_ready(run(x))
    jax.profiler.start_trace(tmp_path, create_perfetto_trace=True)
    for _ in range(3):
        jax.block_until_ready(run(x))
    jax.profiler.stop_trace()
    file = next(tmp_path.rglob("perfetto_trace.json.gz"))
    found = top(read_trace(file))
    names = [name for name, _, calls in found["kernels"] if calls >= 3]
    assert any("sort" in name for name in names)
    assert found["ms"] == pytest.approx(sum(ms for _, ms, _ in found["kernels"]))
    with gzip.open(tmp_path / "empty.gz", "wt") as empty:
        json.dump({"traceEvents": []}, empty)
    assert top(read_trace(tmp_path / "empty.gz")) == {"ms": 0, "kernels": []}
