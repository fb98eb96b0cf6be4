"""What the reader's tests share: reading a text, asking Kubernetes the same, and random texts."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from egress_policy.reader import Reading
from egress_policy.reader.files import File
from egress_policy.reader.reading import read_bytes


def encoded(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def read(text: str | bytes) -> Reading:
    return read_bytes(encoded(text), File("k8s.yaml", "k8s.yaml", "."))


def objects(text: str | bytes) -> list[Any]:
    """The objects in a text that can be read."""
    reading = read(text)
    assert reading.errors == ()
    return [json.loads(document.text) for document in reading.documents]


def places(text: str | bytes) -> list[tuple[str, int]]:
    """Name and line of each object."""
    return [(document.name, document.line) for document in read(text).documents]


def problems(text: str | bytes) -> list[tuple[int, str]]:
    """Line and message of each error."""
    return [(error.line, error.message) for error in read(text).errors]


def kubernetes(program: Path, folder: Path, text: str | bytes) -> tuple[list[Any], str]:
    """The documents that Kubernetes' own decoder reads from a text, and why it stopped."""
    file = folder / "asked.yaml"
    file.write_bytes(encoded(text))
    answer = subprocess.run([program, "read", file], capture_output=True, check=False, timeout=60)
    assert answer.returncode in (0, 1), answer.stderr
    lines = answer.stdout.splitlines()
    refused = [line for line in lines if line.startswith(b"error: ")]
    documents = [json.loads(line, parse_int=_number) for line in lines if line not in refused]
    return documents, (answer.stderr + b"".join(refused)).decode()


def _number(digits: str) -> float:
    """The program holds numbers as floats, as any JSON reader may."""
    return int(digits) if len(digits) < 16 else float(digits)


def pod(name: str, more: str = "") -> str:
    return f"apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n{more}"


# Words that surely mean the same to both readers, and those in which they, or YAML 1.1 and 1.2, differ.
_PLAIN_KEYS = "a: spec: app.kubernetes.io/name: 8080: \"q\": 'q r': true: a:b: x-y: 1.2.3: (a): --x: ~x:".split(" ")
_PLAIN = (
    'x y.z 1 0 -5 10.0.0.0/8 "8080" \'yes\' "a b" \'a "b" c\' {} [] [{}] [a,b] {a:1} {"a":1} 100m 1.2.3 '
    "1.5Gi nginx:1.2 http://a/b a:b --y=z true false null $(X) 2026-12-31 =x <x a, # #c x# {{x}} ] } ], : :: - ? "
    "[a {a: b} \"x y'"
).split(" ")
_ODD_KEYS = "? <<: !!str *a 010: 1.0: yes: ~: null: &a [a]: {a}: \"\\x6b\": 'it''s': | é: %: @x:".split(" ")
_ODD = (
    "010 0o10 0x1F 1e3 1.0 +5 1.e3 .5 1_000 yes no y on ~ Null True .inf nan 1:30 !!str !!int !!binary !x ! &a &b *a "
    '*b | > |- >- |+ "\\n" "\\q" % @x `x <<: [*a,&b] {{ }} é \u2028 \u0085 \ufeff \t a\tb "\\ud83d"'
).split(" ")


@st.composite
def _lines(draw: st.DrawFn, keys: list[str], values: list[str]) -> str:
    indent = " " * draw(st.sampled_from((0, 0, 0, 1, 2, 2, 2, 4, 4, 6)))
    dash = draw(st.sampled_from(("", "", "", "", "- ", "- - ")))
    key = draw(st.sampled_from(("", *keys, *keys)))
    value = " ".join(draw(st.lists(st.sampled_from(values), max_size=2)))
    end = draw(st.sampled_from(("", "", "", " ", " # c", "\n", "\n# c")))
    return f"{indent}{dash}{key}{' ' if key and value else ''}{value}{end}\n"


