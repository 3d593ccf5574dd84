"""Truncated, corrupted and malicious model files are rejected quickly, without allocating memory for them."""

import contextlib
import json
import struct
import tracemalloc

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save as to_bytes

from zoo.train.errors import CheckpointUnusable
from zoo.train.evaluation.scored_examples import recipe_of
from zoo.train.files import read_safetensors
from zoo.train.trained.file import _FORMAT, PRETRAINED, _digest, serialize
from zoo.train.trained.model import load

GOOD = (PRETRAINED / "mlp-iris.safetensors").read_bytes()
SIZE = struct.unpack("<Q", GOOD[:8])[0]
ARRAYS = read_safetensors(PRETRAINED / "mlp-iris.safetensors")[0]
ABOUT = json.loads(json.loads(GOOD[8 : 8 + SIZE])["__metadata__"]["zoo"])


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("hostile") / "model.safetensors"


def test_what_is_stored_in_half_precision_is_read_as_the_model_computes(place):
    good = load("mlp-iris")
    tree = {"params": {}, "state": {}, "scaler": good.scaler, "target_scaler": None}
    tree["params"] = jax.tree.map(lambda leaf: np.asarray(leaf, np.float16), good.params)
    place.write_bytes(serialize(tree, good.about))
    found = load(place)
    assert {leaf.dtype for leaf in jax.tree.leaves(found.params)} == {np.dtype("float32")}
    np.testing.assert_allclose(found.params["head"]["w"], good.params["head"]["w"], rtol=1e-3)


@pytest.mark.fault(row=11)
@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(GOOD) - 1))
def test_a_truncated_file_is_rejected(place, length):
    place.write_bytes(GOOD[:length])
    with pytest.raises(CheckpointUnusable, match=r"model\.safetensors"):
        load(place)


@pytest.mark.fault(row=11)
@settings(max_examples=60, deadline=None)
@given(st.integers(8 + SIZE, len(GOOD) - 1), st.integers(0, 7))
def test_a_flipped_bit_of_an_array_is_seen(place, at, bit):
    data = bytearray(GOOD)
    data[at] ^= 1 << bit
    place.write_bytes(data)
    with pytest.raises(CheckpointUnusable, match="is damaged"):
        load(place)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 8 + SIZE - 1), st.integers(0, 255))
def test_a_changed_byte_of_the_header_is_rejected_or_harmless(place, at, value):
    data = bytearray(GOOD)
    data[at] = value
    place.write_bytes(data)
    with contextlib.suppress(CheckpointUnusable):  # nothing else may come
        assert load(place).about["format"] == _FORMAT


@pytest.mark.fault(row=11)
@pytest.mark.parametrize("size", [2**63, 2**40, 10**8, 99_999_999])
def test_a_header_that_promises_gigabytes_takes_no_memory(place, size):
    place.write_bytes(struct.pack("<Q", size) + GOOD[8:])
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointUnusable, match="cannot be read"):
            load(place)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def forged(place, **changes):
    """A file whose arrays and hash agree, but whose description says something else."""
    about = ABOUT
    arrays = changes.pop("arrays", {"params/head/w": np.ones((2, 2), np.float32)})
    about = {name: value for name, value in (about | changes).items() if value is not ...}
    if "sha256" not in changes:
        about["sha256"] = _digest(arrays, about)
    place.write_bytes(to_bytes(arrays, metadata={"zoo": json.dumps(about)}))


@pytest.mark.parametrize(
    "changes",
    [
        {"model": ...},
        {"made_for": ...},
        {"made_for": {"outputs": "many"}},
        {"made_for": {"command": "rm"}},
        {"model": "../../etc/passwd"},
        {"model": 7},
        {"options": None},
        {"options": {"hidden": [10**12]}},
        {"options": {"__class__": 1}},
        {"input_shape": "8x8"},
        {"input_shape": [10**9, 10**9]},
        {"input_shape": [-1]},
        {"task": "mayhem"},
        {"loss": ["a"]},
        {"sha256": ...},
        {"sha256": 7},
        {"format": 99},
    ],
    ids=str,
)
def test_a_description_of_no_model_is_rejected(place, changes):
    forged(place, **changes)
    with pytest.raises(CheckpointUnusable, match=r"model\.safetensors"):
        load(place)


