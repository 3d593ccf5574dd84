"""Dates as people write them, and the same in the form of ISO 8601: sequences of characters to be written anew."""

from typing import Annotated

from ...option_types import Bounds, Seed
from ..dataset import Dataset, Place, Source, Split
from ..vocabulary import characters_of

__all__ = ["SOURCES", "dates"]

_TEST = 1000
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_FORMS = (
    "{d} {month} {y}", "{d:02d} {month} {y}", "{month} {d}, {y}", "{d} {mon} {y}", "{mon} {d}, {y}", "{d}.{m}.{y}",
    "{d:02d}.{m:02d}.{y}", "{y}/{m:02d}/{d:02d}",
)  # fmt: skip
_WRITTEN = tuple("0123456789-")
_LONGEST = len("September 30, 2024")
_FIRST, _YEARS = 1900, 200


def dates(place: Place, *, examples: Annotated[int, Bounds(10, 500_000)] = 10_000, seed: Seed = 0) -> Dataset:
    """Generates dates from 1900 to 2099 in eight forms, tokens (N, 18) int32, and the characters of "2024-03-03".

    The forms are those of "3 March 2024", "03 March 2024", "March 3, 2024", "3 Mar 2024", "Mar 3, 2024", "3.3.2024",
    "03.03.2024" and "2024/03/03". No day is both in the training and in the test split.

    Args:
        place: not used; the dates are generated.
        examples: number of training dates; the test split has 1,000.
        seed: seed of the dates.
    """
    import datetime

    import numpy as np

    rng, first = np.random.default_rng(seed), datetime.date(_FIRST, 1, 1)
    days = rng.permutation((datetime.date(_FIRST + _YEARS, 1, 1) - first).days)
    held = max(1, len(days) * _TEST // (examples + _TEST))
    chosen = np.concatenate([rng.choice(days[held:], examples), rng.choice(days[:held], _TEST)])
    forms = rng.integers(0, len(_FORMS), len(chosen))
    written = [first + datetime.timedelta(int(day)) for day in chosen]
    texts = [_text(day, _FORMS[form]) for day, form in zip(written, forms, strict=True)]
    vocabulary = characters_of("".join(_MONTHS) + "0123456789 ,./")
    lengths = np.array([len(text) for text in texts], np.int32)
    x = np.zeros((len(texts), _LONGEST), np.int32)
    for row, text in enumerate(texts):
        x[row, : len(text)] = vocabulary.encode(text)
    y = np.array([[_WRITTEN.index(each) for each in day.isoformat()] for day in written], np.int32)
    train, test = (Split(x[rows], y[rows], lengths[rows]) for rows in (slice(examples), slice(examples, None)))
    return Dataset("dates", "seq2seq", train, test, _WRITTEN, vocabulary=vocabulary.tokens)


def _text(day, form: str) -> str:
    month = _MONTHS[day.month - 1]
    return form.format(d=day.day, m=day.month, y=day.year, month=month, mon=month[:3])


SOURCES = (
    Source("dates", "dates in eight forms, to be written as in ISO 8601: 3 March 2024 is 2024-03-03", "sequence",
           "seq2seq", (18,), 11, dates),
)  # fmt: skip
