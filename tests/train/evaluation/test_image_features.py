"""The score of generated images and its features, against numpy."""

import jax.numpy as jnp
import numpy as np
import pytest

from tests.train.reporting.bars import bars
from zoo.train.data.normalize import fit_scaler
from zoo.train.evaluation import classifier as room
from zoo.train.evaluation.classifier import image_classifier, image_features
from zoo.train.evaluation.image_features import image_score, raw_images
from zoo.train.metrics.frechet import frechet

pytestmark = pytest.mark.usefixtures("quick_compiler")

DATA = bars()
SCALER = fit_scaler(DATA.train.x, "symmetric")
REAL, Y = SCALER.apply(DATA.test.x), jnp.asarray(DATA.test.y)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "user_cache", lambda: folder)
        yield


@pytest.fixture(scope="module")
def classifier():
    return image_classifier(DATA)


@pytest.fixture(scope="module")
def features(classifier):
    return image_features(classifier, DATA.train.x)


def judged(made, batches=1, weight=None, real=REAL, y=Y):
    judge = image_score(DATA, SCALER, conditional=True)
    weight = np.ones(len(real), np.float32) if weight is None else weight
    parts = np.array_split(np.arange(len(real)), batches)
    sums = [
        judge.score(made[part], None, {"x": real[part], "y": y[part], "weight": jnp.asarray(weight[part])})
        for part in parts
    ]
    totals = {name: [sum(np.asarray(each[name][i], np.float64) for each in sums) for i in (0, 1)] for name in sums[0]}
    return judge.finish({name: total / weight for name, (total, weight) in totals.items()})


def test_features_are_what_the_last_layer_reads(classifier, features):
    """So that the logits are an affine function of them, and the probabilities those of the model itself."""
    seen, said = features.of(DATA.test.x)
    np.testing.assert_allclose(said, classifier.probabilities(DATA.test.x), rtol=1e-4, atol=1e-6)
    logits = classifier.outputs(DATA.test.x).astype(np.float64)
    rows = np.c_[seen, np.ones(len(seen))].astype(np.float64)
    assert np.abs(rows @ np.linalg.lstsq(rows, logits, rcond=None)[0] - logits).max() < 1e-3
    assert seen.shape == (120, 64)


def test_features_of_the_images_that_set_the_scale_have_mean_0_and_variances_that_add_up_to_1(features):
    seen, _ = features.of(DATA.train.x)
    np.testing.assert_allclose(seen.mean(axis=0), 0, atol=1e-5)
    assert seen.var(axis=0).sum() == pytest.approx(1, rel=1e-4)


def test_scores_of_batches_are_those_of_the_whole_by_numpy(features):
    made = REAL[::-1] * 0.6 + 0.1
    told = judged(made, batches=3)
    (ours, said), (real, _) = features.of(np.asarray(SCALER.invert(made))), features.of(DATA.test.x)
    moments = [(each.mean(axis=0), np.cov(each.T.astype(np.float64), bias=True)) for each in (ours, real)]
    assert told["frechet"] == pytest.approx(frechet(*moments[0], *moments[1]), rel=1e-3)
    divergence = np.sum(said * (np.log(said) - np.log(said.mean(axis=0))), axis=1)
    assert told["classifier_score"] == pytest.approx(np.exp(divergence.mean()), rel=1e-3)
    assert told["agreement"] == pytest.approx(np.mean(said.argmax(axis=1) == DATA.test.y), abs=1e-6)


def test_real_images_are_at_no_distance_from_themselves_and_noise_is_far(key):
    same = judged(REAL)
    assert same["frechet"] == pytest.approx(0, abs=1e-4)
    assert same["agreement"] > 0.9
    assert 3 < same["classifier_score"] <= 4
    noise = judged(jnp.asarray(np.random.default_rng(0).uniform(-1, 1, REAL.shape), jnp.float32))
    assert noise["frechet"] > 0.2


def test_images_that_are_all_alike_have_a_classifier_score_of_1():
    assert judged(jnp.broadcast_to(REAL[:1], REAL.shape))["classifier_score"] == pytest.approx(1, abs=1e-3)


def test_padding_does_not_count():
    weight = np.ones(len(REAL), np.float32)
    weight[100:] = 0
    spoiled = jnp.asarray(REAL).at[100:].set(jnp.nan)
    told = judged(spoiled, weight=weight)
    want = judged(REAL[:100], real=REAL[:100], y=Y[:100])
    assert told == pytest.approx(want, rel=1e-3, abs=1e-5)


def test_pixels_are_clipped_to_the_range_of_the_data():
    raw = raw_images(DATA, SCALER)(jnp.array([[[[-3.0]], [[3.0]]]]))
    assert raw.ravel().tolist() == [DATA.train.x.min(), DATA.train.x.max()]


def test_agreement_is_reported_for_conditional_generators_only():
    judge = image_score(DATA, SCALER, conditional=False)
    assert "agreement" not in judge.score(REAL, None, {"x": REAL, "y": Y, "weight": jnp.ones(len(REAL))})
    assert (judge.headline, judge.higher_is_better) == ("frechet", False)
