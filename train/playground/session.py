"""A session: a run that a worker thread steps, and the messages that steer it."""

import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np

from ..engine.loop import Diverged, train_row
from ..engine.stepper import LoopState, Stepper
from ..errors import BadInput, ZooError
from ..trainers import traits
from .blame import blame
from .build import Built, build
from .home import home, model_file
from .knobs import knobs, lessons
from .protocol import error_text, pack
from .state import DEFAULT, State, models, own_data, read_state, sets
from .views.patterns import PatternsView

__all__ = ["FRAMES", "Session"]

FRAMES = 20
"""Frames a second, at most."""

_SLOW = 5  # steps a second at the speed slow
_WAITING = 64  # messages that wait, at most
_SECONDS = 0.8 / FRAMES  # of steps between two frames, at least; the rest is drawn
_SCORED, _UNSCORED = 0.25, 5.0  # share of the time that scores may take while the run is trained; seconds without any

Send = Callable[[bytes, bool], None]
"""`(message, is_frame)`: sends to the page. Of frames only the newest need arrive."""


class Session:
    """Trains the run of a page and sends what it shows.

    Args:
        send: Sends a message to the page; called from the worker thread.
        start: State of a page without a link.
        warm: `built -> state` of the loop, to begin with where the state is that one; None: as the trainer begins.
    """

    def __init__(self, send: Send, start: State = DEFAULT, warm: Callable[[Built], LoopState] | None = None):
        self._send, self._warm, self._messages = send, warm, queue.Queue(_WAITING)
        self._built: Built | None = None
        self._steps: Stepper | None = None
        self._playing, self._slow, self._moved = False, False, False
        self._burst, self._rate, self._start = 1, 0.0, start
        self._drawing, self._scoring, self._scored = 0.0, 0.0, 0.0  # seconds of the last frame, of its scores; when
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name="playground session", daemon=True)
        self._thread.start()

    @property
    def playing(self) -> bool:
        """True while the run is trained."""
        return self._playing

    def ask(self, message: Mapping[str, Any]) -> None:
        """Hands a message of `protocol.read` to the worker.

        Raises:
            BadInput: If too many messages wait.
        """
        try:
            self._messages.put_nowait(message)
        except queue.Full:
            raise BadInput("too many messages wait; the last one is left out") from None

    def close(self) -> None:
        """Ends the session after the steps under way."""
        self._closed.set()

    def join(self, seconds: float) -> None:
        """Waits for the end of the worker."""
        self._thread.join(seconds)

    def _work(self) -> None:
        while not self._closed.is_set():
            try:
                message = self._messages.get(timeout=0 if self._playing else 0.25)
            except queue.Empty:
                if self._playing:
                    self._safely(self._play)
                continue
            self._safely(lambda message=message: self._answer(message))
        self._built = self._steps = None

    def _safely(self, do: Callable[[], None]) -> None:
        """Does something; an error goes to the page as a message, and the session goes on."""
        try:
            do()
        except ZooError as error:
            self._playing = self._playing and not isinstance(error, Diverged)
            self._say({"type": "error", "text": error_text(error), "playing": self._playing})
        except Exception:
            self._playing = False
            traceback.print_exc(file=sys.stderr)
            text = "the playground failed at this; its terminal has the details. Restart, or take other knobs"
            self._say({"type": "error", "text": text, "playing": False})

    def _answer(self, message: Mapping[str, Any]) -> None:
        name = message["do"]
        if name == "state":
            self._show(read_state(message["state"], self._start))
            return
        built, steps = self._run()
        if name in ("play", "pause"):
            self._playing = name == "play"
            self._burst = 1
            self._frame()
        elif name == "step":
            self._playing = False
            self._move(steps.now.step + 1)
            self._frame()
        elif name == "restart":
            self._steps, self._moved = Stepper(built.parts.advance, built.parts.key), False
            self._frame()
        elif name == "speed":
            self._slow = message["value"] == "slow"
        elif name == "blame":
            header, arrays = blame(built, steps.now.fit, message["split"], message["index"])
            self._say({"type": "blame", "step": steps.now.step, **header}, arrays)
        elif name == "recall":
            if not isinstance(built.view, PatternsView):
                raise BadInput(f"{built.parts.recipe.model} follows no pattern here: take hopfield or rbm")
            header, arrays = built.view.follow(steps.now.fit, message)
            self._say({"type": "recall", "step": steps.now.step, **header}, arrays)
        elif name == "home":
            texts = home(built, steps.now.step, self._endless(built))
            self._say({"type": "home", "moved": self._moved, "step": steps.now.step, **texts})
        else:
            content = model_file(built, steps.now.fit, steps.now.step)
            name = f"{built.parts.recipe.model}-{built.state.dataset}.safetensors"
            self._say({"type": "file", "name": name}, {"content": np.frombuffer(content, np.uint8)})

    def _run(self) -> tuple[Built, Stepper]:
        if self._built is None or self._steps is None:
            raise BadInput("there is no run yet: its state was not valid")
        return self._built, self._steps

    def _show(self, state: State) -> None:
        """Shows another state: the fit goes on where only numbers or noise differ, else the run starts again."""
        built, before = build(state), self._built
        goes_on = before is not None and self._steps is not None and built.continues(before)
        if goes_on:
            assert self._steps is not None
            self._steps.change(built.parts.advance)
            self._moved = self._moved or self._steps.now.step > 0
        else:
            first = self._warm(built) if self._warm is not None and state == self._start else None
            self._steps = Stepper(built.parts.advance, built.parts.key, first)
            self._moved, self._burst = first is not None, 1
        self._built = built
        header = {
            "type": "built",
            "goes_on": goes_on,
            "model": state.model,
            "dataset": state.dataset,
            "set": dict(state.given),
            "models": models(),
            "sets": {name: sets(name) for name in models()},
            "own": {name: own_data(name) for name in models()},
            "knobs": knobs(built),
            "lessons": lessons(),
            "notes": built.notes,
            "headline": built.parts.task.headline,
            "length": None if self._endless(built) else built.parts.plan.steps,
            **built.view.about(),
        }
        self._say(header, built.view.examples())
        self._frame()

    def _play(self) -> None:
        """Runs steps for a frame, at the speed that the page asked for, and sends it."""
        _, steps = self._run()
        began = time.perf_counter()
        first = steps.now.step
        self._move(first + (1 if self._slow else self._burst))
        jax.block_until_ready(steps.now.totals)
        taken = time.perf_counter() - began
        done = steps.now.step - first
        if not self._slow:
            wanted = max(_SECONDS, self._drawing)  # half of the time, where frames are dear
            self._burst = int(np.clip(done * wanted / max(taken, 1e-6), 1, 2 * self._burst + 8))
        self._frame()
        wait = 1 / (_SLOW if self._slow else FRAMES) - (time.perf_counter() - began)
        if wait > 0:
            time.sleep(wait)
        self._rate = done / max(time.perf_counter() - began, 1e-6)

    def _move(self, until: int) -> None:
        """Runs steps; a run with a length ends there.

        Raises:
            Diverged: If the loss is not finite.
        """
        built, steps = self._run()
        if not self._endless(built):
            until = min(until, built.parts.plan.steps)
            self._playing = self._playing and until < built.parts.plan.steps
        if until <= steps.now.step:
            return
        steps(until)
        train_row(steps.now, built.parts.plan, built.parts.rate)
        steps.now.totals, steps.now.since = None, steps.now.step

    def _frame(self) -> None:
        """Sends what is drawn of the fit."""
        built, steps = self._run()
        step, began = steps.now.step, time.perf_counter()
        header: dict[str, Any] = {
            "type": "frame",
            "step": step,
            "epoch": step / built.parts.advance.feed.steps_per_epoch,
            "rate": self._rate if self._playing else 0.0,
            "playing": self._playing,
        }
        # Scores that take long are left out of some frames while the run is trained.
        if not self._playing or began - self._scored > min(self._scoring / _SCORED, _UNSCORED):
            header["scores"] = self._scores(built, steps.now)
        self._send(pack(header, built.view(steps.now.fit)), True)
        self._drawing = time.perf_counter() - began

    def _scores(self, built: Built, now: LoopState) -> dict[str, Any]:
        """Returns the scores of training and test examples, and takes their time."""
        began = time.perf_counter()
        fit = built.parts.advance.prepared(now.fit, built.parts.key, now.step)
        found = {name: score(fit, built.parts.key, now.step) for name, score in built.scores.items()}
        self._scored = time.perf_counter()
        self._scoring = self._scored - began
        return found

    def _say(self, header: Mapping[str, Any], arrays: Mapping[str, Any] | None = None) -> None:
        self._send(pack(header, arrays), False)

    def _endless(self, built: Built) -> bool:
        """Returns whether training may go on for ever: nothing depends on the length of the run."""
        recipe = built.parts.recipe
        return traits(recipe.trainer).gradient and recipe.sched == "constant"
