"""What the reader's tests share: reading a text, asking Kubernetes the same, and random texts."""

from __future__ import annotations

import json
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
_PLAIN_KEYS = 'a: spec: app.kubernetes.io/name: 8080: "q": \'q r\': true: a:b: x-y: 1.2.3: (a): --x: ~x:'.split(" ")
_PLAIN = (
    'x y.z 1 0 -5 10.0.0.0/8 "8080" \'yes\' "a b" \'a "b" c\' {} [] [{}] [a,b] {a:1} {"a":1} 100m 1.2.3 1.5Gi nginx:1.2 '
    "http://a/b a:b --y=z true false null $(X) 2026-12-31 =x <x a, # #c x# {{x}} ] } ], : :: - ? [a {a: b} \"x y'"
).split(" ")
_ODD_KEYS = "? <<: !!str *a 010: 1.0: yes: ~: null: &a [a]: {a}: \"\\x6b\": 'it''s': | é: %: @x:".split(" ")
_ODD = (
    "010 0o10 0x1F 1e3 1.0 +5 1.e3 .5 1_000 yes no y on ~ Null True .inf nan 1:30 !!str !!int !!binary !x ! &a &b *a *b | > "
    '|- >- |+ "\\n" "\\/" "\\q" % @x `x <<: [*a,&b] {{ }} é \u2028 \u0085 \ufeff \t a\tb "\\ud83d"'
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
