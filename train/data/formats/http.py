"""Opens web addresses: https alone, with a deadline for the headers, and with a least speed for the body."""

import io
import time
import urllib.request
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

__all__ = ["Malformed", "NotAllowed", "TooLarge", "open_url"]

_SILENCE = 15.0  # seconds without a byte
_HEADERS = 60.0  # seconds for all headers of a response; for the body of a redirection as well
_MOST_HEADERS = 1 << 20  # bytes of them
_SLOWEST, _AFTER = 1024, 60.0  # bytes a second of a body, and the seconds after which they are required


class TooLarge(OSError):
    """More bytes than expected."""


class NotAllowed(OSError):
    """Address that is not https."""


class Malformed(OSError):
    """Address or header that cannot be parsed."""


def open_url(url: str, headers: dict[str, str]) -> Any:
    """Opens an address, after redirections.

    Args:
        url: the address.
        headers: headers of the request.

    Returns:
        The response. Before its body is read, `response.pace.begin_body(deadline)` must be called.

    Raises:
        OSError, HTTPException: if there is no response, no complete headers within a minute, or the address is not
            https, or cannot be parsed, as that of a redirection.
    """
    try:
        request = urllib.request.Request(_allowed(url), headers=headers)
        return urllib.request.build_opener(_Http, _Https, _Redirects).open(request, timeout=_SILENCE)
    except ValueError as error:  # of urlsplit, or of a label that is too long for a host name
        raise Malformed(f"invalid address: {error}") from error


class _Pace(io.RawIOBase):
    """Reads from a socket as long as its bytes arrive in time; the timeout of a socket is that of one byte."""

    def __init__(self, raw: Any):
        self._raw, self._count, self._start = raw, 0, time.monotonic()
        self._deadline: float | None = None  # of the body; None: the headers are read

    def begin_body(self, deadline: float) -> None:
        """Ends the headers; the body must be there at the deadline, in the time of `time.monotonic`."""
        self._count, self._start, self._deadline = 0, time.monotonic(), deadline

    def readable(self) -> bool:
        """Returns True."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Reads some bytes.

        Raises:
            TimeoutError: if headers or body are too slow.
            TooLarge: if the headers are too long.
        """
        now = time.monotonic()
        if self._deadline is None:
            if now - self._start > _HEADERS:
                raise TimeoutError(f"headers not complete after {_HEADERS:g} seconds")
            if self._count > _MOST_HEADERS:
                raise TooLarge(f"headers of more than {_MOST_HEADERS:,} bytes")
        elif now > self._deadline:
            raise TimeoutError(f"not complete after {now - self._start:.0f} seconds, the deadline")
        elif now - self._start > _AFTER and self._count < _SLOWEST * (now - self._start):
            raise TimeoutError(f"slower than {_SLOWEST} bytes a second")
        count = self._raw.readinto(buffer)
        self._count += count or 0
        return count

    def close(self) -> None:
        """Closes the socket as well."""
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.pace = _Pace(self.fp.detach())
        self.fp = io.BufferedReader(self.pace)


class _Connection(HTTPConnection):
    response_class = _Response


class _SecureConnection(HTTPSConnection):
    response_class = _Response


class _Http(urllib.request.HTTPHandler):
    def http_open(self, req):
        return self.do_open(_Connection, req)


class _Https(urllib.request.HTTPSHandler):
    def https_open(self, req):
        return self.do_open(_SecureConnection, req)


class _Redirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req, fp, code, msg, headers, newurl):
        return super().redirect_request(req, fp, code, msg, headers, _allowed(newurl))


def _allowed(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")):
        raise NotAllowed(f"{url} is not allowed: only https is")
    return url
