"""Data of every kind and task, their test examples as files for `predict`, and scores of answers in float64."""

from dataclasses import replace
from functools import partial

import numpy as np

from zoo.layers import compose, dense
from zoo.train import recipe_for

KINDS = ("uint8", "int16", "int32", "int64", "uint64", "float16", "float32", "float64")
SHAPES = {"table": (4,), "sequence": (3, 2), "image": (3, 4, 2)}
NAMES = {"table": "npy_table", "sequence": "npy_sequences", "image": "npy_images"}
TRAIN, TEST = 40, 21
FEW = 8  # sequences: a program is compiled for each of their lengths


def drawn(kind, shape, seed):
    """Returns numbers that fill a type: stamps, offsets, values beyond 2^32 and 2^63."""
    random, size = np.random.default_rng(seed), shape
    if kind[:5] == "float":
        return random.normal({"float16": 3, "float32": 1e5, "float64": 1e9}[kind], 2, size).astype(kind)
    low, range_ = {
        "uint8": (0, 256), "int16": (-30_000, 60_000), "int32": (2**30, 1000), "int64": (1_700_000_000_000, 10**6),
        "uint64": (2**63, 2**50),
    }[kind]  # fmt: skip
    return (random.integers(0, range_, size).astype(object) + low).astype(kind)


def targets(x, outputs):
    """Returns classes of standardised inputs (outputs 0), or values of very different units."""
    z = x.astype(np.float64).reshape(len(x), -1)
    z = (z - z.mean(axis=0)) / z.std(axis=0) @ np.random.default_rng(2).normal(size=(z.shape[1], max(outputs, 3)))
    if not outputs:
        return z.argmax(axis=1).astype(np.int64)
    y = 1e8 + z[:, :outputs] * np.array([1.0, 0.1, 1e6])[:outputs]
    return y[:, 0] if outputs == 1 else y


def of_arrays(shape, kind, outputs, folder, task=""):
    """Writes arrays of a kind with classes (outputs 0) or values; the files to predict are those of the test split."""
    x = drawn(kind, (TRAIN + TEST, *SHAPES[shape]), 1)
    y = targets(x, outputs)
    for name, each in (("x", x), ("y", y)):
        np.save(folder / f"{name}.npy", each[:TRAIN])
        np.save(folder / f"{name}_test.npy", each[TRAIN:])
    name = NAMES[shape] + "_values" * (outputs > 0)
    model = {"sequence": "rnn"}.get(shape, "linear" if outputs else "logistic")
    options = {"width": 3} if model == "rnn" else {}
    recipe = replace(recipe_for(model, name), m=options, task=task, d={"folder": str(folder)})
    files = [folder / "x_test.npy"]
    if shape == "table":
        files.append(written(folder / "rows.csv", x[TRAIN:]))
    return recipe, lambda test: files


def written(path, rows, header=()):
    """Writes rows with all digits of their values."""
    lines = [",".join(header)] if header else []
    path.write_text("\n".join([*lines, *(",".join(repr(value.item()) for value in row) for row in rows)]) + "\n")
    return path


def generated(model, name, folder, **options):
    """Selects a data set of the project; its test rows become a CSV file, sequences one file each."""
    small = {
        "rnn": {"width": 3},
        "bigru": {"width": 3},
        "attention": {"width": 8, "longest": 5},
        "ntm": {"width": 4, "slots": 5},
    }
    recipe = replace(recipe_for(model, name), d=options, m=small.get(model, {}))

    def files(test):
        if test.x.ndim == 2 and test.x.dtype.kind == "f":
            return [written(folder / "rows.csv", test.x)]
        lengths = np.full(len(test.x), test.x.shape[1]) if test.lengths is None else test.lengths
        for i, (x, length) in enumerate(zip(test.x[:FEW], lengths, strict=False)):
            np.save(folder / f"{i:03}.npy", x[:length])
        return sorted(folder.glob("*.npy"))

    return recipe, files


def of_images(folder):
    """Writes pictures that are not square, of two classes, and names those of the test split."""
    from PIL import Image

    for i in range(12):
        (folder / "ab"[i % 2]).mkdir(exist_ok=True)
        Image.fromarray(drawn("uint8", (9, 7 + i, 3), i)).save(folder / "ab"[i % 2] / f"{i}.png")
    options = {"folder": str(folder), "size": 4, "test_share": 0.5}

    def files(test):
        from zoo.train.data.dataset import Place, load_data

        return load_data("images", Place(in_memory=0), options).test.x.paths

    return replace(recipe_for("logistic", "images"), d=options), files