def plain_texts() -> st.SearchStrategy[str]:
    """Documents (or what looks like it) of words of which the fast reader takes most."""
    return st.lists(_lines(_PLAIN_KEYS, _PLAIN), min_size=1, max_size=6).map("".join)


def odd_texts() -> st.SearchStrategy[str]:
    """The same with whatever YAML knows."""
    keys, values = [*_PLAIN_KEYS, *_ODD_KEYS], [*_PLAIN, *_ODD]
    return st.lists(_lines(keys, values), min_size=1, max_size=6).map("".join)


_WORDS = ("yes", "no", "on", "off", "true", "false", "null", "inf", "nan")
_NAMES: st.SearchStrategy[str] = st.from_regex(
    re.compile(r"[a-z]{2,5}(\.[a-z]{2,4}/[a-z]{2,4})?", re.ASCII), fullmatch=True
).filter(lambda name: name not in _WORDS)
_LEAVES: list[tuple[str, Any]] = [
    ("x", "x"),
    ("8080", 8080),
    ("-1", -1),
    ("0", 0),
    ("true", True),
    ("null", None),
    ("", None),
    ('"yes"', "yes"),
    ("'010'", "010"),
    ('"a: b"', "a: b"),
    ("'x \"y\" # z'", 'x "y" # z'),
    ("10.0.0.0/8", "10.0.0.0/8"),
    ("100m", "100m"),
    ("{}", {}),
    ("[]", []),
    ("[{}]", [{}]),
    ("{a: x, b: 'z'}", {"a": "x", "b": "z"}),
    ("[TCP, UDP]", ["TCP", "UDP"]),
    ("-v=2", "-v=2"),
    ("nginx:1.25", "nginx:1.25"),
    ('""', ""),
    ("two words", "two words"),
    ("x # no, &", "x"),
]


@st.composite
def manifests(draw: st.DrawFn, depth: int = 3) -> tuple[str, dict[str, Any]]:
    """A mapping in the styles that people write, and its value."""
    lines, value = draw(_mapping(depth, 0))
    return "".join(f"{line}\n" for line in lines), value


@st.composite
def _mapping(draw: st.DrawFn, depth: int, indent: int) -> tuple[list[str], dict[str, Any]]:
    lines: list[str] = []
    value: dict[str, Any] = {}
    for name in draw(st.lists(_NAMES, min_size=1, max_size=4, unique=True)):
        key = " " * indent + draw(st.sampled_from((name, f'"{name}"', f"'{name}'"))) + ":"
        form = draw(st.sampled_from(("leaf", "leaf", "mapping", "list") if depth else ("leaf",)))
        if form == "leaf":
            text, value[name] = draw(st.sampled_from(_LEAVES))
            lines.append(f"{key} {text}".rstrip())
            continue
        more = draw(st.sampled_from((1, 2, 4) if form == "mapping" else (0, 2)))
        inside, value[name] = draw((_mapping if form == "mapping" else _list)(depth - 1, indent + more))
        lines += [key + draw(st.sampled_from(("", " ", " # yes"))), *inside]
    return lines, value


@st.composite
def _list(draw: st.DrawFn, depth: int, indent: int) -> tuple[list[str], list[Any]]:
    lines: list[str] = []
    value: list[Any] = []
    for form in draw(st.lists(st.sampled_from(("leaf", "mapping", "comment")), min_size=1, max_size=3)):
        if form == "comment":
            lines += [" " * indent + "# - 'no", ""]
        elif form == "leaf":
            text, one = draw(st.sampled_from(_LEAVES))
            lines.append(" " * indent + f"- {text}".rstrip())
            value.append(one)
        else:
            (first, *rest), inside = draw(_mapping(depth, indent + 2))
            lines += [" " * indent + "- " + first.lstrip(), *rest]
            value.append(inside)
    if not value:
        lines.append(" " * indent + "- x")
        value.append("x")
    return lines, value
