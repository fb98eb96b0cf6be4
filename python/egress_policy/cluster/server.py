"""The one module that talks to a cluster: through the official client's configuration, credentials, proxies and TLS.

The answers stay bytes. The client's own models drop fields that they do not know, and take ten times as long.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import orjson

from egress_policy import __version__
from egress_policy.errors import EgressPolicyError

# Seconds: to connect, until the next bytes, and for one answer in all.
_CONNECT, _SILENCE, _PATIENCE = 10, 30, 120
_MOST_BYTES = 64 << 20
_PART = 1 << 16
# What passes: too many requests, a server that restarts. Seconds before each further attempt.
_PASSING = frozenset({429, 502, 503, 504})
# What was refused before anybody looked at it: after the others something may have been created.
_NOT_TAKEN = frozenset({429})
_WAITS = (0.5, 2.0)
_LONGEST_WAIT = 5.0


class ClusterError(EgressPolicyError):
    """The cluster does not answer, or not to us: there is nothing to judge."""

    exit_code = 3


class ConfigurationError(ClusterError):
    """How to reach the cluster is not known, or not well said."""

    exit_code = 2


class NoAnswerError(EgressPolicyError):
    """One request was not answered as a whole; the message says how it ended."""


class TooLargeError(NoAnswerError):
    """The answer is more than is read at once."""


@dataclass(frozen=True, slots=True)
class Access:
    """Which cluster: a kubeconfig and a context, each empty for what kubectl would take."""

    kubeconfig: str = ""
    context: str = ""


class Answer(NamedTuple):
    """What the server said. A status of 400 or more has the server's words in the body."""

    status: int
    reason: str
    body: bytes


class Server:
    """A cluster that can be asked; `url` says where it is."""

    def __init__(self, configuration: Any, pool: Any) -> None:
        self._configuration, self._pool = configuration, pool
        self._answered = False
        self.url = _shown(str(configuration.host))

    def get(self, path: str, **parameters: str) -> Answer:
        """Ask, again for what passes. Raises NoAnswerError, or ClusterError if nothing was ever answered."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        return self._answer("GET", f"{path}{query}", None, _PASSING)

    def send(self, method: str, path: str, body: Any = None) -> Answer:
        """Create or delete something; again only where that cannot do it twice. Raises as `get` does.

        Whatever is not answered may have been done all the same.
        """
        sent = None if body is None else orjson.dumps(body)
        return self._answer(method, path, sent, _NOT_TAKEN if method == "POST" else _PASSING)

    def _answer(self, method: str, path: str, body: bytes | None, passing: frozenset[int]) -> Answer:
        url = f"{self._configuration.host}{path}"
        try:
            answer, wait = self._once(method, url, body)
            for longest in _WAITS:
                if answer.status not in passing:
                    break
                time.sleep(min(wait or longest, _LONGEST_WAIT))
                answer, wait = self._once(method, url, body)
        except NoAnswerError as error:
            if self._answered:
                raise
            hint = "see that it is up and can be reached, or choose another with --context or --kubeconfig"
            raise ClusterError(f"the cluster {self.url} does not answer: {error}; {hint}") from error
        self._answered = True
        if answer.status == 401:
            hint = "log in again, or choose others with --context or --kubeconfig"
            raise ClusterError(f"the cluster {self.url} does not accept the credentials (401): {hint}")
        return answer

    def _once(self, method: str, url: str, body: bytes | None) -> tuple[Answer, float]:
        """The answer, and how long the server asks us to wait."""
        headers = self._headers() | ({"Content-Type": "application/json"} if body else {})
        with _failures():
            response = self._pool.request(
                method, url, body=body, headers=headers, timeout=_timeout(), retries=False, redirect=False,
                preload_content=False,
            )  # fmt: skip
            try:
                whole = _whole(response)
            finally:
                response.close()
        wait = response.headers.get("Retry-After", "")
        return Answer(response.status, response.reason or "", whole), float(wait) if wait.isdecimal() else 0.0

    def _headers(self) -> dict[str, str]:
        """Asked for each time: tokens are renewed while we read."""
        settings = self._configuration.auth_settings().values()
        known = {one["key"]: one["value"] for one in settings if one["in"] == "header" and one["value"]}
        agent = f"egress-policy/{__version__}"
        return {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": agent, **known}


def _shown(host: str) -> str:
    """A name and a password in it are nobody's business."""
    parts = urlsplit(host)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _timeout() -> Any:
    import urllib3

    return urllib3.Timeout(connect=_CONNECT, read=_SILENCE)


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    """Whatever the network, TLS or a certificate's file has against it, as one sentence."""
    from urllib3 import exceptions

    try:
        yield
    except exceptions.NewConnectionError as error:  # which urllib3 counts among the timeouts
        raise NoAnswerError(_said(error)) from error
    except exceptions.TimeoutError as error:
        raise NoAnswerError("it took too long") from error
    except (exceptions.ProtocolError, exceptions.DecodeError) as error:
        raise NoAnswerError("the answer broke off") from error
    except exceptions.SSLError as error:
        raise NoAnswerError(f"its certificate is not accepted ({_said(error)})") from error
    except (exceptions.HTTPError, OSError, ValueError) as error:
        raise NoAnswerError(_said(error)) from error


