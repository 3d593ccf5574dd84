"""Variational autoencoders against numpy in float64: divergence, decoders, and the exact likelihood of a linear one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import vae
from zoo._latent_prior import mixture
from zoo._likelihoods import bernoulli, gaussian, logistic
from zoo._variational import kl_of, variational
from zoo.layers import computing_in, dense, each_player

pytestmark = pytest.mark.usefixtures("quick_compiler")

RNG = np.random.default_rng(0)
FEATURES, LATENTS, STD = 5, 2, 0.7


def test_the_divergence_agrees_with_a_hundred_thousand_samples_within_a_percent():
    mean, log_variance = np.array([0.8, -1.5, 0.3]), np.array([-1.0, 0.5, -3.0])
    z = mean + np.exp(log_variance / 2) * RNG.normal(size=(100_000, 3))
    posterior = -0.5 * (np.square(z - mean) / np.exp(log_variance) + log_variance)
    sampled = (posterior + 0.5 * np.square(z)).mean(axis=0)  # both densities have the factor 1/sqrt(2 pi)
    found = np.asarray(kl_of(jnp.float32(mean), jnp.float32(log_variance)))
    np.testing.assert_allclose(found, sampled, rtol=0.01)


def test_the_divergence_of_a_posterior_that_hardly_differs_from_the_prior_keeps_its_digits():
    mean, log_variance = 1e-4, 1e-4
    exact = 0.5 * (mean**2 + np.expm1(log_variance) - log_variance)
    assert float(kl_of(jnp.float32(mean), jnp.float32(log_variance))) == pytest.approx(exact, rel=0.01)


def test_the_bernoulli_decoder_is_the_negative_cross_entropy_summed_over_pixels():
    logits, x = RNG.normal(0, 4, (3, 2, 2, 1)), RNG.uniform(size=(3, 2, 2, 1))
    p = 1 / (1 + np.exp(-logits))
    wanted = (x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(bernoulli().log_prob(jnp.float32(logits), jnp.float32(x), None), wanted, rtol=1e-5)


def test_the_gaussian_decoder_is_the_density_of_a_normal_distribution():
    mean, x, width = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4)), -0.4
    std = np.exp(width)
    wanted = (-0.5 * np.square((x - mean) / std) - np.log(std * np.sqrt(2 * np.pi))).sum(axis=1)
    found = gaussian().log_prob(jnp.float32(mean), jnp.float32(x), jnp.float32(width))
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


@pytest.mark.parametrize("width", [-1.0, -2.5, -4.0])
def test_the_logistic_decoder_is_the_mass_between_the_middles_of_the_levels(width):
    levels, means = 17, RNG.uniform(-0.2, 1.2, 20)
    x = np.arange(levels) / (levels - 1)

    def below(edge):
        return 1 / (1 + np.exp(-(edge - means[:, None]) / np.exp(width)))

    edges = (x[:-1] + x[1:]) / 2
    cumulative = np.concatenate([np.zeros((20, 1)), below(edges), np.ones((20, 1))], axis=1)
    wanted = np.diff(cumulative, axis=1)
    given = (np.repeat(means, levels)[:, None], np.tile(x, 20)[:, None])
    found = logistic(levels).log_prob(*map(jnp.float32, given), jnp.float32(width))
    np.testing.assert_allclose(np.exp(np.asarray(found, np.float64)).reshape(20, levels), wanted, rtol=1e-3, atol=1e-6)


def linear(w, prior=None):
    """A linear-Gaussian autoencoder with its parameters, and the exact posterior: x = W z + b + noise."""
    model = variational(dense(2 * LATENTS), dense(FEATURES), LATENTS, gaussian(), prior=prior)
    b, precision = RNG.normal(size=FEATURES), np.eye(LATENTS) + w.T @ w / STD**2
    back = np.linalg.solve(precision, w.T) / STD**2  # (latents, features)
    log_variance = -np.log(np.diag(precision))  # exact where the columns of W are orthogonal
    encoder = {
        "w": np.concatenate([back.T, np.zeros((FEATURES, LATENTS))], axis=1),
        "b": np.concatenate([-back @ b, log_variance]),
    }
    params = {"encoder": encoder, "decoder": {"w": w.T, "b": b}, "spread": {"b": np.full(FEATURES, np.log(STD) / 10)}}
    return model, jax.tree.map(jnp.float32, params), w @ w.T + STD**2 * np.eye(FEATURES), b


def exact(x, covariance, b):
    """Log-density of a normal distribution, float64 (batch,)."""
    centred = x - b
    distance = np.sum(centred * np.linalg.solve(covariance, centred.T).T, axis=1)
    return -0.5 * (distance + np.linalg.slogdet(2 * np.pi * covariance)[1])


def test_with_the_exact_posterior_every_draw_gives_the_exact_likelihood(key):
    w = np.linalg.qr(RNG.normal(size=(FEATURES, LATENTS)))[0] * [2.0, 0.5]
    model, params, covariance, b = linear(w)
    x = RNG.multivariate_normal(b, covariance, 40)
    found = model.bound(params, {}, jnp.float32(x), key, 1)
    np.testing.assert_allclose(found.weighted, exact(x, covariance, b), rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("seed", range(4))
def test_lower_bound_and_importance_weighted_bound_and_exact_likelihood_are_in_this_order(seed):
    w = np.random.default_rng(seed).normal(size=(FEATURES, LATENTS))  # not orthogonal: the posterior is approximate
    model, params, covariance, b = linear(w)
    params["encoder"]["b"] = params["encoder"]["b"] + 0.3  # and wrong
    x = RNG.multivariate_normal(b, covariance, 2000)
    run = jax.jit(model.bound, static_argnums=4)
    found = {draws: run(params, {}, jnp.float32(x), jax.random.key(seed), draws) for draws in (5, 200)}
    elbo, few, many = (float(np.mean(each)) for each in (found[200].elbo, found[5].weighted, found[200].weighted))
    truth = exact(x, covariance, b).mean()
    assert elbo < few < many < truth + 2e-3
    assert many == pytest.approx(truth, abs=0.2)
    assert truth - elbo > 0.05


def learned_prior():
    """A mixture of two components of the latents: means, variances, weights and parameters, float64."""
    means, variances, weights = np.array([[-1.0, 0.5], [1.5, 0.0]]), np.array([[0.5, 1.2], [0.3, 0.6]]), [0.3, 0.7]
    params = {"mean": means.ravel(), "log_variance": np.log(variances).ravel(), "logit": np.log(weights) + 4}
    return means, variances, weights, jax.tree.map(jnp.float32, params)


def test_the_density_of_a_mixture_is_that_of_its_components_and_its_parts_add_up_to_it():
    means, variances, weights, params = learned_prior()
    z = RNG.normal(size=(50, LATENTS)) * 2
    each, choice = mixture(LATENTS, 2).log_prob(params, jnp.float32(z))
    density = sum(w * np.exp(exact(z, np.diag(v), m)) for m, v, w in zip(means, variances, weights, strict=True))
    np.testing.assert_allclose(np.sum(each, axis=1) + choice, np.log(density), rtol=1e-4, atol=1e-4)
    assert np.all(np.asarray(choice) <= 1e-6)  # minus a divergence


def test_samples_of_a_mixture_have_its_mean_and_its_standard_deviations(key):
    means, variances, weights, params = learned_prior()
    prior = mixture(LATENTS, 2)
    z = np.asarray(prior.sample(params, key, 100_000))
    mean = np.average(means, axis=0, weights=weights)
    std = np.sqrt(np.average(variances + np.square(means - mean), axis=0, weights=weights))
    np.testing.assert_allclose(z.mean(axis=0), mean, atol=0.02)
    np.testing.assert_allclose(z.std(axis=0), std, rtol=0.01)
    for found, wanted in zip(prior.moments(params), (mean, std), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_bounds_with_a_learned_prior_are_in_order_below_the_exact_likelihood(key):
    w = RNG.normal(size=(FEATURES, LATENTS))
    means, variances, weights, learned = learned_prior()
    model, params, _, b = linear(w, mixture(LATENTS, 2))
    noise = STD**2 * np.eye(FEATURES)
    parts = [(b + w @ m, w @ np.diag(v) @ w.T + noise) for m, v in zip(means, variances, strict=True)]
    x = np.concatenate([RNG.multivariate_normal(*part, 1000) for part in parts])
    truth = np.log(sum(p * np.exp(exact(x, s, m)) for (m, s), p in zip(parts, weights, strict=True))).mean()
    found = jax.jit(model.bound, static_argnums=4)(params | {"prior": learned}, {}, jnp.float32(x), key, 500)
    assert np.mean(found.elbo) < np.mean(found.weighted) < truth + 5e-3
    assert np.mean(found.weighted) == pytest.approx(truth, abs=0.1)
    np.testing.assert_allclose(found.divergence, np.sum(found.kl, axis=1) + found.choice, rtol=1e-5)


def test_a_mixture_of_one_standard_normal_has_the_divergence_in_closed_form(key):
    w = RNG.normal(size=(FEATURES, LATENTS))
    model, params, _, _ = linear(w, mixture(LATENTS, 1))
    plain, x = linear(w)[0], jnp.float32(RNG.normal(size=(20, FEATURES)))
    params["prior"] = {"mean": jnp.zeros(LATENTS), "log_variance": jnp.zeros(LATENTS), "logit": jnp.zeros(1)}
    found = jax.jit(model.bound, static_argnums=4)(params, {}, x, key, 4000)
    np.testing.assert_allclose(found.kl, plain.bound(params, {}, x).kl, atol=0.1, rtol=0.05)
    np.testing.assert_allclose(found.choice, 0, atol=1e-6)


def test_the_prior_is_learned_where_it_has_several_components(key):
    x = jnp.zeros((1, 4))
    params, state = vae((4,), latent=2, hidden=(3,), components=3).init(key, x)
    assert jax.tree.map(jnp.shape, params["prior"]) == {"mean": (6,), "log_variance": (6,), "logit": (3,)}
    assert "prior" not in vae((4,), latent=2, hidden=(3,)).init(key, x)[0]
    model = vae((4,), latent=2, hidden=(3,), components=3)
    gradient = jax.grad(lambda params: model.bound(params, state, x, key, 1).elbo.sum())(params)
    assert all(float(jnp.abs(leaf).max()) > 0 for leaf in jax.tree.leaves(gradient["prior"]))


def test_without_a_key_no_example_depends_on_another_and_every_call_gives_the_same():
    model = vae((4,), latent=2, hidden=(3,), binarise="random")
    x = jnp.asarray(RNG.uniform(size=(3, 4)), jnp.float32)
    params, state = model.init(jax.random.key(0), x)
    score = jax.jit(model.log_prob)
    together, alone = score(params, state, x), score(params, state, jnp.tile(x[1:2], (3, 1)))
    np.testing.assert_allclose(together[1], alone[1], rtol=1e-5)
    np.testing.assert_array_equal(together, score(params, state, x))


def test_samples_are_the_decoder_at_latents_of_the_prior(key):
    model = vae((4,), latent=2, hidden=(3,))
    params, state = model.init(key, jnp.zeros((1, 4)))
    z = jax.random.normal(key, (6, 2))
    hidden = np.maximum(z @ params["decoder"]["0"]["w"] + params["decoder"]["0"]["b"], 0)
    logits = hidden @ params["decoder"]["out"]["0"]["w"] + params["decoder"]["out"]["0"]["b"]
    np.testing.assert_allclose(model.sample(params, state, key, 6), 1 / (1 + np.exp(-logits)), rtol=1e-4)


def test_half_precision_reaches_the_capabilities_and_their_sums_stay_in_float32(key):
    model = vae((8,), latent=2, hidden=(16,))
    half, x = each_player(lambda layer: computing_in(jnp.bfloat16, layer), model), jnp.full((2, 8), 0.3)
    params, state = model.init(key, x)
    found, wanted = (jax.jit(each.bound, static_argnums=4)(params, state, x, key, 1) for each in (half, model))
    assert found.elbo.dtype == jnp.float32
    assert not np.array_equal(found.elbo, wanted.elbo)
    np.testing.assert_allclose(found.elbo, wanted.elbo, rtol=0.05)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"latent": 0}, "latent"),
        ({"components": 0}, "components"),
        ({"levels": 1, "decoder": "logistic"}, "--m.levels"),
        ({"binarise": "random", "decoder": "gaussian"}, "--m.binarise"),
        ({"filters": (4, 4, 4, 4)}, "4 stages"),
    ],
)
def test_autoencoders_that_cannot_be_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        vae((8, 8, 1), **options)


@pytest.mark.parametrize("kind", ["bernoulli", "gaussian", "logistic"])
def test_independent_features_have_the_likelihood_of_their_shares_in_the_training_examples(kind):
    train, x = (RNG.integers(0, 5, (count, 3)) / 4 for count in (200, 6))
    if kind == "bernoulli":
        share = (train.sum(axis=0) + 1) / 202
        wanted = x * np.log(share) + (1 - x) * np.log(1 - share)
    elif kind == "gaussian":
        mean, std = train.mean(axis=0), train.std(axis=0)
        wanted = -0.5 * np.square((x - mean) / std) - np.log(std * np.sqrt(2 * np.pi))
    else:
        counts = np.stack([(train == level / 4).sum(axis=0) for level in range(5)]) + 0.2
        wanted = np.log(counts / counts.sum(axis=0))[np.rint(4 * x).astype(int), np.arange(3)]
    likelihood = {"bernoulli": bernoulli, "gaussian": gaussian, "logistic": lambda: logistic(5)}[kind]()
    found = likelihood.independent(jnp.float32(train), jnp.float32(x))
    np.testing.assert_allclose(found, wanted.sum(axis=1), rtol=1e-4)
