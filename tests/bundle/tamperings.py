"""What may be done to a signed bundle on its way: who refuses it, we or OPA, and why one of us may not.

`python -m tests.bundle.tamperings OPA` prints the table of docs/bundle-tamperings.md, from the verdicts as they are.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from egress_policy.bundle import archive, digests, keys
from egress_policy.bundle.archive import MANIFEST, SIGNATURES
from tests.bundle import signers
from tests.bundle.signers import FILES, KEYID, NOW, SCOPE, Pair, signed

Files = dict[str, bytes]
_DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class Keys:
    """The key that signs, one of the other kind, and one of the same kind that nobody trusts."""

    own: Pair
    other: Pair
    strange: Pair


@dataclass(frozen=True, slots=True)
class Tampering:
    """One bundle: what was done, what we say about it, and why OPA takes it, empty where OPA refuses too."""

    what: str
    make: Callable[[Keys], bytes]
    said: str
    opa_takes: str = ""
    asked: Mapping[str, Any] | None = None


def _tar(entries: list[tuple[tarfile.TarInfo, bytes]], *, tail: bytes = b"") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for entry, content in entries:
            entry.size = len(content) if entry.isreg() else 0
            tar.addfile(entry, io.BytesIO(content) if entry.isreg() else None)
    return gzip.compress(stream.getvalue() + tail, mtime=0)


def _entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


def _listed(files: Mapping[str, bytes]) -> list[tuple[tarfile.TarInfo, bytes]]:
    return [(_entry(name), content) for name, content in files.items()]


def _changed(**changes: Any) -> Callable[[Keys], bytes]:
    """The signed files with some replaced, or removed where the new content is None; `_` stands for `/` and `.`."""
    names = {"data": "a/data.json", "rego": "p/p.rego", "wasm": "policy.wasm", "text": "README", "manifest": MANIFEST}

    def make(known: Keys) -> bytes:
        files: dict[str, Any] = signed(FILES, known.own) | {names[name]: new for name, new in changes.items()}
        return archive.pack({name: content for name, content in files.items() if content is not None})

    return make


def _added(name: str, content: bytes = b"x") -> Callable[[Keys], bytes]:
    return lambda known: _tar(_listed({**signed(FILES, known.own), name: content}))


def _with(*entries: tuple[tarfile.TarInfo, bytes], first: bool = False, tail: bytes = b"") -> Callable[[Keys], bytes]:
    def make(known: Keys) -> bytes:
        own = _listed(signed(FILES, known.own))
        return _tar([*entries, *own] if first else [*own, *entries], tail=tail)

    return make


def _bytes(change: Callable[[bytes], bytes]) -> Callable[[Keys], bytes]:
    return lambda known: change(archive.pack(signed(FILES, known.own)))


def _unsigned(_: Keys) -> bytes:
    return archive.pack(FILES)


def _document(value: Any) -> Callable[[Keys], bytes]:
    return lambda _: archive.pack({**FILES, SIGNATURES: json.dumps(value).encode()})


def _claims(**more: Any) -> dict[str, Any]:
    files = [{"name": name, "hash": digests.of(name, text), "algorithm": "SHA-256"} for name, text in FILES.items()]
    return {"files": files, "keyid": KEYID, "scope": SCOPE, "iat": NOW} | more


def _said(header: Mapping[str, Any] | None = None, **more: Any) -> Callable[[Keys], bytes]:
    """Signed by the right key, with other words."""

    def make(known: Keys) -> bytes:
        claims = {name: value for name, value in _claims(**more).items() if value is not None}
        head = {"alg": known.own.algorithm, "kid": KEYID} if header is None else dict(header)
        return archive.pack({**FILES, SIGNATURES: signers.token(head, claims, known.own)})

    return make


def _forged(algorithm: str, signature: bytes = b"") -> Callable[[Keys], bytes]:
    head = {"alg": algorithm, "kid": KEYID}
    return lambda _: archive.pack({**FILES, SIGNATURES: signers.forged(head, _claims(), signature)})


def _hmac(known: Keys) -> bytes:
    """Signed with the public key's bytes as a secret, which everybody has."""
    return archive.pack(
        {**FILES, SIGNATURES: signers.with_hmac({"alg": "HS256", "kid": KEYID}, _claims(), known.own.public)}
    )


