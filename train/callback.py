"""Base class of callbacks and the list that calls them: `run(recipe, callbacks=[...])`."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

__all__ = ["Callback", "CallbackList"]

_RENAMED = {
    "start": "on_start",
    "moved": "on_progress",
    "row": "on_metrics",
    "stopped": "on_stop",
    "end": "on_end",
    "memory": "state_dict",
    "recall": "load_state_dict",
}


class Callback:
    """Base class of callbacks; a subclass overrides the hooks that it needs.

    Attributes:
        name: Key under which checkpoints keep the state of the callback. A subclass that sets no name is saved under
            the name of its class, so that a class that may be renamed should set one.
        former_name: Name of the class in checkpoints of format 1, where it differs from today's.

    Raises:
        TypeError: If a subclass defines a hook under its former name alone, which would never be called.
    """

    name: ClassVar[str]
    former_name: ClassVar[str | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" not in vars(cls):
            cls.name = cls.__name__
        for old, new in _RENAMED.items():
            if callable(getattr(cls, old, None)) and getattr(cls, new) is getattr(Callback, new):
                raise TypeError(
                    f"{cls.__name__}.{old} is never called: the hook {old} of zoo.train.Callback is now {new}. "
                    f"Rename the method to {new}, or to something else if it is no hook"
                )

    def on_start(self, setup: Any, folder: Path | None) -> None:
        """Called before the first step with the parts of the run and its folder; None if the run writes nothing."""

    def on_progress(self, step: int, row: dict) -> None:
        """Called a few times a second with the means since the last logged row; for display only."""

    def on_metrics(self, row: dict, fit: dict) -> bool | None:
        """Called at every logged row; returning True ends the run. `fit` must not be kept: its memory is reused."""

    def on_stop(self) -> None:
        """Called after the last step, also if the run failed; closes what `on_start` opened."""

    def on_end(self, result: Any) -> None:
        """Called with the result of a run that did not fail, after the model is saved and the pictures are drawn."""

    def state_dict(self) -> Any:
        """Returns the state that a checkpoint keeps, as plain JSON values; None for no state."""

    def load_state_dict(self, state: Any) -> None:
        """Restores the state of `state_dict`; called before `on_start` of a resumed run."""


Callback.name = Callback.__name__


class CallbackList(Callback):
    """Calls several callbacks in order.

    >>> CallbackList([Callback(), Callback()]).state_dict()
    {}
    """

    def __init__(self, callbacks: Iterable[Callback] = ()):
        self._callbacks = tuple(callbacks)

    def __iter__(self) -> Iterator[Callback]:
        return iter(self._callbacks)

    def on_start(self, setup: Any, folder: Path | None) -> None:
        """Calls every `on_start`."""
        for callback in self:
            callback.on_start(setup, folder)

    def on_progress(self, step: int, row: dict) -> None:
        """Calls every `on_progress` with a copy of the row."""
        for callback in self:
            callback.on_progress(step, dict(row))

    def on_metrics(self, row: dict, fit: dict) -> bool:
        """Calls every `on_metrics`; True if any of them ends the run."""
        ends = [callback.on_metrics(row, fit) for callback in self]  # every one is called
        return any(ends)

    def on_stop(self) -> None:
        """Calls every `on_stop`."""
        for callback in self:
            callback.on_stop()

    def on_end(self, result: Any) -> None:
        """Calls every `on_end`."""
        for callback in self:
            callback.on_end(result)

    def state_dict(self) -> dict[str, Any]:
        """Returns the state of each callback that has one, by its name; equal names are numbered from the second on."""
        return {name: state for name, _, each in self._named() if (state := each.state_dict()) is not None}

    def load_state_dict(self, state: Mapping[str, Any], *, former: bool = False) -> None:
        """Restores the callbacks whose state was saved.

        Args:
            state: States by name.
            former: Whether the names are those of checkpoints of format 1: the names of the classes.
        """
        for name, former_name, callback in self._named():
            key = former_name if former else name
            if key in state:
                callback.load_state_dict(state[key])

    def _named(self) -> Iterator[tuple[str, str, Callback]]:
        """Yields today's name and the former name of each callback."""
        names, former_names = Counter(), Counter()
        for callback in self:
            former_name = callback.former_name or type(callback).__name__
            name = type(callback).name  # of the class: an instance may use the attribute for something else
            name = name if isinstance(name, str) else type(callback).__name__
            yield _numbered(name, names), _numbered(former_name, former_names), callback


def _numbered(name: str, seen: Counter[str]) -> str:
    seen[name] += 1
    return name if seen[name] == 1 else f"{name}-{seen[name]}"
