"""Score of images generated from images, against the real ones: PSNR and SSIM."""

from collections.abc import Mapping

import jax.numpy as jnp

from ..metrics.image_quality import SSIM_WINDOW, psnr, ssim
from ..tasks.sample_score import SampleScore

__all__ = ["pair_score"]


def pair_score() -> SampleScore:
    """Builds the score of generated images against the real images that they should equal.

    Reported are `psnr` of the generated image, `psnr_given` of the input image (a grey image counts as three equal
    channels), their difference `gain` and, from 11 pixels on, `ssim`. All images are clipped to [-1, 1].

    >>> pairs, x = pair_score(), jnp.zeros((1, 8, 8, 1))
    >>> sums = pairs.score(x + 0.02, x + 0.2, {"x": x, "weight": jnp.ones(1)})
    >>> scores = pairs.finish({name: total / weight for name, (total, weight) in sums.items()})
    >>> {name: round(value, 3) for name, value in scores.items()}
    {'psnr': 40.0, 'psnr_given': 20.0, 'gain': 20.0}
    """

    def score(made, given, batch):
        real, weight = batch["x"], batch["weight"]
        made, given = (jnp.clip(jnp.broadcast_to(each, real.shape), -1, 1) for each in (made, given))
        scores = {"psnr": psnr(made, real), "psnr_given": psnr(given, real)}
        if min(real.shape[1:3]) >= SSIM_WINDOW:
            scores["ssim"] = ssim(made, real)
        return {name: (jnp.sum(each * weight), jnp.sum(weight)) for name, each in scores.items()}

    def finish(means):
        scores = {name: float(means[name]) for name in ("psnr", "psnr_given", "ssim") if name in means}
        return scores | {"gain": scores["psnr"] - scores["psnr_given"]}

    return SampleScore(score, finish, "psnr", True, _explain)


def _explain(metrics: Mapping[str, float]) -> list[str]:
    gain = metrics["gain"]
    lines = [
        f"psnr {metrics['psnr']:.2f} dB: similarity to the real images; inputs have {metrics['psnr_given']:.2f} dB, "
        f"so {abs(gain):.2f} dB were {'gained' if gain > 0 else 'lost'}"
    ]
    if "ssim" in metrics:
        lines.append(f"ssim {metrics['ssim']:.3f}: structural similarity to the real images, 1 for equal ones")
    return lines
