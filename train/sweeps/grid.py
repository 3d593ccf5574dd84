"""Which settings a sweep tries: every combination of the values that were given, or some drawn by chance.

Values are separated by commas: `--lr 1e-3,1e-2`. Where a value is itself a list, `x` stands between its parts:
`--m.hidden 16,128x64` is two networks. `low..high` is a range to draw from. Needs neither jax nor numpy.
"""

import math
import random
import zlib
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple, get_origin

from ..config.schema import Option
from ..errors import BadInput
from ..option_types import parse, strip_optional

__all__ = ["Range", "folder_name", "format_value", "grid", "in_words", "parse_values", "random_search"]

_BOOLEANS = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}
_DIGITS = 3  # of a number drawn from a range: more would not tell settings apart, and fewer can be read
_TRIES = 100  # draws for each setting wanted, before all different ones are taken to be found


class Range(NamedTuple):
    """Numbers from `low` to `high`, drawn evenly on a log scale if both are above 0, else evenly.

    >>> Range(1e-4, 1e-1, False).draw(random.Random(0))
    0.0341
    """

    low: float
    high: float
    whole: bool

    def draw(self, chance: random.Random) -> float:
        """One of them, of three digits."""
        if self.low > 0:
            value = math.exp(chance.uniform(math.log(self.low), math.log(self.high)))
        else:
            value = chance.uniform(self.low, self.high)
        value = min(max(float(f"{value:.{_DIGITS}g}"), self.low), self.high)
        return round(value) if self.whole else value


def parse_values(flag: Option, text: str) -> tuple[Any, ...]:
    """The values that a word gives to a flag, a range among them.

    Raises:
        BadInput: naming the flag and what it takes.

    >>> hidden = Option("m.hidden", tuple[int, ...], (128,), "", "")
    >>> parse_values(hidden, "16,128x64,none")
    ((16,), (128, 64), ())
    """
    found = tuple(_value(flag, part.strip()) for part in text.split(","))
    twice = next((value for i, value in enumerate(found) if value in found[:i]), None)
    if twice is not None:
        raise BadInput(f"{flag.flag} {text}: {format_value(twice)} stands there twice")
    return found


def format_value(value: Any) -> str:
    """A value as one would type it in a sweep.

    >>> format_value((128, 64)), format_value(()), format_value(None), format_value(0.001)
    ('128x64', 'none', 'none', '0.001')
    """
    if isinstance(value, Range):
        return f"{value.low:g}..{value.high:g}"
    if isinstance(value, tuple | list):
        return "x".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def in_words(given: Mapping[str, Any]) -> str:
    """A setting in one line.

    >>> in_words({"lr": 0.01, "m.hidden": (128, 64)})
    'lr 0.01, m.hidden 128x64'
    """
    return ", ".join(f"{name} {format_value(value)}" for name, value in given.items()) or "the recipe as it is"


def grid(values: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Every combination, the last flag's values changing fastest.

    Raises:
        BadInput: if there is a range among the values: it has no list of its numbers.

    >>> grid({"lr": [0.1, 0.2], "opt": ["sgd", "adam"]})[1]
    {'lr': 0.1, 'opt': 'adam'}
    """
    for name, some in values.items():
        for each in some:
            if isinstance(each, Range):
                flag = f"--{name.replace('_', '-')} {format_value(each)}"
                raise BadInput(f"{flag} is a range to draw from: give --random N as well")
    return [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]


def random_search(values: Mapping[str, Sequence[Any]], count: int, seed: int) -> list[dict[str, Any]]:
    """So many different settings drawn by chance (Bergstra & Bengio 2012), or all if there are not so many.

    Draws depend on seed and values alone: the same words draw the same settings, and more of them begin with those.

    >>> random_search({"lr": [0.1, 0.2]}, 5, seed=0) in ([{"lr": 0.1}, {"lr": 0.2}], [{"lr": 0.2}, {"lr": 0.1}])
    True
    """
    chance, found = random.Random(seed), []
    for _ in range(_TRIES * count):
        given = {}
        for name, some in values.items():
            value = chance.choice(some)
            given[name] = value.draw(chance) if isinstance(value, Range) else value
        if given not in found:
            found.append(given)
        if len(found) == count:
            break
    return found


def folder_name(given: Mapping[str, Any], identity: str) -> str:
    """A folder's name that tells a setting to people, with a sum at its end that tells it from every other.

    >>> folder_name({"lr": 0.01, "d.file": "a/b.csv"}, "")
    'lr=0.01,d.file=a_b.csv-00000000'
    """
    text = ",".join(f"{name}={format_value(value)}" for name, value in given.items()) or "recipe"
    plain = "".join(sign if sign.isalnum() or sign in "=,.+-_" else "_" for sign in text)
    return f"{plain[:100]}-{zlib.crc32(identity.encode()):08x}"


def _value(flag: Option, text: str) -> Any:
    kind, optional = strip_optional(flag.kind)
    try:
        if ".." in text and kind in (int, float):
            return _range(kind, text)
        if optional and text.lower() == "none":
            return None
        if kind is bool:
            return _BOOLEANS[text.lower()]
        if get_origin(kind) is tuple:
            return tuple(parse(kind, part) for part in text.split("x")) if text.lower() != "none" else ()
        return parse(flag.kind, text)
    except KeyError:
        raise BadInput(f"{flag.flag} must be true or false, got {text!r}") from None
    except ValueError as error:
        raise BadInput(f"{flag.flag} {error}") from None


def _range(kind: type, text: str) -> Range:
    low, high = (parse(kind, end) for end in text.split("..", 1))
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"must be a range from low to high, got {text!r}")
    return Range(low, high, kind is int)
