"""Settings of jax that models are trained and loaded with; the user's environment may set others.

The command line replaces such settings with a warning. From Python they belong to the whole process and are refused.
"""

import os
import sys
from typing import NamedTuple

from ..errors import BadInput, warn

__all__ = ["check_jax_settings", "override_jax_settings"]


class _Setting(NamedTuple):
    """Values of a setting that models work with, the first of them jax's default, and what it decides."""

    accepted: tuple
    decides: str


_GUARDS = (None, "allow", "log", "log_explicit")
_OFF = ("", "0", "f", "false", "n", "no", "off")  # as jax reads them
_ARITHMETIC = "models compute in float32, and promote types and ranks as jax does by default"
_SETTINGS = {
    "jax_enable_x64": _Setting((False,), _ARITHMETIC),
    "jax_numpy_dtype_promotion": _Setting(("standard",), _ARITHMETIC),
    "jax_numpy_rank_promotion": _Setting(("allow", "warn"), _ARITHMETIC),
    **{
        f"jax_transfer_guard{way}": _Setting(_GUARDS, "training copies batches between host and device")
        for way in ("", "_host_to_device", "_device_to_host", "_device_to_device")
    },
    "jax_default_prng_impl": _Setting(("threefry2x32",), "the seed decides the random numbers"),
    "jax_random_seed_offset": _Setting((0,), "the seed decides the random numbers"),
}


def override_jax_settings() -> None:
    """Removes settings that models do not work with from the environment, with a warning for each.

    It has an effect before jax is imported only; afterwards `check_jax_settings` decides.
    """
    if "jax" in sys.modules:
        return
    for name, setting in _SETTINGS.items():
        variable = name.upper()
        text = os.environ.get(variable)
        if text is None or _accepts(setting, text):
            continue
        del os.environ[variable]
        warn(f"{variable}={text} is ignored: {setting.decides}")


def check_jax_settings() -> None:
    """Raises BadInput for the first setting of jax that models cannot be trained or loaded with."""
    import jax

    for name, setting in _SETTINGS.items():
        value = getattr(jax.config, name, setting.accepted[0])
        if value not in setting.accepted:
            raise BadInput(
                f"jax's setting {name} is {value!r}, but {setting.decides}: "
                f'call jax.config.update("{name}", {setting.accepted[0]!r}) first'
            )


def _accepts(setting: _Setting, text: str) -> bool:
    """True if the text of an environment variable stands for an accepted value."""
    if setting.accepted[0] is False:
        return text.lower() in _OFF
    return text.lower() in map(str, setting.accepted)
