"""Pictures of a model during training, such as generated samples from the same noise, and their animation."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from ..callback import Callback
from ..files import replace_file
from ..runtime.compile import jit
from ..trained.generator_input import is_image_to_image, sample_latents
from ..trainer import eval_params, named_key

__all__ = ["SamplePictures", "picture_callbacks", "view_for"]

SampleView = Callable[[dict, Path, str], None]  # draws samples: (fit, path, title)

_POINTS = 2000  # samples of two-dimensional data
_ROWS = 8  # of a grid of images
_PAIRS = 10  # test images of an image-to-image model
_RESOLUTION = 80  # points per axis at which the discriminator is evaluated
_MAX_FRAMES = 60  # of the animation
_OF_A_TASK = 25  # pictures of a run by `Task.progress`


def picture_callbacks(setup: Any) -> list[Callback]:
    """Makes the callback that draws the model during training; none for a model without such pictures.

    Args:
        setup: parts of the run.
    """
    view = view_for(setup)
    if view is not None:
        name = "before_after.png" if is_image_to_image(setup.model, setup.made_for) else "samples.png"
        return [SamplePictures(view, name)]
    view = setup.task.progress and setup.task.progress(setup)
    return [SamplePictures(view, most=_OF_A_TASK)] if view else []


class SamplePictures(Callback):
    """Draws `samples/step-XXXXXX.png` at evaluations, and at the end `samples/training.gif` and a plot.

    Args:
        view: draws the model of a fit.
        name: name of the plot in `plots/`, the last picture; "": none.
        most: number of evaluations about which are drawn; None: all.
    """

    def __init__(self, view: SampleView, name: str = "", most: int | None = None):
        self._view, self._name, self._most, self._last = view, name, most, -1

    def on_start(self, setup: Any, folder: Path) -> None:
        """Creates the folder of the pictures."""
        self._folder, plan = folder / "samples", setup.plan
        evaluations = -(-plan.steps // plan.evaluate_every)
        self._every = plan.evaluate_every * max(1, evaluations // self._most) if self._most else 1
        self._end = plan.steps
        self._folder.mkdir(parents=True, exist_ok=True)

    def on_metrics(self, row: dict, fit: dict) -> None:
        """Draws the current model, once per evaluation."""
        step = row["step"]
        if row["split"] == "train" or step == self._last or (step % self._every and step != self._end):
            return
        self._last = step
        self._view(fit, self._folder / f"step-{step:06}.png", f"step {step:,}")

    def on_end(self, result: Any) -> None:
        """Writes the animation of all pictures in the folder, also those from before a resumed run was stopped."""
        from ..plots.samples import animation

        frames = sorted(self._folder.glob("step-*.png"))
        if not frames:
            return
        animation(frames[:: -(-len(frames) // _MAX_FRAMES)] + frames[-1:], self._folder / "training.gif")
        last = result.folder / "plots" / self._name
        if self._name and (last.name != "samples.png" or not last.exists()):
            last.parent.mkdir(exist_ok=True)
            replace_file(last, frames[-1].read_bytes())


def view_for(setup: Any) -> SampleView | None:
    """Returns the function that draws the samples of a run.

    Args:
        setup: parts of the run.

    Returns:
        The function, or None if the model generates no samples or its data have no picture.
    """
    if not hasattr(setup.model, "given"):
        return None
    if setup.source.kind == "points":
        return _points(setup) if setup.data.test.x.shape[1:] == (2,) else None
    if setup.source.kind == "image":
        return _pairs(setup) if is_image_to_image(setup.model, setup.made_for) else _images(setup)
    return None


def _points(setup: Any) -> SampleView:
    from ..plots.samples import cloud, window

    model, real = setup.model, np.asarray(setup.data.test.x)
    latents = sample_latents(model, setup.made_for, _POINTS, named_key(setup.key, "samples"))
    low, high = window(real[:_POINTS])
    sides = (np.linspace(low[i], high[i], _RESOLUTION) for i in (0, 1))
    plane = setup.target_scaler.apply(np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2))
    unconditional = jax.eval_shape(model.judged, plane[:2], latents[:2]).shape == (2, 2)
    probabilities = setup.recipe.t.get("loss", "non_saturating") in ("minimax", "non_saturating")

    @jit
    def evaluate(fit):
        params, state = eval_params(fit)
        samples = setup.target_scaler.invert(model.apply(params, state, latents)[0])
        if not unconditional:  # the discriminator is conditional: its output depends on the class, too
            return samples, None
        outputs, _ = model.discriminator.apply(params["discriminator"], state["discriminator"], plane)
        return samples, (jax.nn.sigmoid(outputs) if probabilities else outputs).reshape(_RESOLUTION, _RESOLUTION)

    def view(fit, path, title):
        samples, scores = jax.device_get(evaluate(fit))
        note = "" if scores is None else f"D(x): black {scores.min():.2g}, white {scores.max():.2g}"
        cloud(real, samples, path, title, scores, note)

    return view


def _images(setup: Any) -> SampleView:
    from ..plots.generated_images import beside

    model, classes = setup.model, setup.made_for.outputs
    columns = classes if 2 <= classes <= 16 else 10  # a column per class for a conditional generator
    latents = sample_latents(model, setup.made_for, _ROWS * columns, named_key(setup.key, "samples"))
    real = _unit_range(setup.target_scaler.apply(np.asarray(setup.data.test.x[: len(latents)])))
    generate = jit(lambda fit: model.apply(*eval_params(fit), latents)[0])

    def view(fit, path, title):
        beside(_unit_range(jax.device_get(generate(fit))), real, path, title, columns)

    return view


def _pairs(setup: Any) -> SampleView:
    """Returns the function that draws the inputs, the outputs and the targets of the same test images."""
    from ..plots.pairs import pairs

    model, real = setup.model, setup.target_scaler.apply(np.asarray(setup.data.test.x[:_PAIRS]))
    inputs = model.given(named_key(setup.key, "samples"), {"x": real})
    generate = jit(lambda fit: model.apply(*eval_params(fit), inputs)[0])

    def view(fit, path, title):
        rows = {"input": inputs, "output": generate(fit), "target": real}
        pairs({name: _unit_range(each) for name, each in rows.items()}, path, title)

    return view


def _unit_range(images: Any) -> np.ndarray:
    """Maps images from [-1, 1], the range of a generator, to [0, 1]."""
    return (np.asarray(images) + 1) / 2
