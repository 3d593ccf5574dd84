"""Watches a generator learn: from the same start at every evaluation, as a picture each, at the end an animation."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from ..callback import Callback
from ..runtime.compile import jit
from ..trained.generator_input import is_image_to_image, sample_latents
from ..trainer import eval_params, named_key

__all__ = ["SamplePictures", "view_for"]

SampleView = Callable[[dict, Path, str], None]  # draws what a fit makes: (fit, path, title)

_DOTS = 2000  # samples of points
_ROWS = 8  # of images
_PAIRS = 10  # pictures that something is made of
_SIDE = 80  # places a side at which the discriminator is asked
_FRAMES = 60  # of the animation, at most


class SamplePictures(Callback):
    """Draws `samples/step-XXXXXX.png` at every evaluation, at the end `training.gif` beside and `plots/samples.png`.

    Of a model that makes pictures of pictures that last one is `plots/before_after.png`.
    """

    def __init__(self, view: SampleView):
        self._view, self._last = view, -1

    def start(self, setup: Any, folder: Path) -> None:
        """Makes the folder for the pictures."""
        self._folder = folder / "samples"
        self._name = "before_after.png" if is_image_to_image(setup.model, setup.made_for) else "samples.png"
        self._folder.mkdir(parents=True, exist_ok=True)

    def row(self, row: dict, fit: dict) -> None:
        """Draws what the generator makes now, once for each evaluation."""
        if row["split"] == "train" or row["step"] == self._last:
            return
        self._last = row["step"]
        self._view(fit, self._folder / f"step-{row['step']:06}.png", f"step {row['step']:,}")

    def end(self, result: Any) -> None:
        """Makes the animation of all pictures in the folder, so that a resumed run has those before it, too."""
        from ..plots.samples import animation

        frames = sorted(self._folder.glob("step-*.png"))
        if frames:
            animation(frames[:: -(-len(frames) // _FRAMES)] + frames[-1:], self._folder / "training.gif")
            (result.folder / "plots").mkdir(exist_ok=True)
            last = result.folder / "plots" / self._name
            if last.name != "samples.png" or not last.exists():
                shutil.copyfile(frames[-1], last)


def view_for(setup: Any) -> SampleView | None:
    """How what is made of such data is drawn; None: it makes no samples, or there is no picture of them."""
    if setup.task.name != "generation":
        return None
    if setup.source.kind == "points":
        return _points(setup)
    if setup.source.kind == "image":
        return _pairs(setup) if is_image_to_image(setup.model, setup.made_for) else _images(setup)
    return None


def _points(setup: Any) -> SampleView:
    from ..plots.samples import cloud, window

    model, real = setup.model, np.asarray(setup.data.test.x)
    given = sample_latents(model, setup.made_for, _DOTS, named_key(setup.key, "samples"))
    low, high = window(real[:_DOTS])
    sides = (np.linspace(low[i], high[i], _SIDE) for i in (0, 1))
    plane = setup.target_scaler.apply(np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2))
    alone = jax.eval_shape(model.judged, plane[:2], given[:2]).shape == (2, 2)
    likely = setup.recipe.t.get("loss", "non_saturating") in ("minimax", "non_saturating")

    @jit
    def look(fit):
        params, state = eval_params(fit)
        made = setup.target_scaler.invert(model.apply(params, state, given)[0])
        if not alone:  # what it thinks of a place depends on what was asked for
            return made, None
        said, _ = model.discriminator.apply(params["discriminator"], state["discriminator"], plane)
        return made, (jax.nn.sigmoid(said) if likely else said).reshape(_SIDE, _SIDE)

    def view(fit, path, title):
        made, opinion = jax.device_get(look(fit))
        note = "" if opinion is None else f"grey: D(x), black {opinion.min():.2g}, white {opinion.max():.2g}"
        cloud(real, made, path, title, opinion, note)

    return view


def _images(setup: Any) -> SampleView:
    from ..plots.made import beside

    model, classes = setup.model, setup.made_for.outputs
    columns = classes if 2 <= classes <= 16 else 10  # so that a column of what is made by class is one class
    given = sample_latents(model, setup.made_for, _ROWS * columns, named_key(setup.key, "samples"))
    real = _seen(setup.target_scaler.apply(np.asarray(setup.data.test.x[: len(given)])))
    make = jit(lambda fit: model.apply(*eval_params(fit), given)[0])

    def view(fit, path, title):
        beside(_seen(jax.device_get(make(fit))), real, path, title, columns)

    return view


def _pairs(setup: Any) -> SampleView:
    """What is given, made and real, of the same test pictures at every evaluation."""
    from ..plots.pairs import pairs

    model, real = setup.model, setup.target_scaler.apply(np.asarray(setup.data.test.x[:_PAIRS]))
    given = model.given(named_key(setup.key, "samples"), {"x": real})
    make = jit(lambda fit: model.apply(*eval_params(fit), given)[0])

    def view(fit, path, title):
        rows = {"given": given, "made": make(fit), "real": real}
        pairs({name: _seen(each) for name, each in rows.items()}, path, title)

    return view


def _seen(images: Any) -> np.ndarray:
    """From -1 .. 1, as players see images, to 0 .. 1."""
    return (np.asarray(images) + 1) / 2
