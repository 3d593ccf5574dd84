"""Tests of every model in the folder of models; a new file is tested without an edit here."""

import functools
import re
import subprocess
import sys

import jax
import jax.export
import jax.numpy as jnp
import numpy as np
import pytest

import zoo
from tests.laws import DEAR, LAWS
from zoo import _catalogue
from zoo.layers import Players
from zoo.train.chart.rows import columns_of
from zoo.train.config.recipe import book
from zoo.train.data.dataset import source
from zoo.train.tasks import per_step
from zoo.train.trained.build import ModelSpec, build

# Smaller than their recipes where the recipe's size would only cost time.
SMALL = {"cnn": {"filters": (4, 6), "hidden": 8}, "resnet": {"depth": 8, "width": 4}, "mlp": {"hidden": (8,)}}
RECURRENT = ("rnn", "lstm", "gru", "birnn", "bilstm", "bigru")
SMALL |= {name: {"width": 6, "dropout": 0.2} for name in RECURRENT} | {"gru": {"width": 6, "depth": 2}}
SMALL |= {name: {"filters": (2, 3), "rival": (2,)} for name in ("denoise", "colorize")}
SMALL |= {name: {"latent": 3, "hidden": (8,)} for name in ("gan", "wgan", "wgan_gp", "cgan")}
SMALL |= {"lsm": {"grid": (3, 2, 2)}}
SMALL |= {"elm": {"hidden": 6}, "rbf": {"units": 5}, "kohonen": {"rows": 2, "columns": 3}}
SMALL |= {"svm": {"vectors": 5}, "esn": {"units": 6, "degree": 2}, "hopfield": {"sweeps": 2}}
SMALL |= {"rbm": {"hidden": 5, "temperatures": 5}, "dbn": {"hidden": (6, 5)}}
SMALL |= {"autoencoder": {"latent": 3, "hidden": (8,)}, "dae": {"hidden": (8,)}, "sae": {"hidden": 6}}
SMALL |= {"vae": {"latent": 3, "hidden": (6,)}, "deconvolutional": {"filters": (2, 3), "hidden": (4,)}}
SMALL |= {"transformer": {"width": 8, "heads": 2, "dropout": 0.2}, "attention": {"width": 5, "longest": 3}}
SMALL |= {"dcign": {"latent": 4, "factors": 2, "filters": (2,), "hidden": (6,)}}
SMALL |= {"capsule": {"filters": (4,), "primary": 2, "features": 6, "hidden": (8,)}}
SMALL |= {"dcgan": {"latent": 3, "filters": (4,)}}
SMALL |= {name: {"width": 6, "slots": 5, "word": 4, "heads": 2} for name in ("ntm", "dnc")}


@functools.cache
def model_and_input(name):
    kind = source(book(name).recipes[0].dataset)
    if kind.kind == "text":
        tokens = np.random.default_rng(0).integers(0, 5, (4, 7))
        return zoo.create(name, **ModelSpec(5, True, 5).arguments(), **SMALL.get(name, {})), jnp.asarray(tokens)
    if kind.kind == "sequence" and len(kind.shape) == 1:  # of tokens
        tokens = np.random.default_rng(0).integers(0, 5, (4, *kind.shape))
        wanted = ModelSpec(kind.outputs, per_step(kind.task), 5)
        return build(name, wanted, SMALL.get(name, {})), jnp.asarray(tokens)
    if kind.kind == "series":
        rows = np.random.default_rng(0).normal(size=(4, 7, 1))
        return build(name, ModelSpec(3, True), SMALL.get(name, {})), jnp.asarray(rows, jnp.float32)
    rows = np.random.default_rng(0).normal(size=(4, *kind.shape))
    wanted = ModelSpec(kind.outputs, per_step(kind.task), shape=kind.shape)
    model = build(name, wanted, SMALL.get(name, {}))
    if isinstance(model, Players):
        y = jnp.arange(4) % max(kind.outputs, 1)
        return model, model.given(jax.random.key(1), {"x": jnp.asarray(rows, jnp.float32), "y": y})
    return model, jnp.asarray(rows, jnp.float32)


def kin(name):
    """The private module that a model shares with its kin, or the model's own name."""
    text = (_catalogue._FOLDER / f"{name}.py").read_text(encoding="utf-8")
    shared = re.search(r"^from \.(_\w+) import", text, re.MULTILINE)
    return shared[1] if shared else name


# The shortest name stands for its kin: as a rule it is the plainest model.
FIRST = {kin(name): name for name in sorted(zoo.list_models(), key=len, reverse=True)}
CHEAP = {"params_and_state_are_nested_dicts_of_arrays", "inference_leaves_state_alone"}


def laws():
    """Every law for one model of each kin, for the others all but the dear ones, which their layers hold as well.

    Those that are not cheap are marked expensive for the others, and so are the dear ones.
    """
    for name in zoo.list_models():
        first = FIRST[kin(name)] == name
        for law in [law for law in LAWS if first or law not in DEAR]:
            dear = law in DEAR or (law not in CHEAP and not first)
            yield pytest.param(name, law, marks=pytest.mark.expensive if dear else ())


@pytest.mark.usefixtures("quick_compiler")
@pytest.mark.parametrize(("name", "law"), laws())
def test_every_model_satisfies_every_law(name, law, key):
    LAWS[law](*model_and_input(name), key)


