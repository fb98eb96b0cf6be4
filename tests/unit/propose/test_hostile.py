"""What nobody should write: secrets that must not be shown, values of any type, texts that break out, sizes."""

from __future__ import annotations

import json
import string
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from egress_policy import propose, reader
from egress_policy.propose import addresses
from egress_policy.propose import lines as propose_lines
from egress_policy.propose.proposal import Proposal
from egress_policy.reader import Document

# Nothing that is in the output anyway is a secret: a marker makes each piece of one recognisable.
_MARK = "zq"
_LETTERS = st.text(string.ascii_letters + string.digits + "/?#@:;,&=%$(){}[]<>'\"`\\|. \t\n\u2028é", max_size=12)
_SCHEMES = st.sampled_from([*addresses.SCHEMES, "jdbc:postgresql", "jdbc:mysql", "postgresql+psycopg"])


def _documents(*objects: dict[str, Any]) -> list[Document]:
    """Objects as the reader gives them."""
    found = []
    for index, one in enumerate(objects):
        metadata = one.get("metadata")
        named = metadata if isinstance(metadata, dict) else {}
        identity = (one.get("apiVersion", "v1"), one.get("kind", "Pod"), named.get("namespace"), named.get("name", ""))
        found.append(Document(json.dumps(one).encode(), *identity, "shop.yaml", ".", index + 1, 0, 0))
    return found


def _pod(spec: dict[str, Any], labels: object = None) -> dict[str, Any]:
    metadata = {"name": "web", "namespace": "shop", "labels": labels or {"app": "web"}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _env(*variables: dict[str, Any], **more: Any) -> dict[str, Any]:
    return _pod({"containers": [{"env": list(variables), **more}]})


def _shown(proposal: Proposal) -> str:
    return propose.render(proposal, propose_lines.of(proposal, lambda _: b""))


def _text(*objects: dict[str, Any]) -> str:
    return _shown(propose.propose(_documents(*objects)))


def _everywhere(text: str) -> list[dict[str, Any]]:
    """A Pod that is given the text in every way there is."""
    data = {"apiVersion": "v1", "metadata": {"name": "c", "namespace": "shop"}}
    references = [
        {"name": "B_URL", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "url"}}},
        {"name": "C_URL", "valueFrom": {"secretKeyRef": {"name": "c", "key": "url"}}},
    ]
    container = {
        "env": [{"name": "A_URL", "value": text}, {"name": "NEUTRAL", "value": text}, *references],
        "envFrom": [{"secretRef": {"name": "c"}, "prefix": "P_"}],
        "args": [text, f"--url={text}", "--url", text, "sh", "-c", f"run {text}"],
    }
    return [
        _pod({"containers": [container]}),
        {**data, "kind": "ConfigMap", "data": {"url": text}},
        {**data, "kind": "Secret", "stringData": {"url": text}},
    ]


@given(_SCHEMES, _LETTERS, _LETTERS, st.sampled_from(["db", "db.shop:5432", "203.0.113.9", "[2001:db8::1]:80", ""]))
@example("postgres", "12", "/34", "db")
@example("postgres", "", "12/x://y", "db")
@example("https", "ghp", "", "api.example.com")
def test_no_piece_of_a_user_or_password_is_shown(scheme: str, user: str, password: str, host: str) -> None:
    secret = f"{_MARK}{user}{_MARK}:{_MARK}{password}{_MARK}"
    text = _text(*_everywhere(f"{scheme}://{secret}@{host}/name?{_MARK}=1"))
    assert _MARK not in text.lower()


@given(_SCHEMES, st.text(string.digits, min_size=5, max_size=5), _LETTERS)
def test_a_password_that_looks_like_a_port_is_none(scheme: str, digits: str, rest: str) -> None:
    assert f"9{digits}" not in _text(*_everywhere(f"{scheme}://user:9{digits}/{rest}@db"))


@given(_SCHEMES, st.text(max_size=20), st.sampled_from(["db.example.com", "db.example.com:99"]))
def test_what_is_percent_encoded_is_always_read(scheme: str, password: str, host: str) -> None:
    written = quote(password.encode("utf-8", "replace"), safe="")
    found = addresses.of_value(f"{scheme}://u:{written}@{host}/name")
    assert [(one.host, one.port) for one in found.addresses] == [
        ("db.example.com", 99 if ":" in host else addresses.SCHEMES[found.addresses[0].scheme])
    ]


@given(st.from_regex(r"[A-Za-z0-9]{4,12}(\.[A-Za-z]{2,6})?(:[0-9]{2,4})?", fullmatch=True))
def test_a_secret_without_a_telling_name_is_not_shown(secret: str) -> None:
    data = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "shop"}}
    text = _text(
        _env(
            {"name": "DB_PASSWORD", "value": f"zq{secret}"},
            {"name": "ANY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "any"}}},
            envFrom=[{"secretRef": {"name": "s"}}],
            args=["--password", f"zq{secret}", f"--token=https://zq{secret}", f"-pzq{secret}"],
        ),
        {**data, "stringData": {"any": f"zq{secret}", "password": f"https://zq{secret}"}},
    )
    assert "zq" not in text


_FIELDS = (
    "name value valueFrom secretKeyRef configMapKeyRef key env envFrom args volumes containers template spec metadata "
    "labels matchLabels podSelector namespaceSelector egress to ports ipBlock cidr except port endPort selector "
    "subjects data stringData".split()
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from(_FIELDS), inside, max_size=4),
    max_leaves=15,
)
_KINDS = st.sampled_from(
    "Pod Deployment Service ConfigMap Secret NetworkPolicy RoleBinding ServiceAccount Namespace Rollout".split()
)


