"""Small accidents and small lies: a valid policy with one or two places overwritten, removed or added."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

JUNK: list[Any] = [
    *(None, "", " ", "a", "A b", "-a", "a" * 64, "tcp", "TCP", "ICMP", "Egress", "egress", "80", "http", "HTTP", "1-2"),
    *(0, 1, -1, 80, 65535, 65536, 2**31, 2**63, 1.5, True, False),
    *({}, [], [None], [{}], {"a": "b"}, {"a": None}, ["a"], [""]),
]
CIDRS: list[Any] = [
    *(
        "10.0.0.0",
        "10.0.0.0/",
        "/8",
        "10.0.0.0/33",
        "10.0.0.0/08",
        "010.0.0.0/8",
        "10.0.0.1/8",
        "10.0.0/8",
        "10.0.0.0/-1",
    ),
    *(
        " 10.0.0.0/8",
        "10.0.0.0/8 ",
        "10.0.0.0/8\n",
        "0.0.0.0/0",
        "::/0",
        "::/129",
        "::ffff:10.0.0.0/104",
        "::ffff:0:0/96",
    ),
    *("::ffff:0:0/95", "fe80::1%eth0/64", "FD00::/8", "fd00:0000::/8", "10.0.0.0/8,11.0.0.0/8", "0x0a.0.0.0/8", "1/8"),
    *(
        "10.0.0.0/+8",
        "::1/128",
        "2001:db8::/32",
        "2001:DB8::1/32",
        "64:ff9b::1.2.3.4/128",
        "256.0.0.0/8",
        "10.0.0.0/255.0.0.0",
    ),
    *(
        "0.0.0.0/00",
        "00.0.0.0/0",
        "::00/0",
        "0:0::/0",
        "0::0/0",
        "٣.0.0.0/8",
        "1.1.1.1/32",
        "10.0.0.0/9",
        "::10.0.0.0/104",
    ),
]
EXTRA_KEYS = [
    "to",
    "from",
    "ports",
    "except",
    "cidr",
    "port",
    "endPort",
    "protocol",
    "podSelector",
    "operator",
    "values",
    "x",
]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything inside."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield (*path, key)
        yield from places(inner, (*path, key))


@st.composite
def mutated(draw: st.DrawFn, policies: st.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    """A policy after none to two accidents below `spec`, now and then in its name or version."""
    policy = copy.deepcopy(draw(policies))
    for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2]))):
        _accident(draw, policy)
    if draw(st.integers(0, 15)) == 0:
        policy["metadata"]["name"] = draw(st.sampled_from(["", "A", "a_b", "a.b", "a" * 254, "-a", "a-", None]))
    if draw(st.integers(0, 30)) == 0:
        policy["metadata"]["namespace"] = draw(st.sampled_from(["", "A", "a_b", "a.b", "a" * 64, None]))
    return policy


def _accident(draw: st.DrawFn, policy: dict[str, Any]) -> None:
    known = [path for path in places(policy) if path[0] == "spec"]
    if not known:
        return
    path = draw(st.sampled_from(known))
    parent: Any = policy
    for key in path[:-1]:
        parent = parent[key]
    key = path[-1]
    form = draw(st.sampled_from(["overwrite", "overwrite", "overwrite", "remove", "add", "twice"]))
    if form == "overwrite":
        parent[key] = copy.deepcopy(draw(st.sampled_from(CIDRS if "cidr" in path or "except" in path else JUNK)))
    elif form == "remove":
        del parent[key]
    elif form == "twice" and isinstance(parent, list):
        parent.append(copy.deepcopy(parent[key]))
    elif isinstance(parent[key], dict):
        parent[key][draw(st.sampled_from(EXTRA_KEYS))] = copy.deepcopy(draw(st.sampled_from(JUNK)))