def _whole(response: Any) -> bytes:
    """The body; urllib3 complains itself if less comes than was announced."""
    until = time.monotonic() + _PATIENCE
    parts: list[bytes] = []
    left = _MOST_BYTES
    while part := response.read(_PART, decode_content=True):
        parts.append(part)
        left -= len(part)
        if left < 0:
            raise TooLargeError(f"the answer is larger than {_MOST_BYTES >> 20} MB")
        if time.monotonic() > until:
            raise NoAnswerError("it took too long")
    return b"".join(parts)


def _said(error: BaseException) -> str:
    """The last line of what the libraries say, without what urllib3 names first."""
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[-1].rpartition("connection: ")[2].rstrip(".")


def connect(access: Access) -> Server:
    """Find the cluster as kubectl does; within a pod without kubeconfig, it is the pod's own.

    Raises ConfigurationError. A kubeconfig may name programs that give credentials: they run, as with kubectl.
    """
    from kubernetes import client, config

    places = access.kubeconfig or config.KUBE_CONFIG_DEFAULT_LOCATION
    there = any(Path(place).expanduser().is_file() for place in places.split(os.pathsep) if place)
    configuration = client.Configuration()
    if there:
        with _configuring(), _without_silent_errors():
            config.load_kube_config(places, access.context or None, configuration)
    elif access.kubeconfig or access.context or "KUBERNETES_SERVICE_HOST" not in os.environ:
        hint = "name one with --kubeconfig; within a pod of the cluster none is needed"
        raise ConfigurationError(f"there is no kubeconfig {places}: {hint}")
    else:
        with _configuring():
            config.load_incluster_config(configuration)
    with _configuring():
        return Server(configuration, client.ApiClient(configuration).rest_client.pool_manager)


@contextlib.contextmanager
def _configuring() -> Iterator[None]:
    try:
        yield
    except ConfigurationError:
        raise
    except Exception as error:  # the client reads these files without looking: any exception may come of a wrong one
        hint = "`kubectl config get-contexts` lists what there is for --context and --kubeconfig"
        raise ConfigurationError(f"there is no way to a cluster: {_said(error)}; {hint}") from error


@contextlib.contextmanager
def _without_silent_errors() -> Iterator[None]:
    """The client only logs that a program for credentials failed, and goes on without any."""
    heard = _Heard()
    root = logging.getLogger()
    root.addHandler(heard)
    try:
        yield
    finally:
        root.removeHandler(heard)
    if heard.messages:
        raise ConfigurationError(f"no credentials: {heard.messages[0]}")


class _Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())
