"""Signatures as OPA makes them: `.signatures.json`, one JWT whose claims name every file and its digest.

Source: https://www.openpolicyagent.org/docs/management-bundles#signing. OPA looks at neither `exp` nor `nbf` nor
`iat`, nor at which revision comes after which: `verified` does.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from egress_policy.bundle import BundleError, digests, keys
from egress_policy.bundle.archive import MANIFEST, SIGNATURES

Json = dict[str, Any]
_CLAIMS = {"files", "keyid", "scope", "iss", "iat", "nbf", "exp"}
_FILE = {"name", "hash", "algorithm"}
_HEADER = {"alg", "kid", "typ"}
_MOST_TOKEN = 4 << 20
# Clocks differ.
_LEEWAY = 60
# Beyond, seconds are no whole numbers any more.
_NEVER = 1 << 53
_NUMBERS = re.compile(r"\d{1,18}(?:[.-]\d{1,18}){0,9}")


@dataclass(frozen=True, slots=True)
class Claims:
    """What a signature says besides the files. Times are seconds since 1970; the scope is for the verifier to name."""

    keyid: str
    scope: str = ""
    issued: int | None = None
    expires: int | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What a verifier asks for: `keyring` has the public keys by their id, `at_least` is the oldest revision taken."""

    keyring: Mapping[str, Any]
    now: int
    scope: str = ""
    at_least: str = ""


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that holds: who signed, and what else it says."""

    keyid: str
    algorithm: str
    claims: Json = field(default_factory=dict)


def sign(files: Mapping[str, bytes], key: keys.SigningKey, claims: Claims) -> dict[str, bytes]:
    """The files with a signature of them all, in place of any that was there."""
    held = {name: content for name, content in files.items() if name != SIGNATURES}
    payload: Json = {
        "files": [
            {"name": name, "hash": digests.of(name, content), "algorithm": "SHA-256"}
            for name, content in sorted(held.items())
        ],
        "keyid": claims.keyid,
    }
    said = {"scope": claims.scope or None, "iat": claims.issued, "exp": claims.expires}
    payload |= {name: value for name, value in said.items() if value is not None}
    token = _token({"alg": key.algorithm, "kid": claims.keyid}, payload, key)
    return {**held, SIGNATURES: _json({"signatures": [token]})}


def _token(header: Json, payload: Json, key: keys.SigningKey) -> str:
    """RFC 7515, compact. A key that is elsewhere signs bytes, which is why the library does not put it together."""
    start = f"{_base64(_json(header))}.{_base64(_json(payload))}"
    return f"{start}.{_base64(key.sign(start.encode()))}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _json(value: Json) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def verified(files: Mapping[str, bytes], expected: Expected) -> Signed:
    """Who signed a bundle. Raises BundleError with a line for each reason not to trust it."""
    signed = _signature(files, expected.keyring)
    if problems := list(_problems(files, signed.claims, expected)):
        raise BundleError("\n".join(problems))
    return signed


def claimed(files: Mapping[str, bytes]) -> tuple[Json, Json]:
    """The header and the claims of a bundle's signature, of which nothing is proven. Raises BundleError."""
    token = _only_token(files)
    try:
        found = jws.extract_compact(token.encode())
    except (JoseError, ValueError) as error:
        raise BundleError(f"{SIGNATURES}: holds no JWT: {error}") from error
    return dict(found.headers()), _claims(found.payload)


def _only_token(files: Mapping[str, bytes]) -> str:
    if SIGNATURES not in files:
        raise BundleError("is not signed")
    if len(files[SIGNATURES]) > _MOST_TOKEN:
        raise BundleError(f"{SIGNATURES}: is too large")
    document = digests.parsed(SIGNATURES, files[SIGNATURES])
    listed = document.get("signatures") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) != 1 or type(listed[0]) is not str:
        raise BundleError(f"{SIGNATURES}: must hold exactly one signature")
    return listed[0]


def _claims(payload: bytes) -> Json:
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{SIGNATURES}: its claims are no JSON") from error
    if not isinstance(found, dict):
        raise BundleError(f"{SIGNATURES}: its claims are no object")
    return found


def _signature(files: Mapping[str, bytes], keyring: Mapping[str, Any]) -> Signed:
    header, claims = claimed(files)
    if strange := sorted(set(header) - _HEADER):
        raise BundleError(f"{SIGNATURES}: its header says {', '.join(map(repr, strange))}, which none needs")
    keyid = _keyid(header, claims)
    if keyid not in keyring:
        known = ", ".join(sorted(keyring))
        raise BundleError(f"is signed with the key {keyid!r}, not with {known}")
    key = keyring[keyid]
    algorithm = keys.algorithm(key)
    if header.get("alg") != algorithm:
        raise BundleError(f"is signed by {header.get('alg')!r}, though the key {keyid!r} is for {algorithm}")
    try:
        jws.deserialize_compact(_only_token(files), key, algorithms=[algorithm])
    except (JoseError, ValueError) as error:
        raise BundleError(f"its signature is not made by the key {keyid!r}") from error
    return Signed(keyid, algorithm, claims)