def _flipped(known: Keys) -> bytes:
    files = signed(FILES, known.own)
    text: str = json.loads(files[SIGNATURES])["signatures"][0]
    head, _, last = text.rpartition(".")
    other = "A" if last[5] != "A" else "B"
    return archive.pack(
        {**files, SIGNATURES: json.dumps({"signatures": [f"{head}.{last[:5]}{other}{last[6:]}"]}).encode()}
    )


def _other_claims(known: Keys) -> bytes:
    """The signature of one bundle below the claims of another."""
    evil = {**FILES, "p/p.rego": b"package p\n\nx := 1\n"}
    first = json.loads(signed(FILES, known.own)[SIGNATURES])["signatures"][0].split(".")
    second = json.loads(signed(evil, known.strange)[SIGNATURES])["signatures"][0].split(".")
    joined = ".".join([first[0], second[1], first[2]])
    return archive.pack({**evil, SIGNATURES: json.dumps({"signatures": [joined]}).encode()})


def _renamed(known: Keys) -> bytes:
    files = signed(FILES, known.own)
    files["p/q.rego"] = files.pop("p/p.rego")
    return archive.pack(files)


def _swapped(known: Keys) -> bytes:
    files = signed({**FILES, "NOTES": b"other\n"}, known.own)
    files["README"], files["NOTES"] = files["NOTES"], files["README"]
    return archive.pack(files)


def _of_listed(change: Callable[[list[dict[str, str]]], Any]) -> Callable[[Keys], bytes]:
    return _said(files=change(_claims()["files"]))


def _bomb(_: Keys) -> bytes:
    return _tar([(_entry("a/data.json"), b"{}" + b" " * (140 << 20))])


