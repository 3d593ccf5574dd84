"""The Frechet distance against closed forms."""

import numpy as np
import pytest

from zoo.train.metrics.frechet import covariance, frechet, moments

RNG = np.random.default_rng(0)


def spread(features, rank=None):
    a = RNG.normal(size=(features, rank or features))
    return a @ a.T


def test_one_dimension_equals_the_closed_form():
    """In one dimension it is `(m1 - m2)^2 + (s1 - s2)^2`."""
    assert frechet(np.array([1.0]), np.array([[9.0]]), np.array([5.0]), np.array([[4.0]])) == pytest.approx(16 + 1)


def test_commuting_covariances_equal_the_closed_form():
    """It is the distance of the means plus that of the roots: `|m1 - m2|^2 + |C1^(1/2) - C2^(1/2)|^2`."""
    turn = np.linalg.qr(RNG.normal(size=(5, 5)))[0]
    a, b = RNG.uniform(0, 4, 5), RNG.uniform(0, 4, 5)
    mean, other = RNG.normal(size=(2, 5))
    want = np.sum((mean - other) ** 2) + np.sum((np.sqrt(a) - np.sqrt(b)) ** 2)
    assert frechet(mean, turn * a @ turn.T, other, turn * b @ turn.T) == pytest.approx(want, rel=1e-10)


def test_other_covariances_equal_the_eigenvalues_of_their_product():
    a, b = spread(6), spread(6)
    roots = np.sqrt(np.linalg.eigvals(a @ b).real).sum()
    want = np.trace(a) + np.trace(b) - 2 * roots
    assert frechet(np.zeros(6), a, np.zeros(6), b) == pytest.approx(want, rel=1e-9)


def test_it_is_zero_for_equal_sets_and_symmetric_without_full_rank():
    a, b = spread(8, 3), spread(8, 5)
    mean, other = RNG.normal(size=(2, 8))
    assert frechet(mean, a, mean, a) == pytest.approx(0, abs=1e-6)
    assert frechet(mean, a, other, b) == pytest.approx(frechet(other, b, mean, a), rel=1e-6)


def test_the_distance_to_a_single_point_is_the_trace():
    a, mean = spread(4), RNG.normal(size=4)
    assert frechet(mean, np.zeros((4, 4)), mean, a) == pytest.approx(np.trace(a))


def test_the_covariance_of_means_equals_numpy():
    points = RNG.normal(3, 2, size=(50, 4))
    outer = np.mean(points[:, :, None] * points[:, None, :], axis=0)
    np.testing.assert_allclose(covariance(points.mean(axis=0), outer), np.cov(points.T, bias=True), rtol=1e-9)


def test_moments_far_from_the_origin_keep_the_covariance():
    points = np.round(RNG.normal(size=(500, 3)) * 1024) / 1024
    mean, cov = moments(points + 1e9)
    np.testing.assert_allclose(cov, np.cov(points.T, bias=True), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(mean - 1e9, points.mean(axis=0), atol=1e-6)