def _reason(value):
    return value if isinstance(value, str) else ""  # the changes may be long


MADE, RECIPE = ABOUT["made_for"], ABOUT["recipe"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"classes": []}, "`classes` has 0 names, the task multiclass of 3 outputs has 3"),
        ({"classes": ["a", "b", 3]}, "`classes` must be a list of texts, got ['a', 'b', 3]"),
        ({"metrics": None}, "`metrics` must be a row of numbers by name"),
        ({"metrics": {"loss": [[]]}}, "`metrics` must be a row of numbers by name"),
        ({"metrics": {"step": -1}}, "`metrics` must be a row of numbers by name"),
        ({"kind": "x"}, "`kind` must be one of image, table"),
        ({"classes": ["a", "b", "a"]}, "`classes` has one name twice"),
        ({"relative": True}, "`relative` is true, but the data are table"),
        ({"pictures": {"size": 10**9}}, "`pictures.size` is 1000000000, but `input_shape` is [4]"),
        ({"task": "regression"}, "`classes` has 3 names, but the task is regression"),
        ({"kind": "image"}, "`input_shape` must have 3 sizes for image data, got [4]"),
        ({"input_range": [0]}, "`input_range` must be a list of the least and the largest number or null, got [0]"),
        ({"input_range": [1.0, float("nan")]}, "`input_range` must be"),
        ({"input_dtype": "float99"}, "`input_dtype` must be a type of numbers"),
        ({"input_shape": [4.0]}, "`input_shape` must be a shape"),
        ({"input_shape": []}, "`input_shape` must be a shape"),
        ({"input_shape": [10**6, 10**6, 1]}, "whose product is at most 268,435,456"),
        ({"vocabulary": [1]}, "`vocabulary` must be a list of texts, got [1]"),
        ({"vocabulary": ["a"]}, "`vocabulary` has 1 tokens, `made_for.vocabulary` states 0"),
        ({"features": ["a"]}, "`features` has 1 names for inputs of shape [4]"),
        ({"options": {"dropout": {}}}, "`options` must be options by name"),
        ({"options": {"dropout": "much"}}, "dropout must be a number, got 'much'"),
        ({"options": {"hidden": 16}}, "hidden must be a list of whole numbers, got 16"),
        ({"made_for": 3}, "`made_for` must be values by name, got 3"),
        ({"made_for": MADE | {"outputs": True}}, "`made_for.outputs` must be a whole number of at least 0, got True"),
        ({"made_for": MADE | {"each": True}}, "`made_for.each` is True, which contradicts the task multiclass"),
        ({"task": "generation", "classes": ["a"]}, "`classes` has 1 names, `made_for.outputs` states 3 classes"),
        ({"loss": "x"}, "`loss` must be one of auto, cross_entropy"),
        ({"dtype": ["bf16"]}, "`dtype` must be one of float32, bf16, got ['bf16']"),
        ({"origin": 7}, "`origin` must be texts by name, got 7"),
        ({"pictures": {"size": "x"}}, "`pictures.size` must be a whole number"),
        ({"recipe": []}, "`recipe` must be a recipe by fields, got []"),
        ({"recipe": RECIPE | {"d": 3}}, "`recipe.d` must be options by name"),
        ({"recipe": RECIPE | {"batch_size": "x"}}, "`recipe.batch_size` must be a whole number of at least 1, got 'x'"),
        ({"recipe": {"batch_size": 3}}, "`recipe.model` is missing"),
        ({"headline": "split"}, "`headline` must be the name of a metric"),
        ({"target": None}, "`target` must be a text, got None"),
        ({"level": -1}, "`level` must be a finite number of at least 0, got -1"),
        ({"dataset": ...}, "`dataset` is missing"),
        (
            {"options": {"hidden": [10**9]}},
            "`options.hidden` asks for 1,000,000,000 units, the arrays of the file have",
        ),
        ({"options": {"hidden": [16] * 200_000}}, "`options.hidden` asks for 200,000 layers, the file has 4 arrays"),
        ({"model": "lstm", "options": {"depth": 10**7}}, "`options.depth` asks for 10,000,000 layers"),
        ({"model": "resnet", "options": {"depth": 2000}}, "`options.depth` asks for 2,000 layers"),
    ],
    ids=_reason,
)
def test_a_field_of_another_form_is_named_with_the_reason_before_anything_is_traced(
    place, monkeypatch, changes, reason
):
    monkeypatch.setattr(jax, "eval_shape", None)
    forged(place, arrays=ARRAYS, **changes)
    with pytest.raises(CheckpointUnusable) as caught:
        load(place)
    assert str(caught.value).startswith(str(place))
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"scaler/shift": np.zeros((2, 2), np.float32)}, "shift and a scale of 1 or 4 floats, got float32[2, 2] and"),
        ({"scaler/shift": np.zeros(4, np.int64)}, "shift and a scale of 1 or 4 floats, got int64[4] and float32[4]"),
        ({"scaler/scale": None}, "shift and a scale of 1 or 4 floats, got float32[4] and none"),
        ({"scaler/scale": None, "scaler/shift": None}, "`scaler` must be there if the inputs are numbers"),
        ({"scaler/scale": np.float32([1, 1, 0, 1])}, "`scaler` must be finite, and its scale above 0"),
        ({"scaler/shift": np.float32([1, 1, np.nan, 1])}, "`scaler` must be finite, and its scale above 0"),
        ({"params/head/w": np.ones((3, 16), np.float32)}, "differing   params/head/w: float32[3, 16], expected"),
        ({"params/head/w": np.ones((16, 3), np.int32)}, "differing   params/head/w: int32[16, 3], expected"),
        ({"params/head/w": None}, "missing     params/head/w"),
    ],
    ids=_reason,
)
def test_arrays_of_another_form_are_named(place, changes, reason):
    forged(place, arrays={name: array for name, array in (ARRAYS | changes).items() if array is not None})
    with pytest.raises(CheckpointUnusable) as caught:
        load(place)
    assert reason in str(caught.value)


