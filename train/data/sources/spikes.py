"""Generated spike trains: jittered templates (Maass, Natschlaeger and Markram 2002), and digits coded as spikes.

Examples are (steps, channels) uint8, 1 where a channel spikes; a step is 1 ms.
"""

from typing import TYPE_CHECKING, Annotated, Literal

from ...errors import BadInput
from ...option_types import Bounds, Seed
from ..dataset import Dataset, Place, Source, Split
from .bundled import Fold, digits

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SOURCES", "spike_digits", "spike_templates"]

_TEST = 1000
_SECOND = 1000  # steps
_Steps = Annotated[int, Bounds(1, 10_000)]
_Rate = Annotated[float, Bounds(0, _SECOND, open_low=True)]


def spike_templates(
    place: Place,
    *,
    steps: _Steps = 100,
    channels: Annotated[int, Bounds(1, 1000)] = 4,
    rate: _Rate = 20.0,
    jitter: Annotated[float, Bounds(0, 1000)] = 4.0,
    segments: Annotated[int, Bounds(1, 100)] = 2,
    back: Annotated[int, Bounds(0, 99)] = 1,
    examples: Annotated[int, Bounds(10, 1_000_000)] = 2000,
    seed: Seed = 0,
) -> Dataset:
    """Generates noisy versions of fixed Poisson spike trains, (N, segments * steps, channels) uint8.

    Each segment has two templates, of which a version holds one at random; its spikes are moved by Gaussian noise, and
    lost where they leave the segment. The class is the template of one segment.

    Args:
        place: not used; the spikes are generated.
        steps: length of a segment in ms.
        channels: number of spike trains that are read at the same time.
        rate: mean rate of the templates in Hz.
        jitter: standard deviation of the noise in ms.
        segments: number of segments that follow each other.
        back: segment to classify, counted back from the last, which is 0.
        examples: number of training examples; the test split has 1,000.
        seed: seed of templates, choices and noise.
    """
    import numpy as np

    if back >= segments:
        raise BadInput(
            f"--d.back {back} of spike_templates must be below the number of segments: give --d.segments {back + 1}"
        )
    rng, n = np.random.default_rng(seed), examples + _TEST
    templates = rng.random((segments, 2, steps, channels)) < rate / _SECOND
    noise, chosen = np.random.default_rng([seed, 1]), rng.integers(0, 2, (n, segments)).astype(np.int32)
    x = np.zeros((n, segments, steps, channels), np.uint8)
    for segment in range(segments):
        for which in range(2):
            rows = np.flatnonzero(chosen[:, segment] == which)
            x[rows, segment] = _jittered(noise, templates[segment, which], len(rows), jitter)
    x, y = x.reshape(n, segments * steps, channels), chosen[:, segments - 1 - back]
    train, test = (Split(x[part], y[part]) for part in (slice(examples), slice(examples, None)))
    return Dataset("spike_templates", "binary", train, test, ("first template", "second template"))


def spike_digits(
    place: Place,
    *,
    coding: Literal["rows", "rate", "latency"] = "rows",
    steps: _Steps = 400,
    rate: _Rate = 500.0,
    fold: Fold = 0,
    seed: Seed = 0,
) -> Dataset:
    """Codes 1,797 handwritten digits of 8x8 pixels as spike trains, (N, steps, channels) uint8.

    The codings are: rows, one row of pixels after the other as Poisson spikes of 8 channels; rate, all pixels at once
    as Poisson spikes of 64 channels; latency, one spike of each pixel that is not black, the earlier the brighter.

    Args:
        place: not used; the digits are installed with scikit-learn.
        coding: coding of the pixels.
        steps: length of the spike trains in ms, for rows a multiple of 8.
        rate: rate of the spikes of the brightest pixels in Hz; of no effect on latency.
        fold: index of the held-out fold, 0 to 4.
        seed: seed of the spikes.
    """
    import numpy as np

    if coding == "rows" and steps % 8:
        raise BadInput(
            f"--d.steps {steps} of spike_digits must be a multiple of 8, the number of rows: give {steps + -steps % 8}"
        )
    data = digits(place, fold=fold)

    def coded(split: Split, rng: "np.random.Generator") -> Split:
        return Split(_CODINGS[coding](rng, split.x[..., 0] / 16, steps, rate), split.y)

    train, test = (coded(part, np.random.default_rng([seed, i])) for i, part in enumerate((data.train, data.test)))
    return Dataset("spike_digits", "multiclass", train, test, data.classes)


def _jittered(rng: "np.random.Generator", template: "np.ndarray", count: int, jitter: float) -> "np.ndarray":
    """Returns versions of a template (count, steps, channels), whose spikes are moved by Gaussian noise."""
    import numpy as np

    (when, channel), x = template.nonzero(), np.zeros((count, *template.shape), np.uint8)
    moved = np.rint(when + jitter * rng.standard_normal((count, len(when)))).astype(int)
    version, spike = np.nonzero((moved >= 0) & (moved < len(template)))
    x[version, moved[version, spike], channel[spike]] = 1
    return x


def _poisson(rng: "np.random.Generator", rates: "np.ndarray", steps: int) -> "np.ndarray":
    """Returns spikes (n, steps, channels) of rates in Hz (n, channels)."""
    import numpy as np

    return (rng.random((len(rates), steps, rates.shape[1]), np.float32) < rates[:, None] / _SECOND).astype(np.uint8)


def _rows(rng: "np.random.Generator", images: "np.ndarray", steps: int, rate: float) -> "np.ndarray":
    n, height, width = images.shape
    spikes = _poisson(rng, rate * images.reshape(n * height, width), steps // height)
    return spikes.reshape(n, steps, width)


def _rate(rng: "np.random.Generator", images: "np.ndarray", steps: int, rate: float) -> "np.ndarray":
    return _poisson(rng, rate * images.reshape(len(images), -1), steps)


def _latency(rng: "np.random.Generator", images: "np.ndarray", steps: int, rate: float) -> "np.ndarray":
    import numpy as np

    pixels = images.reshape(len(images), 1, -1)
    when = np.rint((1 - pixels) * (steps - 1))
    return ((np.arange(steps)[:, None] == when) & (pixels > 0)).astype(np.uint8)


_CODINGS = {"rows": _rows, "rate": _rate, "latency": _latency}
SOURCES = (
    Source("spike_templates", "jittered versions of two Poisson spike trains (Maass et al. 2002)", "sequence", "binary",
           (200, 4), 1, spike_templates),
    Source("spike_digits", "1,797 handwritten digits as spike trains (UCI)", "sequence", "multiclass", (400, 8), 10,
           spike_digits),
)  # fmt: skip
