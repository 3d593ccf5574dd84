"""The text of `--augment`: names, strengths, and errors that say what would do."""

import pytest

from zoo.train.data.augmentation.plan import CHANGES, parse_augment
from zoo.train.errors import BadInput


def test_every_change_has_a_default_strength_within_its_bounds():
    plan = parse_augment("+".join(CHANGES))
    assert [each.name for each in plan] == list(CHANGES)
    for name, strength in plan:
        known = CHANGES[name]
        assert strength == (0 if known is None else known.default)
        assert known is None or strength in known.bounds


def test_a_strength_may_follow_its_name():
    assert [tuple(each) for each in parse_augment("rotate=30 + mixup=1")] == [("rotate", 30), ("mixup", 1)]
    assert parse_augment("none") == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mirror", r"--augment 'mirror' is not known .*choose from none, flip, shift"),
        ("flip+rotat", "--augment 'rotat' is not known; did you mean rotate"),
        ("flip+none", "--augment 'none' is not known"),
        ("", "--augment '' is not known"),
        ("flip=2", "--augment flip=2: flip has no strength, got '2'"),
        ("rotate=200", r"rotate, the largest angle in degrees, must be a number above 0 and at most 180, got '200'"),
        ("rotate=far", "must be a number above 0 and at most 180, got 'far'"),
        ("cutout=nan", "cutout, the share of the side, must be"),
        ("flip+flip", "flip is there twice"),
    ],
)
def test_an_unusable_text_is_refused_with_what_is_accepted(text, message):
    with pytest.raises(BadInput, match=message):
        parse_augment(text)
