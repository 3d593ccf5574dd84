"""Folders of arrays, x.npy and y.npy: numbers of all types, levels and units, and what numpy.save also writes."""

from pathlib import Path

import numpy as np

from zoo.train.data.sources.npy_folder import npy_name

from .case import Case, Random, chance, check, pick

__all__ = ["arrays"]

_ROWS = 48
_SHAPES = {"table": (3,), "sequence": (3, 2), "image": (4, 3, 1)}
_KINDS = ("?", "u1", "i1", "<i2", ">u2", "<i4", "<u4", "<i8", ">i8", "<u8", "<f2", "<f4", "<f8", "<f8", ">f8")


def arrays(random: Random, folder: Path) -> Case:
    """Writes x.npy and y.npy."""
    x = _inputs(random, pick(random, _SHAPES.values()))
    y, values, refused, oddity = _targets(random, x)
    spoiled = pick(random, _SPOILED) if chance(random, 0.15) else None
    np.save(folder / "y.npy", y, allow_pickle=True)
    np.save(folder / "x.npy", np.asfortranarray(x) if chance(random, 0.1) else x)
    if spoiled is not None:
        refused, oddity = spoiled(random, folder, x, y) or refused, spoiled.__name__.strip("_")

    def holds(data):
        order = np.concatenate([data.train.y, data.test.y])
        check(len(order) == len(y), "examples are missing")
        found = np.concatenate([data.train.x, data.test.x]).astype(np.longdouble).reshape(len(x), -1)
        wanted = x.astype(np.longdouble).reshape(len(x), -1)
        check((np.sort(found, axis=0) == np.sort(wanted, axis=0)).all(), "x is not as written")
        check((data.task == "regression") == values, f"y of {y.dtype} became {data.task}")

    def model(name):
        return "rnn" if "sequences" in name else "linear" if values else "logistic"

    options = {"width": 2} if x.ndim == 3 else {}
    return Case(folder, lambda: npy_name(str(folder)), model, holds, {"folder": str(folder)}, options, oddity, refused)


