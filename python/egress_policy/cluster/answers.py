"""An answer of the API server as an object, or a sentence that says why it is none."""

from __future__ import annotations

from typing import Any

import orjson

from egress_policy.cluster.server import Answer, NoAnswerError, Server, TooLargeError
from egress_policy.errors import EgressPolicyError

_LONGEST = 300


class UnusableError(EgressPolicyError):
    """There is no answer, or none that can be used. `status` is the server's, 0 if there was none."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


def fetched(server: Server, path: str, **parameters: str) -> dict[str, Any]:
    """The object at a path. Raises UnusableError, and TooLargeError for whoever can ask for less."""
    try:
        answer = server.get(path, **parameters)
    except TooLargeError:
        raise
    except NoAnswerError as error:
        raise UnusableError(str(error)) from error
    return usable(answer)


def usable(answer: Answer, done: int = 200) -> dict[str, Any]:
    """The object in an answer that has this status. Raises UnusableError for a refusal, and for what is no object."""
    if answer.status != done:
        raise UnusableError(_refusal(answer), answer.status)
    found = _parsed(answer.body)
    if not isinstance(found, dict):
        raise UnusableError("the answer is no JSON object")
    return found


def _refusal(answer: Answer) -> str:
    said = text(_parsed(answer.body), "message")[:_LONGEST]
    return f"{answer.status} {answer.reason}".rstrip() + (f": {said}" if said else "")


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def text(value: Any, field: str) -> str:
    """A field of an object, empty if it is no text."""
    found = value.get(field) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""
