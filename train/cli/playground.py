"""Opens the playground: models of points, series and patterns that are trained in the browser, knob by knob."""

import secrets
import socket
import sys
import threading
import webbrowser
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

from ..config.schema import Option
from ..errors import BadInput
from ..option_types import Bounds
from .model_args import HELP
from .parser import Parser

__all__ = ["main"]

_FLAGS = (
    Option("port", Annotated[int, Bounds(0, 65535)], 8700, "port; 0 takes a free one", "server"),
    Option("host", str, "127.0.0.1", "address to listen on; 0.0.0.0 lets other machines in", "server"),
    Option("browser", bool, True, "open the page in the browser", "server"),
    HELP,
)
_TEXT = """\
Opens a page on which models of points, series and patterns are trained while their knobs are turned: data, features,
layers, rates. It gives back the command, the code and the model file of what is seen. RUN opens the recipe and the
weights of a run on a data set of the playground, such as spiral or sine."""
_EXTRA = "pip install 'neural-network-zoo[playground]'"


def main(words: Sequence[str], prog: str = "python -m zoo playground") -> int:
    """Serves the playground until Ctrl-C; returns the exit code."""
    parser = Parser(_FLAGS, prog, "[RUN] [--flag value ...]", _TEXT)
    typed, places = parser.read_places(list(words))
    if typed.get("help"):
        print(parser.format_help().rstrip())
        return 0
    if len(places) > 1:
        raise BadInput(f"usage: {prog} [RUN]; got {' '.join(places)}")
    given = {flag.name: flag.default for flag in _FLAGS} | typed
    own = _socket(given["host"], given["port"])
    return _serve(own, given, places)


def _socket(host: str, port: int) -> socket.socket:
    """Returns a socket that listens; the port is taken before anything is imported.

    Raises:
        BadInput: If the address is not free.
    """
    own = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        own.bind((host, port))
        own.listen(64)
    except OSError as error:
        own.close()
        raise BadInput(f"--host {host} --port {port}: {error.strerror or error}; take another one, --port 0") from None
    return own


def _sessions(run: str = "") -> Any:
    """Returns what makes a session from a function that sends: at a run, or at the first page."""
    from ..playground.session import Session

    if not run:
        return Session
    from ..playground.opened import start_of, state_of

    return partial(Session, start=state_of(run), warm=partial(start_of, run))


def _serve(own: socket.socket, given: dict[str, Any], places: list[str]) -> int:
    try:
        from ..playground.server import application, is_local, serve
    except ModuleNotFoundError as error:
        if error.name not in ("starlette", "uvicorn"):
            raise
        raise BadInput(f"the playground needs {error.name}: {_EXTRA}") from None
    make = _sessions(*places)
    token, host, port = secrets.token_urlsafe(24), given["host"], own.getsockname()[1]
    shown = host if is_local(host) else "127.0.0.1"
    address = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/?token={token}"
    if not is_local(host):
        print(
            f"warning: --host {host} lets every machine of the network in that knows the address with its token, "
            "unencrypted",
            file=sys.stderr,
        )
    print(f"playground  {address}\nCtrl-C ends it", flush=True)
    if given["browser"]:
        threading.Timer(0.3, webbrowser.open, [address]).start()
    serve(application(token, make, hosts=("127.0.0.1", "localhost", "::1") if is_local(host) else None), own)
    return 0
