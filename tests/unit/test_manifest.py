"""Objects as YAML: whoever reads it gets the same objects."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from egress_policy import manifest, reader

_WORDS = [
    "y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "Yes", "NO", "True", "NULL", "=", "<<", "-", "-1",
    "+5", ".5", "0x1F", "0o17", "017", "1_000", "1e3", ".inf", ".nan", "22:22", "2026-12-31",
]  # fmt: skip
_ODD = [
    "", " ", "a: b", "a #b", "#a", "- a", "a\nb\n", "tab\there", "\x00\x07\x1b[31m", "\x85\u2028\u2029\ufeff", "é🦀",
    "'", '"', "\\", "{a}", "[a]", "*a", "&a", "!a", "%a", "@a", "`a", "|", ">", "? a", "a:", "---", "...", "a\r\nb",
    "\ud7ff\ue000\ufffd",
]  # fmt: skip
_SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.sampled_from(_WORDS + _ODD)
_KEYS = st.text() | st.sampled_from(_WORDS)
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner) | st.dictionaries(_KEYS, inner), max_leaves=20)


def test_it_reads_like_a_manifest() -> None:
    policy = {
        "spec": {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443, "protocol": "TCP"}]}],
        },
        "metadata": {"namespace": "y", "name": "app-egress", "labels": {"on": "1e3"}},
        "kind": "NetworkPolicy",
        "apiVersion": "networking.k8s.io/v1",
    }
    assert manifest.written([policy]) == (
        "apiVersion: networking.k8s.io/v1\n"
        "kind: NetworkPolicy\n"
        "metadata:\n"
        "  name: app-egress\n"
        '  namespace: "y"\n'
        "  labels:\n"
        '    "on": "1e3"\n'
        "spec:\n"
        "  egress:\n"
        "    - ports:\n"
        "        - port: 443\n"
        "          protocol: TCP\n"
        "      to:\n"
        "        - ipBlock:\n"
        '            cidr: "10.0.0.0/8"\n'
        "  podSelector: {}\n"
        "  policyTypes:\n"
        "    - Egress\n"
    )


def test_several_objects_are_several_documents() -> None:
    assert manifest.written([{"kind": "A"}, {"kind": "B"}]) == "kind: A\n---\nkind: B\n"


@pytest.mark.parametrize("text", _WORDS + _ODD)
def test_a_string_stays_a_string(text: str) -> None:
    value = {"key": text, "list": [text, [text]]}
    assert yaml.safe_load(manifest.written([value])) == value
    assert reader.load(manifest.written([value]).encode()).value == value


@given(st.dictionaries(_KEYS, _VALUES, min_size=1))
def test_kubernetes_reads_what_was_written(value: dict[str, Any]) -> None:
    assert reader.load(manifest.written([value]).encode()).value == value


@given(st.dictionaries(_KEYS, _VALUES, min_size=1))
def test_other_readers_do_as_well(value: dict[str, Any]) -> None:
    assert yaml.safe_load(manifest.written([value])) == value
