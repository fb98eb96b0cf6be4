"""What the status of a probe's container says. The messages are those of BusyBox 1.37, tried, and of others."""

from __future__ import annotations

from typing import Any

import pytest

from egress_policy.verify.answers import Found, found
from egress_policy.verify.options import Place
from egress_policy.verify.plan import Probe

DNS = Probe("dns", "DNS", ("nslookup", "a"), "answers")
OUTSIDE = Probe("outside", "outside", ("nc", "a", "1"), "no answer", Place("1.1.1.1", 443))
SERVER = "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n"
NAME = "Name:\ta.svc\nAddress: 10.96.0.1\n\n"


@pytest.mark.parametrize(
    ("code", "said", "expected"),
    [
        (0, "1.1.1.1 (1.1.1.1:443) open\nsent 0, rcvd 0\n", "answers"),
        (1, "nc: 1.1.1.1 (1.1.1.1:443): Connection timed out\nsent 0, rcvd 0\n", "timed out"),
        (1, "nc: 1.1.1.1 (1.1.1.1:443): Operation timed out\n", "timed out"),
        (1, "nc: connect to 1.1.1.1 port 443 (tcp) timed out: Operation now in progress", "timed out"),
        (1, "nc: 1.1.1.1 (1.1.1.1:443): Connection refused\nsent 0, rcvd 0\n", "refused"),
        (1, "nc: ::1 ([::1]:1): No route to host", "unreachable"),
        (1, "nc: 1.1.1.1 (1.1.1.1:443): Network unreachable", "unreachable"),
        (1, "nc: 1.1.1.1 (1.1.1.1:443): Operation not permitted", "unreachable"),
        (1, "nc: bad address 'nosuch.invalid'", "not known"),
        (1, "nc: bad address 'connection.refused.example'", "not known"),
        (1, "", "not known"),
        (1, "nc: invalid option -- 'z'", "not known"),
        (2, "Connection timed out", "not known"),
        (127, "timeout: can't execute 'nc': No such file or directory", "not known"),
        (126, "sh: permission denied", "not known"),
        (143, "Terminated\n", "timed out"),
        (124, "", "timed out"),
        (137, "", "not known"),
        (139, "", "not known"),
    ],
)
def test_a_connection(code: int, said: str, expected: str) -> None:
    assert _got(OUTSIDE, code, said).got == expected


@pytest.mark.parametrize(
    ("code", "said", "expected"),
    [
        (0, SERVER + NAME, "answers"),
        (1, f"{SERVER}{NAME}** server can't find a.svc: NXDOMAIN\n", "answers"),
        (1, f"{SERVER}** server can't find a.svc: NXDOMAIN\n", "not known"),
        (1, ";; connection timed out; no servers could be reached\n", "timed out"),
        (1, "nslookup: write to '10.96.0.10': Connection refused\n;; connection timed out; no servers", "timed out"),
        (1, SERVER, "not known"),
    ],
)
def test_a_name(code: int, said: str, expected: str) -> None:
    assert _got(DNS, code, said).got == expected


def test_what_looks_like_a_resolved_name_is_no_connection() -> None:
    assert _got(OUTSIDE, 1, NAME).got == "not known"


def test_another_name_is_advised_where_this_one_does_not_exist() -> None:
    result = _got(DNS, 1, f"{SERVER}** server can't find a.svc: NXDOMAIN\n")
    said = "exit code 1: ** server can't find a.svc: NXDOMAIN; name one that exists with --lookup"
    assert result == Found("not known", said)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param({}, None, id="nothing yet"),
        pytest.param({"state": None}, None, id="null"),
        pytest.param({"state": {"running": {}}}, None, id="it runs"),
        pytest.param({"state": {"waiting": {"reason": "ImagePullBackOff"}}}, None, id="it waits"),
        pytest.param({"state": {"terminated": {}}}, "no exit code", id="no exit code"),
        pytest.param({"state": {"terminated": {"exitCode": "0"}}}, "no exit code", id="a text for a code"),
        pytest.param({"state": {"terminated": {"exitCode": 0, "reason": "OOMKilled"}}}, "OOMKilled", id="killed"),
        pytest.param(
            {"state": {"terminated": {"exitCode": 137, "reason": "ContainerStatusUnknown"}}}, "Unknown", id="it is lost"
        ),
        pytest.param({"state": {"terminated": {"exitCode": 128, "reason": "StartError"}}}, "StartError", id="no start"),
    ],
)
def test_a_container_that_did_not_end_by_itself_proves_nothing(status: Any, expected: str | None) -> None:
    result = found(OUTSIDE, status)
    assert (result is None) == (expected is None)
    if result is not None:
        assert result.got == "not known"
        assert expected is not None
        assert expected in result.said


def test_a_long_message_is_cut() -> None:
    assert len(_got(OUTSIDE, 1, "x" * 5000).said) < 250


def _got(probe: Probe, code: int, said: str) -> Found:
    reason = "Error" if code else "Completed"
    result = found(probe, {"state": {"terminated": {"exitCode": code, "message": said, "reason": reason}}})
    assert result is not None
    return result
