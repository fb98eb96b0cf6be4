"""HTTP with an end: a time for each answer to begin and to go on, and a size that none exceeds."""

from __future__ import annotations

import time
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from egress_policy.bundle.places import PlaceError
from egress_policy.hosts import is_private

_CONNECT, _READ = 10.0, 60.0
_MOST_SECONDS = 600.0
_CHUNK = 1 << 16


class _Guarded(HTTPAdapter):
    """Whatever asks without saying how long to wait, waits this long; whatever leads to plain HTTP ends."""

    def send(self, request: Any, *rest: Any, **options: Any) -> Any:
        if not is_private(request.url):
            raise PlaceError(f"{request.url}: is plain HTTP: use https")
        options["timeout"] = options.get("timeout") or (_CONNECT, _READ)
        return super().send(request, *rest, **options)


def guarded(session: requests.Session) -> requests.Session:
    """The session, which now gives up some time, and never asks or is led anywhere in plain HTTP."""
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Guarded())
    return session


def content(answer: requests.Response, most: int) -> bytes:
    """What an answer that was asked for as a stream holds. Raises PlaceError for more, or for one that drips."""
    end = time.monotonic() + _MOST_SECONDS
    found = bytearray()
    try:
        for part in answer.iter_content(_CHUNK):
            found += part
            if len(found) > most:
                raise PlaceError(f"{answer.url}: is larger than {most >> 20} MiB")
            if time.monotonic() > end:
                raise PlaceError(f"{answer.url}: took more than {_MOST_SECONDS:.0f} seconds")
    except requests.RequestException as error:
        raise PlaceError(f"{answer.url}: {reason(error)}") from error
    finally:
        answer.close()
    return bytes(found)


def reason(error: BaseException) -> str:
    """The last of what led to an error, which says what happened; the first says only that something did."""
    seen = error
    while (below := seen.__cause__ or seen.__context__) is not None:
        seen = below
    return str(seen) or type(seen).__name__
