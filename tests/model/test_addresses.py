"""The model's address sets against DESIGN.md's numbers and Python's ipaddress."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.addresses import EVERY, V4_MAX, Addresses, block, blocks, public, size


def test_as_many_public_addresses_as_the_design_says() -> None:
    assert size(public().counted.v4) == 3_702_257_664


def test_documentation_is_left_out_of_the_sums_only() -> None:
    space = public()
    for address in ("203.0.113.9", "192.0.2.1", "2001:db8::1"):
        assert address in space.everywhere
        assert address not in space.counted


def test_internal_blocks_count_as_private() -> None:
    assert size(public(("8.0.0.0/8",)).counted.v4) == 3_702_257_664 - 2**24


def test_every_ipv6_holds_all_of_ipv4_once_translated() -> None:
    assert block("::/0").translated().v4 == ((0, V4_MAX),)
    assert block("::/0").v4 == ()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("010.000.000.000/8", "10.0.0.0/8"),
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::ffff:1.2.3.4/128", "1.2.3.4/32"),
        ("00fd00::/008", "fd00::/8"),
        ("0.0.0.0/00", "0.0.0.0/0"),
        ("::00/0000", "::/0"),
        ("2001:0db8::0192.0.002.1/128", "2001:db8::c000:201/128"),
        ("FD00:EC2::254/128", "fd00:ec2::254/128"),
        ("2001:db8::192.0.2.1/128", "2001:db8::c000:201/128"),
    ],
)
def test_reads_cidrs_as_the_api_server_does(written: str, meant: str) -> None:
    assert block(written) == block(meant)


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        "10.0.0.0",
        "10.0.0.0/33",
        "10.0.0/8",
        "10.0.0.0/+8",
        "::/129",
        "1.2.3.4.5/8",
        "10.0.0.256/8",
        "a/8",
        "1.2.3.4/8 ",
    ],
)
def test_refuses_what_is_no_cidr(nonsense: str) -> None:
    with pytest.raises(ValueError, match=r"CIDR|address|octet|Expected"):
        block(nonsense)


networks = st.builds(
    lambda address, length: ipaddress.ip_network((address, length), strict=False),
    st.integers(0, V4_MAX),
    st.integers(0, 32),
)


@given(
    st.lists(networks, max_size=6), st.lists(networks, max_size=6), st.integers(0, V4_MAX).map(ipaddress.IPv4Address)
)
def test_set_arithmetic_agrees_address_by_address(
    plus: list[ipaddress.IPv4Network], minus: list[ipaddress.IPv4Network], address: ipaddress.IPv4Address
) -> None:
    held = blocks(map(str, plus)) - blocks(map(str, minus))
    for probe in {address, *(n.network_address for n in plus + minus), *(n.broadcast_address for n in plus + minus)}:
        expected = any(probe in n for n in plus) and not any(probe in n for n in minus)
        assert (str(probe) in held) == expected


@given(st.lists(networks, max_size=8))
def test_sizes_agree_with_collapsed_networks(some: list[ipaddress.IPv4Network]) -> None:
    collapsed = ipaddress.collapse_addresses(some)
    assert size(blocks(map(str, some)).v4) == sum(n.num_addresses for n in collapsed)


def test_everything_without_everything_is_nothing() -> None:
    assert Addresses() == EVERY - EVERY
