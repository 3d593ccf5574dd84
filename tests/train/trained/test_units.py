"""What excites a unit: the projection by hand, the places of the maxima, and the images with the largest activation."""

import jax.numpy as jnp
import numpy as np
import pytest

from zoo import load
from zoo.layers import conv, dense, flatten, max_pool, relu, serial
from zoo.train.errors import BadInput
from zoo.train.trained.units import _programs, excited, layer_paths

pytestmark = pytest.mark.usefixtures("quick_compiler")

RNG = np.random.default_rng(0)


def test_the_positive_part_of_the_signal_passes_a_rectifier_whatever_its_activation(key):
    model = serial(flatten, first=dense(5), act=relu, second=dense(3))
    x = jnp.asarray(RNG.normal(size=(4, 2, 2, 1)), jnp.float32)
    params, state = model.init(key, x)
    _, project = _programs(model, "second")
    w1, w2 = (np.asarray(params[name]["w"], np.float64) for name in ("first", "second"))
    wanted = w1 @ np.maximum(w2[:, 1], 0)  # the same for every image
    np.testing.assert_allclose(project(params, state, x, 1).reshape(4, 4), np.tile(wanted, (4, 1)), rtol=1e-5)


def test_max_pooling_passes_the_signal_to_the_places_of_the_maxima(key):
    model = serial(pool=max_pool(2), maps=conv(2, 1, bias=False))
    x = jnp.zeros((1, 4, 4, 1)).at[0, 1, 2, 0].set(5.0).at[0, 3, 0, 0].set(2.0)
    params, state = model.init(key, x)
    params = {"maps": {"w": jnp.array([[[[2.0, -1.0]]]])}}
    largest, project = _programs(model, "maps")
    assert largest(params, state, x, 0).tolist() == [10.0]
    found = np.asarray(project(params, state, x, 0))[0, :, :, 0]
    wanted = np.zeros((4, 4))
    wanted[1, 2] = 2  # the largest activation alone passes back
    np.testing.assert_array_equal(found, wanted)


@pytest.fixture(scope="module")
def trained():
    return load("cnn-digits")


def test_the_images_with_the_largest_activations_come_first(trained):
    x = RNG.integers(0, 17, (150, 8, 8, 1)).astype(np.uint8)
    found = excited(trained, x, "hidden/1", 7, 5)
    hidden, _ = _programs(trained.model, "hidden/1")
    every = np.asarray(hidden(trained.params, trained.state, trained.scaler.apply(x), 7))
    np.testing.assert_array_equal(found.rows, np.argsort(-every)[:5])
    np.testing.assert_allclose(found.activations, np.sort(every)[::-1][:5], rtol=1e-5)
    np.testing.assert_array_equal(found.images, x[found.rows])
    assert found.units == 128


def test_layers_are_named_as_their_parameters_in_the_order_of_the_model(trained):
    paths = [path for path, _ in layer_paths(trained.model, trained.params, trained.state, jnp.zeros((1, 8, 8, 1)))]
    assert paths.index("stage0/0") < paths.index("stage0") < paths.index("stage1/0") < paths.index("head")


@pytest.mark.parametrize(("path", "unit", "words"), [("stag1", 0, "did you mean stage1"), ("head", 10, "from 0 to 9")])
def test_a_layer_or_unit_that_does_not_exist_is_refused(trained, path, unit, words):
    with pytest.raises(BadInput, match=words):
        excited(trained, np.zeros((2, 8, 8, 1)), path, unit, 1)
