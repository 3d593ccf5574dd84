"""Where arrays lie: parameters by rules, what belongs to them beside them, the carry with its batch, the rest whole."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from jax.sharding import AbstractMesh, PartitionSpec

from zoo.train.__main__ import main
from zoo.train.config.mesh import mesh_axes, mesh_sizes, shard_rules
from zoo.train.config.run_options import RunOptions
from zoo.train.distributed.sharding import Sharding, data_parallel, sharding_for
from zoo.train.errors import BadInput
from zoo.train.tree import path_name

HOUSE = Path(__file__).parents[3]
WHOLE = PartitionSpec()


def eight(*rules, fsdp=False):
    """A sharding over eight devices that need not be there."""
    axes = {"data": 4, "model": 2}
    return Sharding(AbstractMesh(tuple(axes.values()), tuple(axes)), shard_rules(rules, axes), fsdp)  # pyright: ignore


def shaped(**shapes):
    """A tree of shapes from paths written with __ for /."""
    tree = {}
    for name, shape in shapes.items():
        *above, last = name.split("__")
        at = tree
        for each in above:
            at = at.setdefault(each, {})
        at[last] = jax.ShapeDtypeStruct(shape, jnp.float32)
    return tree


def specs(sharding, tree):
    """The specification of each array by its path."""
    leaves = jax.tree_util.tree_flatten_with_path(sharding.fit(tree))[0]
    return {path_name(path): sharding.spec for path, sharding in leaves}


def test_by_default_all_is_whole_but_the_carry_which_is_shared_like_its_batch():
    tree = shaped(params__head__w=(64, 64), opt__mu__head__w=(64, 64), state__mean=(64,), carry__h=(8, 64), step=())
    found = specs(eight(), tree)
    assert found.pop("carry/h") == PartitionSpec("data")
    assert set(found.values()) == {WHOLE}


def test_a_rule_cuts_a_parameter_its_moments_and_its_average_and_nothing_else():
    tree = shaped(
        params__head__w=(6, 4),
        params__body__head__w=(6, 4),
        opt__0__mu__head__w=(6, 4),
        opt__0__mu__body__head__w=(6, 4),
        opt__0__rows__head__w=(6,),
        opt__count=(),
        ema__head__w=(6, 4),
        state__head__w=(6, 4),
    )
    found = specs(eight("head/w=None,model"), tree)
    cut = {name for name, spec in found.items() if spec == PartitionSpec(None, "model")}
    assert cut == {"params/head/w", "opt/0/mu/head/w", "ema/head/w"}
    assert all(spec == WHOLE for name, spec in found.items() if name not in cut)


def test_the_optimizer_of_a_player_follows_that_players_parameters():
    tree = shaped(
        params__generator__0__w=(4, 4),
        params__discriminator__0__w=(4, 4),
        opt__generator__0__0__mu__0__w=(4, 4),
        opt__discriminator__0__0__mu__0__w=(4, 4),
        ema__generator__0__w=(4, 4),
    )
    found = specs(eight("generator/.*=model"), tree)
    cut = {name for name, spec in found.items() if spec == PartitionSpec("model")}
    assert cut == {"params/generator/0/w", "opt/generator/0/0/mu/0/w", "ema/generator/0/w"}


def test_the_first_rule_that_matches_the_whole_path_decides():
    tree = shaped(params__a__w=(4, 4), params__ba__w=(4, 4), params__c__w=(4, 4))
    found = specs(eight("a/w=data", ".*/w=None,data"), tree)
    assert found["params/a/w"] == PartitionSpec("data")
    assert found["params/ba/w"] == found["params/c/w"] == PartitionSpec(None, "data")


def test_fsdp_cuts_what_is_large_along_its_largest_dimension_that_divides_unless_a_rule_tells():
    tree = shaped(
        params__a=(30, 400),
        params__b=(401, 40),
        params__small=(31, 33),
        params__odd=(401, 39),
        params__kept=(64, 64),
        opt__mu__a=(30, 400),
        opt__trace=(2048,),
        state__mean=(2048,),
    )
    found = specs(eight("kept=None,None", fsdp=True), tree)
    assert found["params/a"] == found["params/b"] == found["opt/mu/a"] == PartitionSpec(None, "data")
    assert found["opt/trace"] == PartitionSpec("data")
    assert found["params/kept"] == PartitionSpec(None, None)
    assert {found[f"params/{name}"] for name in ("small", "odd")} | {found["state/mean"]} == {WHOLE}


def test_a_device_holds_its_parts_and_all_that_is_whole():
    tree = shaped(params__w=(64, 64), params__b=(64,), opt__mu__w=(64, 64), opt__mu__b=(64,))
    assert eight().bytes_a_device(tree) == 2 * 4 * (64 * 64 + 64)
    assert eight(fsdp=True).bytes_a_device(tree) == 2 * 4 * (64 * 64 // 4 + 64)
    assert eight("w=data,model").bytes_a_device(tree) == 2 * 4 * (64 * 64 // 8 + 64)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (
            "hed/w=None,model",
            r"of no parameter; did you mean head/w\? \(there are head/b, head/w\)",
        ),
        ("head=model", "matches the full path of no parameter"),
        (
            "head/b=None,model",
            "head/b is 6, 1 dimensions, but the rule names 2 axes: write a pattern",
        ),
        (
            "head/w=None,model",
            r"head/w is 6x3, but model=2 does not divide 3 \(dimension 1\); the next size that it divides is 4",
        ),
    ],
)
def test_a_rule_that_does_not_suit_the_parameters_is_refused_with_what_there_is(rule, reason):
    with pytest.raises(BadInput, match=reason):
        eight(rule).check(shaped(params__head__w=(6, 3), params__head__b=(6,)))


def test_what_a_generator_paints_an_image_of_is_not_cut():
    tree = shaped(params__generator__first__w=(8, 64), params__generator__up__w=(4, 4, 2, 2))
    with pytest.raises(BadInput, match="the output of generator/first/w, which becomes an image sharded by height"):
        eight("generator/first/w=None,model").check(tree)
    eight("generator/first/w=model", "generator/up/w=None,None,model").check(tree)
    tree["params"]["generator"].pop("up")
    eight("generator/first/w=None,model").check(tree)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (
            {"mesh": "data"},
            "--mesh data: 'data' is not an axis with its number of devices, as in --mesh data=4,model=2",
        ),
        ({"mesh": "data=0"}, "'data=0' is not an axis"),
        ({"mesh": "data=2,,model=2"}, "'' is not an axis"),
        ({"mesh": ""}, "'' is not an axis"),
        ({"mesh": "data=2,data=4"}, "contains the axis data twice"),
        ({"shard": ("head/w",)}, "a rule has a pattern and an axis for each dimension, as in head/w=None,model"),
        ({"shard": ("(=data",)}, r"'\(' is not a regular expression: missing \)"),
        ({"shard": ("w=model",)}, r"there is no axis 'model' \(the mesh has data; add axes with --mesh"),
        ({"shard": ("w=modle",), "mesh": "model=2"}, r"no axis 'modle'; did you mean model\? \(the mesh has data and"),
        ({"shard": ("w=data,data",)}, "the axis data can shard one dimension, not 2"),
    ],
)
def test_options_that_cannot_be_are_refused_before_jax_is_asked(options, reason):
    with pytest.raises(BadInput, match=reason):
        RunOptions(**options)


def test_the_axis_data_takes_what_the_others_leave():
    assert mesh_sizes(mesh_axes("model=2"), 8) == {"data": 4, "model": 2}
    assert mesh_sizes(mesh_axes(None), 8) == {"data": 8}
    assert mesh_sizes(mesh_axes("model=4,data=2"), 8) == {"model": 4, "data": 2}


@pytest.mark.parametrize(
    ("mesh", "reason"),
    [
        (
            "data=4,model=2",
            "--mesh data=4,model=2 needs 8 devices, and jax has 6 here: without data=... that",
        ),
        ("model=4", "needs a multiple of 4 devices, and jax has 6 here: choose another size; --mesh none"),
    ],
)
def test_a_mesh_for_other_devices_is_refused_with_what_to_do(mesh, reason):
    with pytest.raises(BadInput, match=reason):
        mesh_sizes(mesh_axes(mesh), 6)


def test_a_placement_takes_the_devices_that_it_is_given():
    one = jax.devices()[:1]
    assert data_parallel(one).data_parallelism == 1
    assert dict(sharding_for(RunOptions(mesh="model=1", fsdp=True), one).mesh.shape) == {"data": 1, "model": 1}


def test_rules_can_be_listed_and_repeated_on_the_command_line(capsys):
    words = ["--model", "logistic", "--dataset", "iris", "--mesh", f"data={jax.device_count()},model=1", "--dry-run"]
    rules = ["--shard", "head/w=None,model", "head/b=model", "--shard", "hed/w=model"]
    assert main([*words, *rules]) == 2
    assert "--shard hed/w=model matches the full path of no parameter" in capsys.readouterr().err
    assert main([*words, *rules[:-2], "--fsdp"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"mesh data={jax.device_count()} model=1, shard head/w=None,model, shard head/b=model, fsdp, jax" in said
    assert "memory, fit on a device:" in said


# What a run goes on from, or begins with, on eight devices: at every call and return of python, no device may hold a
# whole array of what is cut.
SPREAD = """
import sys
from dataclasses import asdict, replace
from pathlib import Path
import jax, numpy as np
from zoo.train.tree import specs
from zoo.train.checkpoints.checkpoint import LocalState, begin, read, write
from zoo.train.data.dataset import Place
from zoo.train.runs.warm_start import warm_start
from zoo.train.config.run_options import RunOptions
from zoo.train.distributed.sharding import sharding_for
from zoo.train.config.recipe import recipe_for
from zoo.train.runs.compatibility import facts
from zoo.train.runs.resume import load_state
from zoo.train.runs.setup import setup
options = RunOptions(fsdp=True)
recipe = replace(recipe_for("mlp"), m={"hidden": (512, 256)}, steps=4)
parts = setup(recipe, Place(), sharding=sharding_for(options), score_samples=False)
tree = specs(parts.advance.template(parts.key))
tensors = {name: np.full(shape, 1, dtype) for name, (dtype, shape) in tree.items()}
saved = facts(parts, recipe, asdict(options)) | {"step": 2, "since": 2, "seconds": 1.0, "metrics": {}, "callbacks": {}}
checkpoint = read(write(begin(Path(sys.argv[1]), 2), LocalState(tensors), saved, None))
found = set()

def watch(*event):
    found.update(each.shape for each in jax.live_arrays() if len(each.sharding.device_set) == 1)

sys.setprofile(watch)
fits = [load_state(checkpoint, parts).fit, warm_start(checkpoint.path, parts)[0].fit]
sys.setprofile(None)
for fit in fits:
    (kernel,) = (leaf for leaf in jax.tree.leaves(fit["params"]) if leaf.shape == (512, 256))
    assert np.all(np.asarray(kernel) == 1)
    assert {shard.data.shape for shard in kernel.addressable_shards} == {(64, 256)}, kernel.sharding
assert not {(512, 256), (64, 512)} & found, found
print("spread", len(found))
"""


@pytest.mark.expensive
@pytest.mark.slow
def test_what_a_run_goes_on_from_is_never_whole_on_one_device(tmp_path):
    environment = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=8", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", SPREAD, str(tmp_path)],
        env=environment | {"PYTHONPATH": str(HOUSE)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("spread")
