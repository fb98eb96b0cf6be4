"""What the command line may ask for, and what it may not put into a pod's command."""

from __future__ import annotations

import pytest

from egress_policy.verify import options
from egress_policy.verify.options import Place, UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("1.1.1.1", Place("1.1.1.1", 443), id="an address has the usual port"),
        pytest.param("example.com:80", Place("example.com", 80), id="a name and a port"),
        pytest.param("[2606:4700::1111]:443", Place("2606:4700::1111", 443), id="IPv6 stands in brackets"),
        pytest.param("[::1]", Place("::1", 443), id="IPv6 without a port"),
        pytest.param("a_b.c", Place("a_b.c", 443), id="names of services may have an underscore"),
    ],
)
def test_a_place(text: str, expected: Place) -> None:
    assert options.place(text, "--outside", 443) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("-e sh", id="an option of nc"),
        pytest.param("-l", id="a listening nc"),
        pytest.param("$(KUBERNETES_SERVICE_HOST)", id="what a kubelet expands"),
        pytest.param("a b", id="two words"),
        pytest.param("a\n", id="a line that ends"),
        pytest.param("a;id", id="a second command"),
        pytest.param("a:0", id="port 0"),
        pytest.param("a:65536", id="a port too high"),
        pytest.param("a:-1", id="a negative port"),
        pytest.param("a:80:81", id="two ports"),
        pytest.param("::1", id="IPv6 without brackets"),
        pytest.param("[::1", id="half a bracket"),
        pytest.param("a:٤", id="digits of another script"),
        pytest.param("https://a", id="a URL"),
    ],
)
def test_no_place(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--outside .*a host name or an address"):
        options.place(text, "--outside", 443)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("db.data.svc", ("", Place("db.data.svc")), id="the only one"),
        pytest.param("orders=10.0.0.1:5433", ("orders", Place("10.0.0.1", 5433)), id="one of several"),
        pytest.param("a=b=c", ("a=b", Place("c")), id="whatever stands before the last = is a name"),
    ],
)
def test_a_database(text: str, expected: tuple[str, Place]) -> None:
    assert options.database(text) == expected


def test_a_database_without_the_name_before_the_equals_sign() -> None:
    with pytest.raises(UsageError, match="a name stands before the ="):
        options.database("=a")


@pytest.mark.parametrize("text", ["-debug", "a b", "", "$(x)", "a\n"])
def test_no_name_to_look_up(text: str) -> None:
    with pytest.raises(UsageError, match="--lookup"):
        options.lookup(text)


@pytest.mark.parametrize("text", ["-x", "", "a b", "a$(b)", "a\nb"])
def test_no_image(text: str) -> None:
    with pytest.raises(UsageError, match="--image"):
        options.image(text)


def test_images_with_a_registry_a_tag_and_a_digest_are_images() -> None:
    for text in (options.IMAGE, "registry.example.com:5000/a/b@sha256:" + "0" * 64):
        assert options.image(text) == text
