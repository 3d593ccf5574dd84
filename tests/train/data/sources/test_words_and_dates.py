"""Words to be reversed and sorted, and dates: targets by their definitions, and unseen tests."""

import datetime

import numpy as np
import pytest

from zoo.train.data.dataset import load_data
from zoo.train.errors import BadInput

FEW = {"examples": 200}


def texts(data, split):
    return [
        (
            "".join(data.vocabulary[token] for token in x[:length]),
            "".join(data.classes[token] for token in y if token >= 0),
        )
        for x, y, length in zip(*split[:3], strict=True)
    ]


@pytest.mark.parametrize(
    ("name", "order"), [("reverse", lambda word: word[::-1]), ("sort", lambda word: "".join(sorted(word)))]
)
def test_words_are_tagged_with_themselves_in_another_order(name, order):
    data = load_data(name, options={**FEW, "longest": 6, "letters": 7})
    train, test = texts(data, data.train), texts(data, data.test)
    assert (len(train), len(test)) == (200, 1000)
    assert all(order(word) == written for word, written in (*train, *test))
    assert {len(word) for word, _ in test} == set(range(2, 7)) | ({1} if any(len(w) == 1 for w, _ in test) else set())
    assert not {word for word, _ in train} & {word for word, _ in test}
    assert np.all((data.train.y >= 0) == (np.arange(6) < data.train.lengths[:, None]))


def test_too_few_different_words_are_refused():
    with pytest.raises(BadInput, match="sort: there are not 1,200 different words of at most 4 of 2 letters"):
        load_data("sort", options={**FEW, "longest": 4, "letters": 2})


def test_dates_are_those_of_the_calendar_in_every_form_and_no_day_is_in_both_splits():
    data = load_data("dates", options=FEW)
    forms = ("%d %B %Y", "%B %d, %Y", "%d %b %Y", "%b %d, %Y", "%d.%m.%Y", "%Y/%m/%d")
    days, used = [], set()
    for split in (data.train, data.test):
        for text, written in texts(data, split):
            read = {form: day for form in forms if (day := parsed(text, form))}
            assert {day.isoformat() for day in read.values()} == {written}
            used |= set(read)
        days.append({written for _, written in texts(data, split)})
    assert used == set(forms)
    assert not days[0] & days[1]


def parsed(text, form):
    try:
        return datetime.datetime.strptime(text, form).date()
    except ValueError:
        return None


@pytest.mark.parametrize("name", ["reverse", "sort", "dates"])
def test_the_seed_defines_the_data(name):
    one, same, other = (load_data(name, options={**FEW, "seed": seed}) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.train.x, same.train.x)
    assert np.any(one.train.x != other.train.x)
