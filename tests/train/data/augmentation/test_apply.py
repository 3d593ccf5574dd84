"""Several changes together, mixed examples and their loss, and the batches of a run."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from zoo import mlp
from zoo.train.config.recipe import Recipe
from zoo.train.data.augmentation.apply import augment, levels_of, mixed
from zoo.train.data.dataset import Split
from zoo.train.data.normalize import fit_scaler
from zoo.train.data.on_disk import DiskArray
from zoo.train.errors import BadInput
from zoo.train.pipeline.batches import from_memory
from zoo.train.pipeline.from_disk import from_disk
from zoo.train.tasks import task_for
from zoo.train.trainer import named_key
from zoo.train.trainers import check_recipe
from zoo.train.trainers._gradient import gradient_trainer

pytestmark = pytest.mark.usefixtures("quick_compiler")
REST = (np.float16, np.float32)
SOME = "rotate+jitter+mixup"
ALL = "flip+shift+crop+rotate+scale+jitter+cutout+mixup"


@pytest.mark.parametrize(
    "text", ["none", "shift+flip", pytest.param("flip+crop+rotate+jitter+cutout", marks=pytest.mark.expensive)]
)
def test_it_is_a_pure_function_of_its_key(text, key):
    x = jax.random.uniform(key, (16, 8, 8, 3)) * 255
    compiled = jax.jit(partial(augment, text))
    once = np.asarray(compiled(key, x))
    np.testing.assert_array_equal(compiled(key, x), once)
    if text != "none":
        assert not np.array_equal(once, compiled(jax.random.key(1), x))
    else:
        assert np.array_equal(once, x)


def test_neighbouring_changes_of_place_sample_the_pixels_once(key):
    x = jnp.zeros((1, 6, 6, 1))
    program = str(jax.make_jaxpr(partial(augment, "crop+rotate+scale"))(key, x))
    alone = str(jax.make_jaxpr(partial(augment, "rotate"))(key, x))
    assert program.count(" gather[") == alone.count(" gather[") > 0


def test_an_added_change_leaves_the_random_numbers_of_those_before_it(key):
    x = np.random.default_rng(0).integers(0, 255, (32, 8, 8, 1)).astype(np.uint8)
    flipped = np.asarray(augment("flip", key, x))
    both = np.asarray(augment("flip+cutout", key, x))
    same = (both == flipped).mean()
    assert 0.9 < same < 1  # but for the holes, of a sixteenth


def test_none_accepts_tables_and_the_others_raise(key):
    x = jnp.ones((4, 3))
    assert augment("none", key, x).shape == (4, 3)
    with pytest.raises(BadInput, match=r"'flip' needs images .* got shape \(4, 3\); set --augment none"):
        augment("flip", key, x)


def test_examples_are_mixed_with_those_before_them_and_keep_the_larger_share(key):
    x = np.random.default_rng(0).normal(size=(500, 2, 2, 1)).astype(np.float32)
    y = np.arange(500)
    batch = {name: np.asarray(each) for name, each in mixed("flip+mixup=1", key, {"x": x, "y": y}).items()}
    share = batch["share"]
    assert 0.5 <= share.min() < 0.55
    assert 0.95 < share.max() <= 1
    assert share.mean() == pytest.approx(0.75, abs=0.02)  # Beta(1, 1) is even
    np.testing.assert_array_equal(batch["other"], np.roll(y, 1))
    np.testing.assert_array_equal(batch["y"], y)
    own = share.astype(np.float64)[:, None, None, None]
    np.testing.assert_allclose(batch["x"], own * x + (1 - own) * np.roll(x, 1, 0), atol=1e-6)
    assert mixed("flip", key, {"x": x, "y": y}).keys() == {"x", "y"}


def test_the_loss_of_mixed_examples_is_the_cross_entropy_of_soft_labels(key):
    x = jax.random.normal(key, (6, 4))
    batch = {"x": x, "y": jnp.array([0, 1, 2, 0, 1, 2]), "other": jnp.array([2, 0, 1, 2, 0, 1])}
    batch |= {"share": jnp.array([1.0, 0.9, 0.5, 0.7, 0.6, 0.8])}
    sgd = optax.with_extra_args_support(optax.sgd(0.1))
    trainer = gradient_trainer(mlp(3, hidden=(5,)), task_for("multiclass", outputs=3), sgd)
    fit = jax.jit(trainer.init)(key, batch)
    logits = np.asarray(jax.jit(mlp(3, hidden=(5,)).apply)(fit["params"], fit["state"], x)[0], np.float64)
    share = np.asarray(batch["share"], np.float64)[:, None]
    labels = share * np.eye(3)[batch["y"]] + (1 - share) * np.eye(3)[batch["other"]]
    logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    _, metrics = jax.jit(trainer.step)(fit, batch, key)
    assert float(metrics["loss"]) == pytest.approx(-(labels * logs).sum(1).mean(), rel=1e-6)


def test_a_trainer_that_cannot_learn_from_mixed_examples_refuses_them():
    check_recipe(Recipe("cnn", "digits", augment="mixup"))
    with pytest.raises(BadInput, match=r"flip\+mixup: the trainer adversarial of dcgan cannot learn from mixed"):
        check_recipe(Recipe("dcgan", "digits", trainer="adversarial", augment="flip+mixup"))


class _Kept(DiskArray):
    """Images that count as on the disk."""

    def __init__(self, array):
        super().__init__(array.shape, array.dtype)
        self._array = array

    def read(self, places):
        return self._array[places]

    def select(self, places):
        return _Kept(self._array[places])


@pytest.mark.parametrize("alpha", [0.2, 1, 3])
def test_shares_of_mixed_examples_are_the_larger_of_a_beta_distribution(key, alpha):
    batch = {"x": jnp.zeros((20_000, 1)), "y": jnp.zeros(20_000)}
    share = np.sort(np.asarray(mixed(f"mixup={alpha}", key, batch)["share"]))
    drawn = np.random.default_rng(0).beta(alpha, alpha, 200_000)
    wanted = np.quantile(np.maximum(drawn, 1 - drawn), (np.arange(20_000) + 0.5) / 20_000)
    np.testing.assert_allclose(share, wanted, atol=0.015)


@pytest.mark.parametrize("dtype", [np.uint8, *(pytest.param(each, marks=pytest.mark.expensive) for each in REST)])
def test_batches_from_memory_and_from_the_disk_are_changed_alike_and_normalised(key, dtype):
    x = np.random.default_rng(0).integers(0, 200, (12, 6, 6, 3)).astype(dtype)
    split, kept = Split(x, np.arange(12)), Split(_Kept(x), np.arange(12))
    scaler = fit_scaler(x, "standard")
    inside, outside = (
        make(each, 4, scaler, None, SOME if dtype == np.uint8 else ALL)
        for make, each in ((from_memory, split), (from_disk, kept))
    )
    step, order = named_key(key, "batch", 1), inside.order(named_key(key, "order", 0))
    one = jax.jit(inside.batch)(inside.arrays, order, 1, step)
    read = outside.reads.batches(key, np.arange(4))(1).batch
    other = jax.jit(outside.batch)(outside.arrays, read, 1, step)
    assert {name: np.asarray(each).tobytes() for name, each in one.items()} == {
        name: np.asarray(each).tobytes() for name, each in other.items()
    }
    assert one["x"].dtype == np.float32
    assert np.abs(np.asarray(one["x"]).mean()) < 1


def test_black_and_white_are_those_of_the_training_images_on_the_scale_of_the_batches():
    x = np.random.default_rng(0).integers(3, 17, (5, 4, 4, 1)).astype(np.uint8)
    x[0, 0, 0], x[0, 0, 1] = 3, 16
    assert [each.tolist() for each in levels_of("jitter", x, fit_scaler(x, "unit"))] == [[3], [16]]
    wide = x.astype(np.float64)
    black, white = levels_of("flip+jitter", wide, fit_scaler(wide, "unit"))
    np.testing.assert_allclose([black[0], white[0]], [0, 1], atol=1e-6)
    assert levels_of("flip", x, None) is None