@given(st.lists(st.tuples(_KINDS, _JSON, _JSON), max_size=4))
def test_values_of_any_type_give_a_proposal_and_nothing_wide(parts: Sequence[tuple[str, Any, Any]]) -> None:
    groups = {"NetworkPolicy": "networking.k8s.io/v1", "RoleBinding": "rbac.authorization.k8s.io/v1"}
    named = {"name": "a", "namespace": "shop"}
    objects = [
        {"apiVersion": groups.get(kind, "v1"), "kind": kind, "metadata": named, "spec": spec, "data": data}
        for kind, spec, data in parts
    ]
    text = _text(*objects)
    assert "/0" not in text
    assert reader.normalise(text.encode()).decode() == text


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(
            {"containers": [None, 1, {"env": [None, {"name": 3, "value": {}}, {"value": "a"}]}]}, id="containers"
        ),
        pytest.param(
            {"containers": [{"env": {"name": "A"}, "envFrom": "x", "args": 3, "command": [None, 1]}]}, id="lists"
        ),
        pytest.param({"containers": [], "volumes": [{"configMap": [], "secret": {"secretName": {}}}]}, id="volumes"),
        pytest.param({"containers": [], "serviceAccountName": ["x"], "hostNetwork": "true"}, id="the pod"),
        pytest.param({"containers": [{"env": [{"name": "A", "valueFrom": {"secretKeyRef": []}}]}]}, id="references"),
    ],
)
def test_wrong_types(spec: dict[str, Any]) -> None:
    assert _text(_pod(spec)).endswith("    preset: kube-dns\n")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("A\nkind: Evil", id="a line feed"),
        pytest.param("A\r\nkind: Evil", id="a carriage return"),
        pytest.param("A\u2028kind: Evil\u0085x", id="other line ends"),
        pytest.param("A\u202egro.elpmaxe\u2066", id="text that runs backwards"),
        pytest.param("A\x1b[2J\x07\x00", id="control characters"),
        pytest.param("A" * 100_000, id="a very long name"),
    ],
)
def test_a_comment_stays_a_comment(name: str) -> None:
    pod = _env(
        {"name": f"{name}_URL", "value": "https://api.example.com"}, {"name": f"{name}_URL2", "value": "http://a:x:y@"}
    )
    text = _text({**pod, "metadata": {**pod["metadata"], "name": name}})
    assert "Evil" not in "".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    assert text.replace("\n", "").isprintable()
    assert max(map(len, text.split("\n"))) < 1000
    assert reader.load(text.encode()).value["kind"] == "EgressModel"


@pytest.mark.parametrize(
    ("made", "seconds"),
    [
        pytest.param(
            lambda: [_env(*[{"name": f"V{n}_URL", "value": f"http://h{n % 9}.example.com"} for n in range(100_000)])],
            8,
            id="variables",
        ),
        pytest.param(lambda: [_env({"name": "A_URL", "value": "http://" * 200_000})], 4, id="schemes"),
        pytest.param(lambda: [_env({"name": "A_URL", "value": "http://a@" * 200_000})], 4, id="schemes with users"),
        pytest.param(lambda: [_env({"name": "A_URL", "value": "http://" + "a" * 3_000_000})], 2, id="a host"),
        pytest.param(lambda: [_env({"name": "A_URL", "value": "a," * 1_000_000})], 8, id="a list"),
        pytest.param(lambda: [_env({"name": "A_URL", "value": "http://" + "," * 1_000_000})], 2, id="commas"),
        pytest.param(lambda: [_env({"name": "Aa" * 500_000, "value": "http://a"})], 2, id="a name"),
        pytest.param(lambda: [_env({"name": "A", "value": "$(A" * 500_000})], 2, id="references that do not end"),
        pytest.param(
            lambda: [_env(*[{"name": f"V{n}", "value": f"$(V{n - 1})$(V{n - 1})"} for n in range(1, 5000)])],
            4,
            id="references that double",
        ),
        pytest.param(lambda: [_env(args=["-" * 1_000_000, "--a" * 300_000, "@tcp(" * 200_000])], 2, id="arguments"),
        pytest.param(lambda: [_pod({"containers": [{}] * 100_000})], 4, id="containers"),
    ],
)
def test_time_grows_with_the_text_and_not_faster(made: Callable[[], list[dict[str, Any]]], seconds: float) -> None:
    documents = _documents(*made())
    start = time.monotonic()
    _shown(propose.propose(documents))
    assert time.monotonic() - start < seconds