def _keyid(header: Json, claims: Json) -> str:
    """OPA writes it into the claims, JWTs have it in the header; both have to agree."""
    said = {one for one in (header.get("kid"), claims.get("keyid")) if one is not None}
    if len(said) != 1:
        raise BundleError("its signature names no key" if not said else "its signature names two keys")
    only = said.pop()
    if not isinstance(only, str):
        raise BundleError("its signature names a key by something other than text")
    return only


def _problems(files: Mapping[str, bytes], claims: Json, expected: Expected) -> Iterator[str]:
    if strange := sorted(set(claims) - _CLAIMS):
        yield f"its signature claims {', '.join(map(repr, strange))}, which is unknown here"
    if (scope := claims.get("scope", "")) != expected.scope:
        yield f"is signed for the scope {scope!r}, not {expected.scope!r}"
    yield from _times(claims, expected.now)
    yield from _files(files, claims.get("files"))
    if expected.at_least:
        yield from _age(files, expected.at_least)


def _times(claims: Json, now: int) -> Iterator[str]:
    moments = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
    wrong = {name for name, moment in moments.items() if not _is_time(moment)}
    yield from (f"its signature's {name!r} is no time" for name in sorted(wrong))
    known = {name: moment for name, moment in moments.items() if name not in wrong}
    if "exp" in known and known["exp"] + _LEEWAY <= now:
        yield "its signature has expired"
    if "nbf" in known and known["nbf"] - _LEEWAY > now:
        yield "its signature is not valid yet"
    if "iat" in known and known["iat"] - _LEEWAY > now:
        yield "its signature is from the future"


def _is_time(moment: object) -> bool:
    return isinstance(moment, int | float) and not isinstance(moment, bool) and abs(moment) < _NEVER


def _files(files: Mapping[str, bytes], listed: object) -> Iterator[str]:
    """What is in the bundle against what was signed: every file, no other, and each as it was."""
    if not isinstance(listed, list) or not all(map(_is_file, listed)):
        yield "its signature lists no files, or not as OPA does"
        return
    names = [one["name"].removeprefix("/") for one in listed]
    signed = dict(zip(names, listed, strict=True))
    if len(signed) != len(names):
        yield "its signature lists a file twice"
    held = {name: content for name, content in files.items() if name != SIGNATURES}
    yield from (f"{name}: is signed, but not there" for name in sorted(signed.keys() - held.keys()))
    yield from (f"{name}: is there, but not signed" for name in sorted(held.keys() - signed.keys()))
    for name in sorted(signed.keys() & held.keys()):
        one = signed[name]
        if one["algorithm"] not in digests.ALGORITHMS:
            yield f"{name}: is signed by its {one['algorithm']}; only SHA-256, SHA-384 and SHA-512 are good enough"
        elif digests.of(name, held[name], one["algorithm"]) != one["hash"]:
            yield f"{name}: was changed after it was signed"


def _is_file(one: object) -> bool:
    return isinstance(one, dict) and set(one) == _FILE and all(type(text) is str for text in one.values())


def _age(files: Mapping[str, bytes], at_least: str) -> Iterator[str]:
    found = revision(files)
    too_old = older(found, at_least)
    if too_old is None:
        yield f"its revision {found!r} cannot be compared with {at_least!r}: both must be numbers, as 1.4.0"
    elif too_old:
        yield f"its revision {found!r} is older than {at_least!r}"


def order(text: str) -> tuple[int, ...] | None:
    """What revisions are compared by: their numbers, up to a `+`; None of one that is no numbers."""
    plain = text.partition("+")[0]
    if not _NUMBERS.fullmatch(plain):
        return None
    return tuple(int(part) for part in re.split(r"[.-]", plain))


def older(one: str, other: str) -> bool | None:
    """Whether a revision comes before another; None where they cannot be compared."""
    own, its = order(one), order(other)
    return None if own is None or its is None else own < its


def manifest(files: Mapping[str, bytes]) -> Json:
    """What a bundle's manifest says; nothing without one."""
    found = digests.parsed(MANIFEST, files[MANIFEST]) if MANIFEST in files else {}
    return found if isinstance(found, dict) else {}


def revision(files: Mapping[str, bytes]) -> str:
    """The revision that a bundle's manifest names; empty without one."""
    found = manifest(files).get("revision", "")
    return found if type(found) is str else ""


def keyring(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Public keys by their id, from pairs of id and PEM file. Raises BundleError for an id that is there twice."""
    found: dict[str, Any] = {}
    for keyid, path in pairs:
        if keyid in found:
            raise BundleError(f"two keys have the id {keyid!r}")
        found[keyid] = keys.public(path)
    return found
