"""What bundles are packed to, and what is refused before anything of one is believed."""

from __future__ import annotations

import gzip
import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from egress_policy.bundle import BundleError, archive
from tests.bundle.signers import FILES


def test_packing_and_unpacking_give_the_files_back() -> None:
    assert archive.unpack(archive.pack(FILES)) == FILES


@pytest.mark.parametrize("name", ["x" * 255, f"{'x' * 120}/{'y' * 120}", "p/ä.rego"])
def test_long_names_and_other_letters_are_packed(name: str) -> None:
    assert archive.unpack(archive.pack({name: b"x"})) == {name: b"x"}


def test_the_order_of_the_files_does_not_matter() -> None:
    assert archive.pack(FILES) == archive.pack(dict(reversed(FILES.items())))


def test_the_bytes_are_always_the_same() -> None:
    """On any machine, on any day: a change here changes the digest of every bundle that was ever built."""
    assert archive.digest(archive.pack({"a": b"b", "c/d": b"e" * 70_000})) == (
        "542cd59e50b641246d4243f31a4ae4312c502fc8626e12a4565e1b58961049a2"
    )


def test_other_programs_read_it(tmp_path: Path) -> None:
    (tmp_path / "b.tar.gz").write_bytes(archive.pack(FILES))
    subprocess.run(["gzip", "--test", "b.tar.gz"], cwd=tmp_path, check=True)
    with tarfile.open(tmp_path / "b.tar.gz") as tar:
        assert sorted(tar.getnames()) == sorted(FILES)


def test_names_as_opa_and_tar_write_them_are_the_same() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        folder = tarfile.TarInfo("./p/")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for name in ("/a.rego", "./b.rego", "c.rego"):
            tar.addfile(tarfile.TarInfo(name))
    assert list(archive.unpack(gzip.compress(stream.getvalue()))) == ["a.rego", "b.rego", "c.rego"]


def _tar(*names: str, kind: bytes = tarfile.REGTYPE, content: bytes = b"") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.type, entry.size = kind, len(content)
            tar.addfile(entry, io.BytesIO(content))
    return gzip.compress(stream.getvalue())


@pytest.mark.parametrize(
    "name",
    ["..", "../x", "a/../x", "a//x", "a/./x", "//x", "././x", "a\\x", "C:x", "a\x00x", "a\u202ex", "a\x1bx", "x" * 256],
)  # fmt: skip
def test_odd_names_are_refused(name: str) -> None:
    entry = tarfile.TarInfo("x")
    entry.pax_headers = {"path": name}
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(entry)
    with pytest.raises(BundleError, match=r"leads elsewhere|odd characters|no tar archive"):
        archive.unpack(gzip.compress(stream.getvalue()))


def test_a_folder_that_leads_elsewhere_is_refused() -> None:
    with pytest.raises(BundleError, match="leads elsewhere"):
        archive.unpack(_tar("../x", kind=tarfile.DIRTYPE))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(_tar(*(f"f{i}" for i in range(10_001))), "more than 10000 files", id="many files"),
        pytest.param(_tar("x", content=bytes(2 << 20)), "more than 200 times its size", id="next to nothing in much"),
        pytest.param(bytes(33 << 20), "larger than 32 MiB", id="large"),
        pytest.param(gzip.compress(bytes(130 << 20)), "more than 128 MiB", id="large inside"),
        pytest.param(gzip.compress(b"x" * 1000), "no tar archive", id="a text"),
        pytest.param(gzip.compress(b""), "no tar archive", id="nothing inside"),
    ],
)
def test_it_refuses(data: bytes, said: str) -> None:
    with pytest.raises(BundleError, match=said):
        archive.unpack(data)


def test_a_header_in_the_middle_that_cannot_be_read_does_not_end_it() -> None:
    """Python takes it for the end, other readers go on."""
    tar = bytearray(gzip.decompress(_tar("a", "b", "c")))
    tar[1024 + 150] ^= 1
    with pytest.raises(BundleError, match="something behind its last file"):
        archive.unpack(gzip.compress(bytes(tar)))


def test_a_sparse_file_is_refused() -> None:
    entry = tarfile.TarInfo("x")
    entry.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": "y",
        "GNU.sparse.realsize": "9999999",
    }
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        entry.size = 512
        tar.addfile(entry, io.BytesIO(b"1\n0\n1\n".ljust(512, b"\0")))
    with pytest.raises(BundleError):
        archive.unpack(gzip.compress(stream.getvalue()))


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(BundleError, match=r"none\.tar\.gz: No such file"):
        archive.read("none.tar.gz")
