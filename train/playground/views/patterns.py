"""Small pictures that a machine of binary units stores or samples, and its path from a damaged one."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...data.normalize import scaled
from ...errors import BadInput
from ...runs.setup import Setup
from ...tasks.recall import damaged, signs
from ...trainer import eval_params, named_key

__all__ = ["PatternsView"]

_SHOWN = 64  # pictures of a kind
_SWEEPS = 20  # of a chain that begins at a picture
_HIDDEN = ("none", "lower", "upper", "left", "right")
_CELLS = {"1": 1.0, "0": -1.0, "?": 0.0}


class PatternsView:
    """Draws the fits of a run on small pictures as arrays by name, and follows the machine from a damaged picture.

    A model with the capability `path` recalls patterns of +1 and -1; one with `gibbs` draws states of 0 and 1.

    Args:
        parts: Parts of the run.
    """

    network = None

    def __init__(self, parts: Setup):
        self.parts = parts
        self.shape = tuple(parts.example.shape[:2])
        model: Any = parts.model
        self._recalls = hasattr(model, "path")
        follow = self._recall if self._recalls else self._chain
        self._follow = jax.jit(follow)

    def __call__(self, fit: dict) -> dict[str, np.ndarray]:
        """Returns the arrays of a frame, each float32 (pictures, rows, columns).

        `stored` holds the patterns of an associative memory; `filters` the weights of hidden units and `chains` states
        of the Gibbs chains of a Boltzmann machine.
        """
        params, _ = eval_params(fit)
        if self._recalls:
            return {"stored": self._pictures(params["memory"]["patterns"])}
        return {"filters": self._pictures(params["body"]["0"]["w"].T), "chains": self._pictures(fit["chains"])}

    def about(self) -> dict[str, Any]:
        """Returns what frames have in common: the sides of a picture, and what the machine does from one."""
        return {
            "stage": "patterns",
            "task": self.parts.task.name,
            "rows": self.shape[0],
            "columns": self.shape[1],
            "recalls": self._recalls,
            "features": [],
            "classes": [],
            "layers": [],
        }

    def examples(self) -> dict[str, np.ndarray]:
        """Returns the first training examples, +1 and -1."""
        x = scaled(self.parts.scaler, np.asarray(self.parts.data.train.x[:_SHOWN]))
        return {"patterns": self._pictures(self._as_signs(x))}

    def share(self, other: Any) -> None:
        """Takes the compiled programs of a view of a run with the same programs."""
        self._follow = other._follow

    def follow(self, fit: dict, message: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Damages a picture and follows what the machine makes of it.

        Args:
            fit: The fit.
            message: `cells`, the picture row by row as text, 1 black, 0 white, ? unknown; `flip`, the share of the
                cells that change their colour; `hide`, the half that becomes unknown, or none; `seed` of both.

        Returns:
            `wrong`, the number of cells that differ in the end from the picture given, and, of a recall, where it ended
            (`nearest`, `overlap`); and the arrays `states` (sweeps + 1, rows, columns) float32, +1, -1 and 0 for
            unknown, before the first sweep and after each, and `energy` (sweeps + 1,) of these states.

        Raises:
            BadInput: If the picture has another form.
        """
        x = self._read(message["cells"])
        flip, hide = message["flip"], message["hide"]
        if not 0 <= flip <= 1 or hide not in _HIDDEN:
            raise BadInput(f"a picture is damaged by flip, a share from 0 to 1, and hide, one of {', '.join(_HIDDEN)}")
        key = named_key(self.parts.key, "damage", abs(message["seed"]) % (1 << 31))
        given = damaged(x, key, float(flip), 0.0, hide)
        params, state = eval_params(fit)
        found = jax.device_get(self._follow(params, state, given, key))
        last = int(found.pop("sweeps")) + 1
        about = {name: float(found.pop(name)) for name in ("nearest", "overlap") if name in found}
        arrays = {name: np.asarray(each[: last + 1], np.float32) for name, each in found.items()}
        arrays["states"] = arrays["states"].reshape(-1, *self.shape)
        about["wrong"] = int(np.sum((arrays["states"][-1] > 0) != (np.asarray(x).reshape(self.shape) > 0)))
        return about, arrays

    def _read(self, cells: str) -> jax.Array:
        size = self.shape[0] * self.shape[1]
        if len(cells) != size or not set(cells) <= {*_CELLS}:
            raise BadInput(f"cells must be a text of {size} characters 1, 0 and ?, got {len(cells)}")
        return jnp.asarray([_CELLS[each] for each in cells], jnp.float32).reshape(1, *self.parts.example.shape)

    def _recall(self, params: Any, state: Any, given: jax.Array, key: jax.Array) -> dict[str, jax.Array]:
        """Returns the states and energies of a recall, whose order of updates is that of every recall without a key."""
        model: Any = self.parts.model
        found = model.recall(params, state, given)
        return {
            "states": model.path(params, state, given)[:, 0],
            "energy": found.energy[:, 0],
            "sweeps": found.sweeps[0],
            "nearest": found.nearest[0],
            "overlap": found.overlap[0],
        }

    def _chain(self, params: Any, state: Any, given: jax.Array, key: jax.Array) -> dict[str, jax.Array]:
        """Returns the states and free energies of a Gibbs chain; unknown cells begin at random."""
        model: Any = self.parts.model
        noise = signs(jax.random.uniform(named_key(key, "unknown"), given.shape) - 0.5)
        first = (jnp.where(given == 0, noise, given).reshape(1, -1) + 1) / 2

        def sweep(v, i):
            v = model.gibbs(params, v, named_key(key, "gibbs", i), 1)
            return v, v[0]

        states = jnp.concatenate([first, jax.lax.scan(sweep, first, jnp.arange(_SWEEPS))[1]])
        shown = jnp.concatenate([given.reshape(1, -1), 2 * states[1:] - 1])
        return {"states": shown, "energy": model.free_energy(params, states), "sweeps": jnp.asarray(_SWEEPS - 1)}

    def _as_signs(self, x: Any) -> Any:
        """Returns examples as the model reads them as +1 and -1."""
        if self._recalls:
            return signs(x)
        model: Any = self.parts.model
        return 2 * model.visible(x) - 1

    def _pictures(self, flat: Any) -> np.ndarray:
        return np.asarray(flat[:_SHOWN], np.float32).reshape(-1, *self.shape)