@pytest.mark.parametrize("name", zoo.list_models())
def test_every_model_computes_for_a_number_of_examples_that_is_not_known_as_an_export_needs(name, key):
    model, x = model_and_input(name)
    params, state = jax.eval_shape(model.init, key, x)
    (many,) = jax.export.symbolic_shape("many")
    y = jax.eval_shape(model.apply, params, state, jax.ShapeDtypeStruct((many, *x.shape[1:]), x.dtype))[0]
    assert jax.tree.leaves(y)[0].shape[0] == many


@pytest.mark.parametrize("name", zoo.list_models())
def test_every_model_has_a_card_and_a_recipe(name):
    card = _catalogue.card(name)
    for line in ("Paper: ", "Command: python -m zoo.train --model " + name, "Expect: "):
        assert line in card.text
    assert card.title.endswith(".")
    assert all(option.help for option in card.options), "every option needs a line below Args:"
    recipes = book(name).recipes
    assert recipes[0].expect is not None, "the first recipe says what to expect"
    for recipe in recipes:
        assert recipe.model == name
        assert set(recipe.m) <= {option.name for option in card.options}


@pytest.mark.parametrize("name", zoo.list_models())
def test_every_model_is_drawn_with_the_sizes_of_its_parameters(name, key):
    columns = columns_of(name, SMALL.get(name, {}), book(name).recipes[0].dataset)
    model, x = model_and_input(name)
    trees = jax.eval_shape(model.init, key, x)
    there = {size for leaf in jax.tree.leaves(trees) for size in leaf.shape}
    rings = [column.groups for column in columns if column.groups[0][0].form == "ring"]
    shown = [column.groups[:-1] if column.aside else column.groups for column in columns]  # a memory is no parameter
    named = [pair for groups in shown for pair in groups if pair[0].form != "ring" and pair[0].size != "features"]
    drawn = {count for group, count in named if group.size}
    drawn |= {sum(count for _, count in groups) for groups in rings if None not in dict(groups).values()}
    assert drawn - {1, None} <= there


def test_the_models_listed_for_editors_exist():
    text = (_catalogue._FOLDER / "__init__.py").read_text(encoding="utf-8")
    listed = re.findall(r"^    from \.(\w+) import (\w+) as (\w+)$", text, re.MULTILINE)
    assert listed
    for names in listed:
        assert len(set(names)) == 1
    assert {name for name, *_ in listed} <= set(zoo.list_models())


def test_models_are_listed_by_pattern():
    assert zoo.list_models("*net") == ["resnet"]
    assert zoo.list_models("bi*") == ["bigru", "bilstm", "birnn"]
    assert zoo.list_models("percep") == ["perceptron"]
    assert zoo.list_models("nothing like it") == []


def test_an_unknown_model_raises_an_error_with_the_closest_name():
    with pytest.raises(ValueError, match="did you mean resnet"):
        zoo.create("resnt", 10)


IMPORTS = """
import sys
for line in (
    "from zoo import cnn",
    "import zoo.cnn; from zoo import cnn",
    "from zoo.cnn import cnn as other; from zoo import cnn; assert cnn is other",
    "import zoo; cnn = zoo.cnn",
):
    names = {}
    exec(line, names)
    assert names["cnn"](10).init and callable(names["cnn"]), line
    for module in [name for name in sys.modules if name.split(".")[0] == "zoo"]:
        del sys.modules[module]
"""


def test_a_model_is_a_function_however_it_is_imported():
    subprocess.run([sys.executable, "-c", IMPORTS], check=True)


def test_importing_the_zoo_imports_nothing_else():
    code = "import sys, zoo; assert not {'jax', 'optax', 'matplotlib', 'sklearn', 'rich'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def parameters(model, x):
    shapes = jax.eval_shape(model.init, jax.random.key(0), x)
    return sum(leaf.size for leaf in jax.tree.leaves(shapes[0]))


@pytest.mark.parametrize(
    ("depth", "millions"),
    [
        (20, 0.27),
        *(pytest.param(*row, marks=pytest.mark.expensive) for row in ((32, 0.46), (44, 0.66), (56, 0.85), (110, 1.7))),
    ],
)
def test_residual_networks_have_the_papers_parameters(depth, millions):
    images = jnp.zeros((1, 32, 32, 3))
    assert parameters(zoo.create("resnet", 10, depth=depth), images) / 1e6 == pytest.approx(millions, abs=0.04)


def test_a_residual_network_rejects_a_depth_that_is_not_6n_plus_2():
    with pytest.raises(ValueError, match=r"6n \+ 2.*got 21"):
        zoo.create("resnet", 10, depth=21)


def test_the_network_5_2_h_5_has_10_weights_and_2_biases_in_its_first_layer(key):
    params, _ = zoo.create("mlp", 5, hidden=(2, 3)).init(key, jnp.zeros((1, 5)))
    first = params["body"]["0"]
    assert (first["w"].size, first["b"].size) == (10, 2)


def test_two_inputs_and_three_outputs_make_a_2_by_3_matrix(key):
    params, _ = zoo.create("linear", 3).init(key, jnp.zeros((1, 2)))
    assert params["head"]["w"].shape == (2, 3)


def test_a_flattened_28x28_image_is_784_inputs(key):
    params, _ = jax.eval_shape(zoo.create("logistic", 10).init, key, jnp.zeros((1, 28, 28, 1)))
    assert params["head"]["w"].shape == (784, 10)
