"""Makes the settings of a sweep: every combination of the given values, or random ones.

Values are separated by commas: `--lr 1e-3,1e-2`. The parts of a value that is a list are separated by `x`:
`--m.hidden 16,128x64` is two networks. `low..high` is a range to sample from. Needs neither jax nor numpy.
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

__all__ = ["Range", "describe_setting", "folder_name", "format_value", "grid", "parse_values", "random_search"]

_BOOLEANS = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}
_DIGITS = 3  # of a number sampled from a range: more are hard to read and do not distinguish settings
_TRIES = 100  # samples per setting, after which all different ones are taken to be found


class Range(NamedTuple):
    """Range of numbers, sampled uniformly on a log scale if both ends are above 0, else uniformly.

    >>> Range(1e-4, 1e-1, False).draw(random.Random(0))
    0.0341
    """

    low: float
    high: float
    whole: bool

    def draw(self, rng: random.Random) -> float:
        """Samples a number of three digits."""
        if self.low > 0:
            value = math.exp(rng.uniform(math.log(self.low), math.log(self.high)))
        else:
            value = rng.uniform(self.low, self.high)
        return self.rounded(value)

    def rounded(self, value: float) -> float:
        """Returns the nearest number of three digits in the range."""
        value = min(max(float(f"{value:.{_DIGITS}g}"), self.low), self.high)
        return round(value) if self.whole else value


def parse_values(flag: Option, text: str) -> tuple[Any, ...]:
    """Parses the values of a flag, which may be ranges.

    Raises:
        BadInput: if a value is not of the type of the flag, or is given twice.

    >>> hidden = Option("m.hidden", tuple[int, ...], (128,), "", "")
    >>> parse_values(hidden, "16,128x64,none")
    ((16,), (128, 64), ())
    """
    found = tuple(_value(flag, part.strip()) for part in text.split(","))
    twice = next((value for i, value in enumerate(found) if value in found[:i]), None)
    if twice is not None:
        raise BadInput(f"{flag.flag} {text}: {format_value(twice)} is given twice")
    return found


def format_value(value: Any) -> str:
    """Formats a value as it is typed in a sweep.

    >>> format_value((128, 64)), format_value(()), format_value(None), format_value(0.001)
    ('128x64', 'none', 'none', '0.001')
    """
    if isinstance(value, Range):
        return f"{value.low:g}..{value.high:g}"
    if isinstance(value, tuple | list):
        return "x".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def describe_setting(given: Mapping[str, Any]) -> str:
    """Formats a setting as one line.

    >>> describe_setting({"lr": 0.01, "m.hidden": (128, 64)})
    'lr 0.01, m.hidden 128x64'
    """
    return ", ".join(f"{name} {format_value(value)}" for name, value in given.items()) or "the recipe unchanged"


def grid(values: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Returns every combination of values, those of the last flag changing fastest.

    Raises:
        BadInput: if one of the values is a range, whose numbers cannot be listed.

    >>> grid({"lr": [0.1, 0.2], "opt": ["sgd", "adam"]})[1]
    {'lr': 0.1, 'opt': 'adam'}
    """
    for name, some in values.items():
        for each in some:
            if isinstance(each, Range):
                flag = f"--{name.replace('_', '-')} {format_value(each)}"
                raise BadInput(f"{flag} is a range to sample from: give --random N or --search tpe as well")
    return [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]


def random_search(values: Mapping[str, Sequence[Any]], count: int, seed: int) -> list[dict[str, Any]]:
    """Samples different settings (Bergstra & Bengio 2012), all of them if there are fewer than `count`.

    Samples depend on seed and values alone: the same flags give the same settings, and a larger count begins with them.

    >>> random_search({"lr": [0.1, 0.2]}, 5, seed=0) in ([{"lr": 0.1}, {"lr": 0.2}], [{"lr": 0.2}, {"lr": 0.1}])
    True
    """
    rng, found = random.Random(seed), []
    for _ in range(_TRIES * count):
        given = {}
        for name, some in values.items():
            value = rng.choice(some)
            given[name] = value.draw(rng) if isinstance(value, Range) else value
        if given not in found:
            found.append(given)
        if len(found) == count:
            break
    return found


def folder_name(given: Mapping[str, Any], identity: str) -> str:
    """Returns a readable folder name of a setting, with a checksum that makes it unique.

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