def test_a_file_of_an_earlier_version_with_fewer_fields_is_loaded(place):
    """The classifiers of images of earlier versions have these fields alone."""
    lacked = ("headline", "vocabulary", "input_dtype", "features", "recipe", "pretrained", "origin")
    forged(place, arrays=ARRAYS, **dict.fromkeys(lacked, ...))
    found = load(place)
    np.testing.assert_array_equal(found.predict([[5.1, 3.5, 1.4, 0.2]]), ["setosa"])
    assert (found.about["features"], found.about["vocabulary"], found.about["recipe"]) == ([], [], {})
    assert repr(found).endswith("3 classes, test loss 0.1409>")
    with pytest.raises(CheckpointUnusable, match="the file of this mlp has no recipe"):
        recipe_of(found)


def test_a_task_that_needs_more_of_the_model_is_refused(place):
    forged(place, arrays=ARRAYS, task="density")
    with pytest.raises(CheckpointUnusable, match="the task density requires a model with the capability `log_prob`"):
        load(place)


def test_a_header_of_nested_brackets_is_rejected(place):
    place.write_bytes(to_bytes({"a": np.ones(1)}, metadata={"zoo": "[" * 100_000}))
    with pytest.raises(CheckpointUnusable, match="cannot be read"):
        load(place)
