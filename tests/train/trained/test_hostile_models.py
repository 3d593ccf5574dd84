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
from zoo.train.trained.file import _FORMAT, PRETRAINED, _digest, serialize
from zoo.train.trained.model import load

GOOD = (PRETRAINED / "mlp-iris.safetensors").read_bytes()
SIZE = struct.unpack("<Q", GOOD[:8])[0]


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
    about = json.loads(json.loads(GOOD[8 : 8 + SIZE])["__metadata__"]["zoo"])
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


def test_a_header_of_nested_brackets_is_rejected(place):
    place.write_bytes(to_bytes({"a": np.ones(1)}, metadata={"zoo": "[" * 100_000}))
    with pytest.raises(CheckpointUnusable, match="cannot be read"):
        load(place)