def of_table(target, name, folder):
    """Writes a table of every kind of columns with cells missing; the test file has its columns in another order."""
    random, names = np.random.default_rng(3), ("row", "age", "job", "owner", "since", "a", "b", "price")
    rows = [
        (
            *(f"r{i:02}", random.choice(["", "31", "44.5", "60"]), random.choice(["cook", "clerk", "n/a"])),
            *(
                random.choice(["yes", "no"]),
                f"{i % 28 + 1}.{i % 12 + 1}.2024",
                random.choice(["yes", "no"]),
                i // 2 % 2,
            ),
            1e8 + random.normal(),
        )
        for i in range(TRAIN + TEST)
    ]
    order = random.permutation(len(names))
    for file, some, places in (("rows", rows[:TRAIN], range(len(names))), ("test", rows[TRAIN:], order)):
        lines = [";".join(str(row[i]).replace(".", "," if i == 7 else ".") for i in places) for row in [names, *some]]
        (folder / f"{file}.csv").write_text("\n".join(lines) + "\n")
    options = {"file": str(folder / "rows.csv"), "target": target, "test_file": str(folder / "test.csv")}
    return replace(recipe_for("mlp", name), m={"hidden": (4,)}, d=options), lambda test: [folder / "test.csv"]


def of_series(level, unit, relative, folder):
    """Writes a series; each window of the test split is a file that ends with it."""
    values = level + unit * np.sin(np.arange(60) / 3)
    written(folder / "all.csv", values[:, None], ("value",))
    options = {"file": str(folder / "all.csv"), "column": "value", "window": 4, "horizon": 2, "relative": relative}

    def files(test):
        ends = [len(values) - 2 - i for i in reversed(range(len(test.x)))]
        return [written(folder / f"{end}.csv", values[:end, None], ("value",)) for end in ends]

    return replace(recipe_for("rnn", "csv"), m={"width": 3}, d=options), files


def of_text(model, level, folder):
    """Writes a text; the test split is its last tenth, with the character before it."""
    text = "".join(np.random.default_rng(0).choice(["to ", "be, ", "or ", "not ", "né ", "汉 "], 200))
    (folder / "all.txt").write_text(text, encoding="utf-8")
    options = {"file": str(folder / "all.txt"), "level": level, "words": 6, "window": 8}

    def files(test):
        from zoo.train.data.dataset import Place, load_data
        from zoo.train.data.vocabulary import Vocabulary

        tokens = Vocabulary(load_data("text", Place(), options).vocabulary).split(text)
        (folder / "test.txt").write_text("".join(tokens[-len(test.x) - 1 :]), encoding="utf-8")
        return [folder / "test.txt"]

    if model == "markov":
        return replace(recipe_for(model, "text"), d=options | {"window": 0}), files
    return replace(recipe_for(model, "text"), d=options, m={"width": 3}, batch_size=4), files


def mixed(shape):
    """Builds a model whose outputs have the shape of its inputs."""
    return compose(lambda call, x: x / 2 + call("last", x), last=dense(shape[-1]))


def reconstructed(case, folder):
    """Returns a case with its inputs as the targets."""
    recipe, files = case(folder)
    return replace(recipe_for(f"{__file__}:mixed", recipe.dataset), d=recipe.d, task="reconstruct"), files


def of_rows(folder):
    """Returns a case of a table without a target."""
    recipe, files = of_table("a,b", "table_labels", folder)
    d = recipe.d | {"target": ""}
    return replace(recipe_for(f"{__file__}:mixed", "table_rows"), d=d, task="reconstruct"), files


