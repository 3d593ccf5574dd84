"""Divergence of the latents of an autoencoder from their prior, a bar for each."""

from pathlib import Path

import numpy as np

from .style import BLUE, GREY, picture

__all__ = ["divergences"]


def divergences(kl: np.ndarray, active: np.ndarray, path: Path | str) -> None:
    """Draws the divergence of each latent, the largest first; bars of latents that are not active are grey.

    Args:
        kl: mean divergence of each latent in nats (latents,).
        active: whether a latent is active (latents,).
        path: PNG file to write.
    """
    order = np.argsort(-kl, kind="stable")
    with picture(path, height=2.6) as figure:
        axes = figure.subplots()
        axes.bar(np.arange(len(kl)), kl[order], color=np.where(active[order], BLUE, GREY))
        axes.set_xticks(np.arange(len(kl)), [str(i) for i in order] if len(kl) <= 40 else [""] * len(kl))
        axes.set_xlabel("latent")
        axes.set_ylabel("nats an example")
        axes.set_title(f"divergence from the prior: {kl.sum():.2f} nats")
        axes.set_title(
            f"{int(active.sum())} of {len(kl)} latents active", loc="right", color=GREY, weight="normal", size=9
        )
