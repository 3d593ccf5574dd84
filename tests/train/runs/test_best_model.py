"""The best evaluation is saved, and patience ends a run that does not improve."""

import pytest

from zoo.train.errors import BadInput
from zoo.train.runs.best_model import BestModel


@pytest.mark.parametrize(("higher", "values", "best"), [(True, [1, 3, 2], 3), (False, [3, 1, 2], 1)])
def test_the_best_row_is_kept_and_saved(higher, values, best):
    saved = []
    callback = BestModel("val", "score", higher, None, lambda fit, row: saved.append(row["score"]))
    for epoch, value in enumerate(values):
        assert not callback.on_metrics({"split": "val", "epoch": epoch, "score": value}, {})
        callback.on_metrics({"split": "test", "epoch": epoch, "score": 99}, {})
    assert callback.best["score"] == best
    assert saved[-1] == best


def test_patience_ends_a_run_that_does_not_improve():
    callback = BestModel("val", "score", True, 2, lambda fit, row: None)
    ends = [callback.on_metrics({"split": "val", "epoch": e, "score": s}, {}) for e, s in enumerate([1, 2, 2, 1])]
    assert ends == [False, False, False, True]


def test_a_score_that_is_not_a_number_is_never_the_best():
    callback = BestModel("val", "score", True, None, lambda fit, row: None)
    callback.on_metrics({"split": "val", "epoch": 0, "score": float("nan")}, {})
    callback.on_metrics({"split": "val", "epoch": 1, "score": 1.0, "loss": float("nan")}, {})
    assert callback.best is None


def test_an_unknown_metric_is_refused_with_those_there_are():
    callback = BestModel("val", "auc", True, None, lambda fit, row: None)
    with pytest.raises(BadInput, match="--best auc is not measured here; there are score"):
        callback.on_metrics({"split": "val", "epoch": 0, "score": 1.0}, {})