CASES = {
    ("table", "multiclass"): partial(of_arrays, "table", "int64", 0),
    ("table", "binary"): partial(generated, "logistic", "breast_cancer"),
    ("table", "regression"): partial(of_arrays, "table", "float64", 3),
    ("table", "multilabel"): partial(of_table, "a,b", "table_labels"),
    ("table", "generation"): of_rows,
    ("points", "binary"): partial(generated, "logistic", "circle"),
    ("points", "multiclass"): partial(generated, "logistic", "ring"),
    ("points", "regression"): partial(generated, "linear", "plane"),
    ("image", "multiclass"): of_images,
    ("image", "binary"): partial(generated, "logistic", "patches", size=3, count=100),
    ("image", "multilabel"): partial(generated, "mlp", "multi_digits", examples=40),
    ("image", "regression"): partial(of_arrays, "image", "uint8", 1),
    ("sequence", "multiclass"): partial(of_arrays, "sequence", "uint64", 0),
    ("sequence", "binary"): partial(generated, "rnn", "spike_templates", examples=40, steps=10),
    ("sequence", "regression"): partial(of_arrays, "sequence", "float64", 1),
    ("sequence", "tagging"): partial(generated, "bigru", "future", examples=40, steps=6, ahead=1),
    ("sequence", "seq2seq"): partial(generated, "attention", "reverse", examples=40, longest=4),
    ("sequence", "bits"): partial(generated, "ntm", "copy_bits", examples=40, longest=2, bits=3),
    ("series", "regression"): partial(of_series, 1e10, 3.0, True),
    ("text", "language"): partial(of_text, "rnn", "characters"),
    ("table", "reconstruct"): partial(reconstructed, partial(of_arrays, "table", "int64", 1)),
    ("series", "reconstruct"): partial(reconstructed, partial(of_series, 1e10, 3.0, True)),
}
"""A case for each kind and task of the registry, and reconstructions."""

MORE = {
    f"{shape} of {kind}, {outputs or 'classes'}": partial(of_arrays, shape, kind, outputs)
    for shape, kind, outputs in (
        *(("table", kind, 3 * (i % 2)) for i, kind in enumerate(KINDS)),
        *(("image", kind, 3) for kind in ("int16", "float16", "float64")),
        *(("sequence", kind, 0) for kind in ("int64", "float32")),
    )
} | {
    "plain series": partial(of_series, 1e10, 3.0, False),
    "tiny series": partial(of_series, 0.0, 1e-24, False),
    "table with classes": partial(of_table, "owner", "table"),
    "table with numbers": partial(of_table, "price", "table_values"),
    "words": partial(of_text, "rnn", "words"),
    "counts": partial(of_text, "markov", "characters"),
    "counts of words": partial(of_text, "markov", "words"),
    "tokens": partial(generated, "bigru", "copy", examples=40, delay=2, length=2),
    "two numbers": partial(generated, "rnn", "adding", examples=40, steps=6),
    "reconstructed images": partial(reconstructed, partial(of_arrays, "image", "uint8", 0)),
    "reconstructed float images": partial(reconstructed, partial(of_arrays, "image", "float64", 0)),
    "reconstructed sequences": partial(reconstructed, partial(of_arrays, "sequence", "uint64", 0)),
}
"""Further cases, of every type of numbers."""


def scores(said, test, task: str, relative: bool) -> dict[str, float]:
    """Computes the metrics of predictions for a split in float64."""
    true = np.asarray(test.y)
    if task == "reconstruct":
        error = np.square(said - test.x[:].astype(np.float64)).reshape(len(said), -1)
        return {"mse": error.mean(), "sse": error.sum(axis=1).mean()}
    if task == "multilabel":
        return {"accuracy": np.mean((said == true).all(axis=1)), "label_accuracy": np.mean(said == true)}
    if task == "bits":
        wrong = ((said != true) & (true >= 0)).sum(axis=(1, 2))
        return {"wrong_bits": wrong.mean(), "exact_match": np.mean(wrong == 0)}
    if task != "regression":
        return {"accuracy": np.mean((said == true)[true >= 0])}
    true, said = (each.astype(np.float64).reshape(len(true), -1) for each in (true, said))
    error, change = said - true, true - test.x[:, -1] if relative else true  # R2 is that of what was learned
    unit = np.abs(error).max()
    r2 = 1 - np.square(error / unit).mean(axis=0) / np.square((change - change.mean(axis=0)) / unit).mean(axis=0)
    return {"rmse": unit * np.sqrt(np.square(error / unit).mean()), "mae": np.abs(error).mean(), "r2": r2.mean()}


def in_answers(answers: list[dict], classes: tuple[str, ...]) -> np.ndarray | None:
    """Returns what `zoo predict` tells as predictions; None where it tells scores."""
    if "bits" in answers[0]:
        return np.array([[int(bit) for bit in each["bits"].replace(" ", "")] for each in answers])
    if "tags" in answers[0]:
        return np.concatenate([[classes.index(tag) for tag in each["tags"]] for each in answers])
    if "labels" in answers[0]:
        return np.array([[name in each["labels"] for name in classes] for each in answers])
    if "class" in answers[0]:
        return np.array([classes.index(each["class"]) for each in answers])
    if "unit" in answers[0]:
        return np.array([each["values"] if "values" in each else [each["value"]] for each in answers])
    return None
