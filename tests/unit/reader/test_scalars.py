from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress_policy.reader import scalars
from tests.unit.reader.texts import kubernetes

READ = [
    ("y", True),
    ("Y", True),
    ("yes", True),
    ("On", True),
    ("TRUE", True),
    ("n", False),
    ("No", False),
    ("off", False),
    ("tRue", "tRue"),
    ("", None),
    ("~", None),
    ("null", None),
    ("Null", None),
    ("nULL", "nULL"),
    ("53", 53),
    ("-1", -1),
    ("+5", 5),
    ("010", 8),
    ("0o10", 8),
    ("0x1F", 31),
    ("0b11", 3),
    ("0b-11", -3),
    ("08", 8),
    ("1_000", 1000),
    ("_1", "_1"),
    ("1e3", 1000),
    ("1.e3", 1000),
    (".5", 0.5),
    (".5_0", 0.5),
    (".5_", ".5_"),
    ("1e", "1e"),
    ("1e999", "1e999"),
    ("18446744073709551615", 18446744073709551615),
    ("0x", "0x"),
    ("0o8", "0o8"),
    ("-0", 0),
    ("22:22", "22:22"),
    ("2026-12-31", "2026-12-31"),
    ("1.2.3", "1.2.3"),
    ("10.0.0.0/8", "10.0.0.0/8"),
    ("=", "="),
    ("inf", "inf"),
    ("-", "-"),
    ("--", "--"),
    ("0.0.0.0/0", "0.0.0.0/0"),
    ("1,5", "1,5"),
    ("<<", "<<"),
]


@pytest.mark.parametrize(("text", "value"), READ, ids=[f"{text!r} is {value!r}" for text, value in READ])
def test_a_plain_scalar(text: str, value: object) -> None:
    resolved = scalars.resolve(text)
    assert (resolved, type(resolved) is bool) == (value, type(value) is bool)


def test_nan_and_infinity_are_numbers_that_json_cannot_hold() -> None:
    assert scalars.resolve(".inf") == math.inf
    for text in (".nan", ".inf", "-.INF"):
        value = scalars.resolve(text)
        assert isinstance(value, float)
        with pytest.raises(scalars.ScalarError):
            scalars.number(value)


KEYS = {
    "1": "1",
    "1.0": "1",
    "0.5": "0.5",
    "1e6": "1e+06",
    "123456": "123456",
    "1234567.0": "1.234567e+06",
    "true": "true",
    "no": "false",
    "0x10": "16",
    "1e40": ".inf",
    ".inf": ".inf",
    "0.1": "0.1",
    "1e-5": "1e-05",
    "16777217.0": "1.6777216e+07",
    "2026-12-31": "2026-12-31",
    "y": "true",
}


@pytest.mark.parametrize(("text", "key"), KEYS.items(), ids=KEYS)
def test_a_key_that_is_no_string_becomes_one(text: str, key: str) -> None:
    assert scalars.key(scalars.resolve(text)) == key


@pytest.mark.parametrize("text", ["~", "null", "18446744073709551615"])
def test_a_key_that_kubernetes_refuses(text: str) -> None:
    with pytest.raises(scalars.ScalarError):
        scalars.key(scalars.resolve(text))


TAGGED = [
    ("str", "53", "53"),
    ("int", "010", 8),
    ("float", "3", 3.0),
    ("bool", "y", True),
    ("null", "~", None),
    ("binary", "aGk=", "hi"),
    ("timestamp", "2026-12-31", "2026-12-31"),
    ("unknown", "53", "53"),
]


@pytest.mark.parametrize(("tag", "text", "value"), TAGGED, ids=[tag for tag, _, _ in TAGGED])
def test_a_tag_decides(tag: str, text: str, value: object) -> None:
    assert scalars.tagged(f"tag:yaml.org,2002:{tag}", text) == value


@pytest.mark.parametrize(
    ("tag", "text"), [("int", "x"), ("null", "x"), ("bool", "1"), ("binary", "?"), ("timestamp", "5")]
)
def test_a_tag_that_does_not_fit_is_refused(tag: str, text: str) -> None:
    with pytest.raises(scalars.ScalarError):
        scalars.tagged(f"tag:yaml.org,2002:{tag}", text)


def test_every_scalar_of_the_table_is_what_kubernetes_reads(tool: Callable[[str], Path], tmp_path: Path) -> None:
    texts = [text for text, _ in READ if text != "-"]
    documents, problem = kubernetes(tool("kubernetes"), tmp_path, "".join(f"- {text}\n" for text in texts))
    assert (documents, problem) == ([[_like_go(value) for text, value in READ if text != "-"]], "")


def test_every_key_of_the_table_is_what_kubernetes_reads(tool: Callable[[str], Path], tmp_path: Path) -> None:
    documents, problem = kubernetes(tool("kubernetes"), tmp_path, "".join(f"---\n{text}: x\n" for text in KEYS))
    assert (documents, problem) == ([{key: "x"} for key in KEYS.values()], "")


@given(
    st.lists(
        st.text("0123456789+-._eExobnfy~", min_size=1, max_size=9).filter(lambda text: text[0] not in "-~_"),
        min_size=20,
    )
)
def test_any_number_like_scalar_is_what_kubernetes_reads(
    oracle: Callable[[str], list[object]], texts: list[str]
) -> None:
    expected = oracle("".join(f"- {text}\n" for text in texts))
    resolved = [scalars.resolve(text) for text in texts]
    assert [[_like_go(value) for value in resolved]] == expected


def _like_go(value: object) -> object:
    """The test's program holds all numbers as floats."""
    return float(value) if isinstance(value, int) and abs(value) > 1 << 53 else value