_KEPT = "OPA looks at no dates"
_END = "it reads up to the end mark of the tar"
_SAME = "it means the same to OPA"
TAMPERINGS = [
    Tampering("nothing: the bundle as it was signed", _changed(), "", "it is good"),
    # Files.
    Tampering(
        "a rule is changed", _changed(rego=b"package p\n\nx := 1\n"), "p/p.rego: was changed after it was signed"
    ),
    Tampering("a byte is added to a rule", _changed(rego=FILES["p/p.rego"] + b"\n"), "p/p.rego: was changed"),
    Tampering(
        "a value of the data is changed",
        _changed(data=b'{"b": [1, 2.50, 1e3], "a": {"z": 0, "y": "<\\u00e9&>"}}'),
        "a/data.json: was changed",
    ),
    Tampering(
        "a number of the data is written in another way",
        _changed(data=b'{"b": [1, 2.5, 1e3], "a": {"z": null, "y": "<\\u00e9&>"}}'),
        "a/data.json: was changed",
    ),
    Tampering(
        "the data has its keys in another order, and other blanks",
        _changed(data=b'{"a":{"y":"<\xc3\xa9&>","z":null},"b":[1,2.50,1e3]}'),
        "",
        _SAME,
    ),
    Tampering(
        "a key of the data is there twice",
        _changed(data=b'{"b": [9], "b": [1, 2.50, 1e3], "a": {"z": null, "y": "<\\u00e9&>"}}'),
        "a/data.json: is no JSON: a key is there twice",
        "the last one counts for it",
    ),
    Tampering("the data is no JSON", _changed(data=b'{"b": '), "a/data.json: is no JSON"),
    Tampering(
        "something stands behind the data",
        _changed(data=FILES["a/data.json"] + b' {"c": 1}'),
        "a/data.json: is no JSON",
    ),
    Tampering(
        "the roots of the manifest are changed",
        _changed(manifest=FILES[MANIFEST].replace(b'"a", "p"', b'""')),
        ".manifest: was changed",
    ),
    Tampering(
        "the revision is changed",
        _changed(manifest=FILES[MANIFEST].replace(b"1.2.0", b"9.9.9")),
        ".manifest: was changed",
    ),
    Tampering("the manifest is taken out", _changed(manifest=None), ".manifest: is signed, but not there"),
    Tampering("the compiled policy is changed", _changed(wasm=b"\x00asm\x02\x00\x00\x00"), "policy.wasm: was changed"),
    Tampering("a file is taken out", _changed(text=None), "README: is signed, but not there"),
    Tampering("an empty file is left of a rule", _changed(rego=b""), "p/p.rego: was changed"),
    Tampering("a file has another name", _renamed, "p/p.rego: is signed, but not there"),
    Tampering("two files have each other's content", _swapped, "README: was changed"),
    Tampering("a rule is added", _added("p/q.rego", b"package p\n\ny := 1\n"), "p/q.rego: is there, but not signed"),
    Tampering("data is added as YAML", _added("a/data.yaml", b"c: 1\n"), "a/data.yaml: is there, but not signed"),
    Tampering("a file that OPA does not use is added", _added("NOTES"), "NOTES: is there, but not signed"),
    Tampering("a hidden file is added", _added("p/.q.rego", b"package p\n"), "p/.q.rego: is there, but not signed"),
    Tampering("a patch is added", _added("patch.json", b'{"data": []}'), "patch.json: is there, but not signed"),
    Tampering(
        "a second file of signatures lies deeper",
        _added("p/.signatures.json", b'{"signatures": []}'),
        "p/.signatures.json: is there, but not signed",
    ),
    # The archive.
    Tampering(
        "a file is there twice, the changed one first",
        _with((_entry("p/p.rego"), b"package p\n"), first=True),
        "holds 'p/p.rego' twice",
    ),
    Tampering(
        "a file is there twice, the changed one last",
        _with((_entry("p/p.rego"), b"package p\n")),
        "holds 'p/p.rego' twice",
    ),
    Tampering(
        "a file is there twice, the same each time",
        _with((_entry("p/p.rego"), FILES["p/p.rego"])),
        "holds 'p/p.rego' twice",
    ),
    Tampering(
        "a file is there twice, once with a slash before it",
        _with((_entry("/p/p.rego"), b"package p\n")),
        "holds 'p/p.rego' twice",
    ),
    Tampering(
        "two files of signatures",
        _with((_entry(SIGNATURES), b'{"signatures": []}'), first=True),
        "holds '.signatures.json' twice",
    ),
    Tampering(
        "a file outside, by dots", _with((_entry("../evil.rego"), b"package p\n")), "a name that leads elsewhere"
    ),
    Tampering(
        "a file outside, by dots in the middle",
        _with((_entry("p/../../evil.rego"), b"package p\n")),
        "a name that leads elsewhere",
    ),
    Tampering("a file by a backslash", _with((_entry("p\\evil.rego"), b"package p\n")), "odd characters"),
    Tampering("a file with a line break in its name", _with((_entry("p/a\n.rego"), b"package p\n")), "odd characters"),
    Tampering(
        "a symbolic link",
        _with((_entry("p/link.rego", tarfile.SYMTYPE, "/etc/passwd"), b"")),
        "neither a file nor a folder",
        "it passes over links",
    ),
    Tampering(
        "a hard link to a file of the bundle",
        _with((_entry("p/link.rego", tarfile.LNKTYPE, "p/p.rego"), b"")),
        "neither a file nor a folder",
        "it passes over links",
    ),
    Tampering(
        "a device",
        _with((_entry("p/device", tarfile.CHRTYPE), b"")),
        "neither a file nor a folder",
        "it passes over devices",
    ),
    Tampering(
        "a named pipe",
        _with((_entry("p/pipe", tarfile.FIFOTYPE), b"")),
        "neither a file nor a folder",
        "it passes over pipes",
    ),
    Tampering(
        "something behind the end of the tar",
        _with(tail=b"package evil\n"),
        "something behind its last file",
        _END,
    ),
    Tampering(
        "a second tar behind the end of the first",
        _with(tail=zlib.decompress(archive.pack(FILES), wbits=31)),
        "something behind its last file",
        _END,
    ),
    Tampering(
        "something behind the end of the gzip",
        _bytes(lambda data: data + b"evil"),
        "something after its end",
        _END,
    ),
    Tampering(
        "a second gzip behind the first",
        _bytes(lambda data: data + gzip.compress(b"evil")),
        "something after its end",
        _END,
    ),
    Tampering("the last byte is missing", _bytes(lambda data: data[:-1]), "is cut off", _END),
    Tampering("half of it is missing", _bytes(lambda data: data[: len(data) // 2]), "is cut off"),
    Tampering(
        "a bit of the checksum is turned",
        _bytes(lambda data: data[:-8] + bytes([data[-8] ^ 1]) + data[-7:]),
        "is no gzip archive, or a damaged one",
        _END,
    ),
    Tampering(
        "a bit in the middle is turned",
        _bytes(lambda data: data[:3000] + bytes([data[3000] ^ 1]) + data[3001:]),
        "is no gzip archive, or a damaged one",
    ),
    Tampering("it is no archive", lambda _: b"package p\n", "is no gzip archive"),
    Tampering("it is empty", lambda _: b"", "is cut off"),
    Tampering("it holds nothing", lambda _: archive.pack({}), "holds no files"),
    Tampering("140 MiB in 140 KiB", _bomb, "unpacks to more than 128 MiB"),
    # The signature.
    Tampering("it is not signed", _unsigned, "is not signed"),
    Tampering(
        "no signature in the file of signatures", _document({"signatures": []}), "must hold exactly one signature"
    ),
    Tampering("two signatures", _document({"signatures": ["a.b.c", "a.b.c"]}), "must hold exactly one signature"),
    Tampering("a signature that is no text", _document({"signatures": [1]}), "must hold exactly one signature"),
    Tampering("a signature that is no JWT", _document({"signatures": ["a.b.c"]}), "holds no JWT"),
    Tampering("the file of signatures is a list", _document([]), "must hold exactly one signature"),
    Tampering("algorithm none", _forged("none"), "is signed by 'none', though the key"),
    Tampering("algorithm None, for those who compare letters", _forged("None"), "is signed by 'None', though the key"),
    Tampering("an HMAC with the public key as its secret", _hmac, "is signed by 'HS256', though the key"),
    Tampering("the header names the other algorithm", _forged("RS256"), "though the key"),
    Tampering("no signature behind the claims", _forged("ES256"), "is not made by the key"),
    Tampering("a signature of zeros", _forged("ES256", bytes(64)), "is not made by the key"),
    Tampering("a letter of the signature is changed", _flipped, "is not made by the key"),
    Tampering("the signature of other claims", _other_claims, "is not made by the key"),
    Tampering(
        "signed by a key that nobody trusts",
        lambda known: archive.pack(signed(FILES, known.strange)),
        "is not made by the key",
    ),
    Tampering(
        "signed by a key with another name",
        lambda known: archive.pack(signed(FILES, known.own, keyid="2025")),
        "is signed with the key '2025', not with 2026",
        "OPA is told which key to use, whatever the bundle says",
    ),
    Tampering(
        "it names no key",
        _said({"alg": "ES256"}, keyid=None),
        "names no key",
        "OPA is told which key to use, whatever the bundle says",
    ),
    Tampering(
        "header and claims name two keys",
        _said({"alg": "ES256", "kid": "2026"}, keyid="2025"),
        "names two keys",
        "OPA is told which key to use, whatever the bundle says",
    ),
    Tampering(
        "a header that brings its own key",
        _said({"alg": "ES256", "kid": KEYID, "jwk": {"kty": "EC"}}),
        "which none needs",
        "it does not use that key",
    ),
    Tampering(
        "a header that says where a key is",
        _said({"alg": "ES256", "kid": KEYID, "jku": "http://127.0.0.1/"}),
        "which none needs",
        "it does not look there",
    ),
    Tampering(
        "a scope that is not the one asked for",
        lambda known: archive.pack(signed(FILES, known.own, scope="test")),
        "is signed for the scope 'test', not 'prod'",
    ),
    Tampering("no scope", _said(scope=None), "is signed for the scope '', not 'prod'"),
    Tampering("a scope that is no text", _said(scope=["prod"]), "is signed for the scope ['prod']"),
    Tampering("no list of files", _said(files=None), "lists no files"),
    Tampering("an empty list of files", _said(files=[]), "is there, but not signed"),
    Tampering("a file is not listed", _of_listed(lambda listed: listed[1:]), ".manifest: is there, but not signed"),
    Tampering(
        "a file is listed twice, with two digests",
        _of_listed(lambda listed: [{**listed[0], "hash": "0" * 64}, *listed]),
        "lists a file twice",
        "the last one counts for it",
    ),
    Tampering(
        "a file is signed by its MD5",
        _of_listed(lambda listed: [{**one, "algorithm": "MD5"} for one in listed]),
        "is signed by its MD5",
    ),
    Tampering(
        "a file is signed by an algorithm that nobody knows",
        _of_listed(lambda listed: [{**one, "algorithm": "CRC"} for one in listed]),
        "is signed by its CRC",
    ),
    Tampering(
        "a digest is no text",
        _of_listed(lambda listed: [{**listed[0], "hash": 1}, *listed[1:]]),
        "lists no files, or not as OPA does",
    ),
    Tampering("it has expired", _said(exp=NOW - _DAY), "has expired", _KEPT),
    Tampering("it is not valid yet", _said(nbf=NOW + _DAY), "is not valid yet", _KEPT),
    Tampering("it is from the future", _said(iat=NOW + _DAY), "is from the future", _KEPT),
    Tampering("its end is no time", _said(exp="never"), "'exp' is no time", _KEPT),
    Tampering("claims that nobody knows", _said(admin=True), "claims 'admin'", "it passes over them"),
    Tampering(
        "an older revision is played again",
        _changed(),
        "its revision '1.2.0' is older than '1.3.0'",
        "it keeps no order of revisions",
        {"at_least": "1.3.0"},
    ),
    Tampering(
        "a revision that has no order",
        lambda known: archive.pack(
            signed({**FILES, MANIFEST: b'{"revision": "blue", "roots": ["a", "p"]}'}, known.own)
        ),
        "cannot be compared",
        "it keeps no order of revisions",
        {"at_least": "1.3.0"},
    ),
]


def verdicts(opa: Path, known: Keys, folder: Path) -> Iterator[tuple[Tampering, str, str]]:
    """Each tampering with what we say and what OPA says, empty where it is taken."""
    for one in TAMPERINGS:
        data = one.make(known)
        yield one, signers.ours(data, known.own, **(one.asked or {})), signers.theirs(opa, data, known.own, folder)


def table(rows: list[tuple[Tampering, str, str]]) -> str:
    """As it stands in the docs."""
    lines = ["| what was done | `egress bundle verify` | OPA | why OPA takes it |", "|---|---|---|---|"]
    for one, own, other in rows:
        lines.append(f"| {one.what} | {_verdict(own)} | {_verdict(other)} | {'' if other else one.opa_takes} |")
    return "\n".join(lines) + "\n"


def _verdict(said: str) -> str:
    return "refused" if said else "taken"


def new_keys(folder: Path) -> Keys:
    """Keys of both kinds; what is signed with them is nothing but a test's."""
    return Keys(
        signers.pair(folder, keys.ES256), signers.pair(folder, keys.RS256), signers.pair(folder, keys.ES256, "s")
    )


def main(opa: Path) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        print(table(list(verdicts(opa, new_keys(Path(name)), Path(name)))), end="")


if __name__ == "__main__":
    import sys

    main(Path(sys.argv[1]))
