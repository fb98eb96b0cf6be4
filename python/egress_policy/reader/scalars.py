"""Plain YAML scalars as Kubernetes resolves them: go-yaml v2, that is YAML 1.1 with exceptions.

`y`, `no` and `off` are booleans, `010` is octal and `1e3` a number, but `22:22` and dates are strings.
A port of `resolve.go` of go.yaml.in/yaml/v2, and of how Go prints what it resolves.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct

Scalar = str | int | float | bool | None


class ScalarError(ValueError):
    """A scalar that Kubernetes refuses."""


_TRUE = ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"]
_FALSE = ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"]
WORDS: dict[str, Scalar] = {
    **dict.fromkeys(_TRUE, True),
    **dict.fromkeys(_FALSE, False),
    **dict.fromkeys(["", "~", "null", "Null", "NULL"], None),
    **dict.fromkeys([".nan", ".NaN", ".NAN"], math.nan),
    **dict.fromkeys([".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"], math.inf),
    **dict.fromkeys(["-.inf", "-.Inf", "-.INF"], -math.inf),
}
_INTEGER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)", re.ASCII)
_BINARY = re.compile(r"0b[-+][01]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
# ParseFloat lets single underscores stand between digits.
_DOTTED = re.compile(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ][0-9:.]+(?:Z|[-+][0-9:]+)?)?", re.ASCII)

_TAG = "tag:yaml.org,2002:"
MERGE_TAG = _TAG + "merge"
_RESOLVED = {_TAG + name for name in ("str", "bool", "int", "float", "null", "timestamp")}


def resolve(text: str) -> Scalar:
    """The value of an unquoted scalar without a tag."""
    if text in WORDS:
        return WORDS[text]
    first = text[0]
    if first == ".":
        return _float(text.replace("_", ""), text) if _DOTTED.fullmatch(text) else text
    if first in "+-0123456789":
        return _number(text)
    return text


def _number(text: str) -> Scalar:
    plain = text.replace("_", "")
    if _INTEGER.fullmatch(plain):
        # Longer ones overflow every integer, and Python refuses very long ones.
        value = _integer(plain) if len(plain) < 100 else 1 << 64
        if -(1 << 63) <= value < 1 << 64:
            return value
    if _BINARY.fullmatch(plain):
        return int(plain.replace("0b", ""), base=2)
    return _float(plain, text) if _FLOAT.fullmatch(plain) else text


def _integer(plain: str) -> int:
    digits = plain.lstrip("+-")
    sign = -1 if plain[0] == "-" else 1
    octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
    return sign * (int(digits, 8) if octal else int(digits, 0))


def _float(plain: str, text: str) -> Scalar:
    value = float(plain)
    return text if math.isinf(value) else value


def tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with a tag, in its long form."""
    if tag == _TAG + "binary":
        return _binary(text)
    if tag not in _RESOLVED or tag == _TAG + "str":
        return text
    value = resolve(text)
    if tag == _TAG + "float" and type(value) is int:
        return float(value)
    if _kind(value, text) != tag.removeprefix(_TAG):
        raise ScalarError(f"{_short(text)} is no {tag.removeprefix(_TAG)}; take the tag away or mend the value")
    return value


def _kind(value: Scalar, text: str) -> str:
    if isinstance(value, str):
        return "timestamp" if _DATE.fullmatch(text) else "str"
    return {bool: "bool", int: "int", float: "float"}.get(type(value), "null")


def _binary(text: str) -> str:
    try:
        return base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True).decode("utf-8", "replace")
    except binascii.Error:
        raise ScalarError("the !!binary value is not base64") from None


def key(value: Scalar) -> str:
    """A mapping's key as a string, the way sigs.k8s.io/yaml writes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value < 1 << 63:
        return str(value)
    if isinstance(value, float):
        return _float_key(value)
    raise ScalarError(f"{'null' if value is None else value} cannot be a key; put it in quotes")


def _float_key(value: float) -> str:
    """strconv.FormatFloat(value, 'g', -1, 32): the shortest text that is the same single-precision number."""
    if math.isnan(value):
        return ".nan"
    single = _single(value)
    if math.isinf(single):
        return ".inf" if single > 0 else "-.inf"
    texts = (f"{single:.{places}e}" for places in range(9))
    mantissa, _, exponent = next(text for text in texts if _single(float(text)) == single).partition("e")
    if not -4 <= int(exponent) < 6:
        return f"{mantissa}e{exponent}"
    digits = sum(map(str.isdigit, mantissa))
    return f"{float(mantissa + 'e' + exponent):.{max(0, digits - 1 - int(exponent))}f}"


def _single(value: float) -> float:
    try:
        rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return rounded


def number(value: float) -> int | float:
    """A float as Go writes it into JSON: without a fraction where it has none."""
    if math.isnan(value) or math.isinf(value):
        raise ScalarError("JSON has no infinity and no NaN; put the value in quotes")
    return int(value) if value.is_integer() and abs(value) < 1e21 else value


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "…")
