"""The server of the playground: the page, and a session for each of its connections.

It is bound to this machine. A token in the address keeps other users of the machine out; Host and Origin are checked,
so that no page of another site can drive it.
"""

import asyncio
import hmac
import os
import socket
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from ..errors import ZooError
from .protocol import LARGEST, error_text, pack, read

__all__ = ["application", "is_local", "serve"]

Send = Callable[[bytes, bool], None]


class Session(Protocol):
    """Interface of a session that the server calls."""

    @property
    def playing(self) -> bool:
        """True while the run is trained."""
        ...

    def ask(self, message: dict[str, Any]) -> None:
        """Takes a message of `protocol.read`."""

    def close(self) -> None:
        """Ends the session."""


_PAGE = Path(__file__).parent / "page"
_MOST_SESSIONS = 20
_IDLE = 30 * 60.0  # seconds without a message, while nothing is trained
_LONGEST = 4 * 60 * 60.0  # seconds without a message at all
_LATE, _REFUSED, _FULL = 4408, 4403, 4429  # codes of closing
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
_COLAB = (".googleusercontent.com", ".colab.dev")  # hosts of Colab's port proxy


def application(
    token: str, make: Callable[[Send], Session], *, hosts: tuple[str, ...] | None = None, idle: float = _IDLE
) -> Starlette:
    """Returns the application.

    Args:
        token: Secret that the address must contain.
        make: Makes a session from a function that sends to its page, `(message, is_frame)`.
        hosts: Names by which the server may be addressed, without the port; None: any.
        idle: Seconds after which a session without a message ends, if it does not train.
    """
    open_: set[Session] = set()

    async def page(request: Request) -> Response:
        if not _host_is_known(request.headers.get("host", ""), hosts):
            return PlainTextResponse("unknown host", 421)
        if not _is_token(request.query_params.get("token", ""), token):
            return PlainTextResponse("The address lacks its token: open the one that the terminal shows.", 403)
        return FileResponse(_PAGE / "index.html", media_type="text/html", headers=_HEADERS)

    async def file(request: Request) -> Response:
        path = _PAGE / request.path_params["name"]
        kind = _KINDS.get(path.suffix)
        if not _host_is_known(request.headers.get("host", ""), hosts) or kind is None or not path.is_file():
            return PlainTextResponse("not found", 404)
        return FileResponse(path, media_type=kind, headers=_HEADERS)

    async def talk(socket: WebSocket) -> None:
        if not _may_talk(socket, token, hosts):
            await socket.close(_REFUSED)
            return
        await socket.accept()
        if len(open_) >= _MOST_SESSIONS:
            await socket.close(_FULL, f"{_MOST_SESSIONS} pages are open already: close one")
            return
        mail = _Mail(asyncio.get_running_loop())
        session = make(mail.send)
        open_.add(session)
        sender = asyncio.create_task(mail.deliver(socket))
        try:
            await _listen(socket, session, mail, idle)
        finally:
            session.close()
            sender.cancel()
            open_.discard(session)

    return Starlette(routes=[Route("/", page), Route("/{name}", file), WebSocketRoute("/talk", talk)])


def is_local(host: str) -> bool:
    """Returns whether an address is reached from this machine alone."""
    return host in ("127.0.0.1", "localhost", "::1")


class _Mail:
    """Holds what is to be sent: all answers, and of the frames the newest."""

    def __init__(self, loop: asyncio.AbstractEventLoop):
        self._loop, self._there = loop, asyncio.Event()
        self._answers: deque[bytes] = deque()
        self._frame: bytes | None = None

    def send(self, message: bytes, is_frame: bool) -> None:
        """Takes a message from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._put, message, is_frame)
        except RuntimeError:  # the server has ended
            return

    def _put(self, message: bytes, is_frame: bool) -> None:
        if is_frame:
            self._frame = message
        else:
            self._answers += [message] if self._frame is None else [self._frame, message]  # in their order
            self._frame = None
        self._there.set()

    async def deliver(self, socket: WebSocket) -> None:
        """Sends for ever."""
        while True:
            await self._there.wait()
            self._there.clear()
            while self._answers:
                await socket.send_bytes(self._answers.popleft())
            if self._frame is not None:
                frame, self._frame = self._frame, None
                await socket.send_bytes(frame)


async def _listen(socket: WebSocket, session: Session, mail: _Mail, idle: float) -> None:
    """Hands on messages until the page closes, or is idle for too long."""
    while True:
        try:
            found = await asyncio.wait_for(socket.receive(), _LONGEST if session.playing else idle)
        except TimeoutError:
            if socket.client_state is WebSocketState.CONNECTED:
                await socket.close(_LATE, "the session was idle for too long")
            return
        except (WebSocketDisconnect, RuntimeError):
            return
        if found["type"] == "websocket.disconnect":
            return
        try:
            session.ask(read(found.get("text")))
        except ZooError as error:
            mail.send(pack({"type": "error", "text": error_text(error), "playing": session.playing}), False)


def _may_talk(socket: WebSocket, token: str, hosts: tuple[str, ...] | None) -> bool:
    """Returns whether a connection comes from our own page: by its token, and by Host and Origin, which agree."""
    host, origin = socket.headers.get("host", ""), socket.headers.get("origin", "")
    own = origin.partition("://")[2] == host and origin.partition("://")[0] in ("http", "https")
    return own and _host_is_known(host, hosts) and _is_token(socket.query_params.get("token", ""), token)


def _is_token(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())


def _host_is_known(host: str, hosts: tuple[str, ...] | None) -> bool:
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    if "COLAB_RELEASE_TAG" in os.environ and name.endswith(_COLAB):
        return True
    return bool(name) and (hosts is None or name.strip("[]") in hosts)


def serve(app: Starlette, sock: socket.socket) -> None:
    """Serves on a socket that listens, until Ctrl-C."""
    import uvicorn

    config = uvicorn.Config(
        app, log_level="warning", ws_max_size=2 * LARGEST, ws_max_queue=8, lifespan="off", timeout_graceful_shutdown=1
    )
    uvicorn.Server(config).run(sockets=[sock])