def _inputs(random: Random, shape: tuple[int, ...]) -> np.ndarray:
    kind = np.dtype(pick(random, _KINDS))
    size = (_ROWS, *shape)
    if kind.kind == "b":
        return random.random(size) < 0.5
    if kind.kind in "iu":
        low, high = np.iinfo(kind).min, np.iinfo(kind).max
        width = min(pick(random, (1, 100, 10**6, 10**15)), high - low)
        start = int(pick(random, (low, high - width, min(max(low, 0), high - width), (low + high - width) // 2)))
        return (random.integers(0, width, size, endpoint=True).astype(object) + start).astype(kind)
    unit, level = 1.0, 0.0
    if kind.itemsize == 8:
        unit, level = 10.0 ** random.integers(-300, 300), pick(random, (0, 1, 1e3, 1e7, 1e12, 1e15))
    elif kind.itemsize == 4:
        unit, level = 10.0 ** random.integers(-30, 30), pick(random, (0, 1, 1e3))
    x = ((random.normal(size=size) + level) * unit).astype(kind)
    if chance(random, 0.2):
        x[..., 0] = x[0, ..., 0]
    if chance(random, 0.1):
        x[::2, ..., 0] = np.nextafter(x[1::2, ..., 0], np.inf, dtype=x.dtype.newbyteorder("="))
    return x


def _targets(random: Random, x: np.ndarray) -> tuple[np.ndarray, bool, bool | None, str]:
    """Returns y, whether it holds values, whether it must be refused, and its name."""
    low, rank = x.reshape(len(x), -1)[:, 0], np.argsort(np.argsort(x.reshape(len(x), -1)[:, -1], kind="stable"))
    classes = rank * 3 // len(x)
    name = pick(random, ("classes", "values", "columns")) if chance(random, 0.8) else pick(random, _ODD_TARGETS)
    if name == "classes":
        return classes.astype(pick(random, ("u1", "i1", "<i8", ">i4", "<u8"))), False, None, "plain"
    if name in ("values", "columns"):
        units = 10.0 ** random.integers(-100, 100, 3 if name == "columns" else 1)
        y = (random.normal(size=(len(x), len(units))) + pick(random, (0, 1e3, 1e8))) * units
        return y.astype("<f8") if chance(random, 0.8) else np.clip(y, -1e38, 1e38).astype("<f4"), True, None, "plain"
    return *_ODD_TARGETS[name](classes, np.asarray(low, np.float64)), f"y: {name}"


_ODD_TARGETS = {
    "one class": lambda c, v: (c * 0, False, None),
    "from 1": lambda c, v: (c + 1, False, True),
    "below 0": lambda c, v: (c - 1, False, True),
    "a class of one": lambda c, v: (np.where(np.arange(len(c)) == 5, 3, c), False, None),
    "prices": lambda c, v: (c * 400_000 + 5_000_000, False, True),
    "beyond 32 bits": lambda c, v: (c + 2**40, False, True),
    "no value": lambda c, v: (np.where(c == 1, np.nan, v / (np.abs(v).max() or 1)), True, True),
    "infinite": lambda c, v: (np.where(c == 1, np.inf, c), True, True),
    "constant": lambda c, v: (c * 0.0 + 7, True, None),
    "words": lambda c, v: (np.array(["a", "b", "c"])[c], False, True),
    "objects": lambda c, v: (c.astype(object), False, True),
    "complex": lambda c, v: (c + 1j, False, True),
    "no columns": lambda c, v: (np.zeros((len(c), 0)), True, True),
    "a column of classes": lambda c, v: (c[:, None], False, True),
    "three axes": lambda c, v: (np.zeros((len(c), 2, 2)), True, True),
    "a number": lambda c, v: (np.array(1.5), True, True),
}


def _short(random, folder, x, y):
    np.save(folder / "x.npy", x[:-1])
    return True


def _cut(random, folder, x, y):
    raw = (folder / "x.npy").read_bytes()
    (folder / "x.npy").write_bytes(raw[: int(random.integers(len(raw) - 1))])
    return True


def _flipped(random, folder, x, y):
    raw = bytearray((folder / "x.npy").read_bytes())
    raw[int(random.integers(min(len(raw), 100)))] ^= 1 << int(random.integers(8))
    (folder / "x.npy").write_bytes(raw)


def _not_finite(random, folder, x, y, value=np.nan):
    x = x.astype(np.float64)
    x.reshape(-1)[int(random.integers(x.size))] = pick(random, (np.nan, np.inf, -np.inf))
    np.save(folder / "x.npy", x)
    return True


def _text(random, folder, x, y):
    (folder / "x.npy").write_text("1,2,3\n")
    return True


def _empty(random, folder, x, y):
    np.save(folder / "x.npy", x[:0])
    np.save(folder / "y.npy", y[:0] if np.ndim(y) else y)
    return True


def _one_row(random, folder, x, y):
    np.save(folder / "x.npy", x[:1])
    np.save(folder / "y.npy", np.ravel(y)[:1], allow_pickle=True)
    return True


def _no_y(random, folder, x, y):
    (folder / "y.npy").unlink()
    return True


def _a_folder(random, folder, x, y):
    (folder / "x.npy").unlink()
    (folder / "x.npy").mkdir()
    return True


def _wide(random, folder, x, y):
    np.save(folder / "x.npy", x.astype(pick(random, (np.longdouble, np.complex64, "datetime64[s]", "S3", object))))
    return True


def _flat(random, folder, x, y):
    np.save(folder / "x.npy", x.reshape(len(x), -1)[:, 0])
    return True


_SPOILED = (
    _short, _cut, _flipped, _not_finite, _text, _empty, _one_row, _no_y, _a_folder, _wide, _flat,
)  # fmt: skip
