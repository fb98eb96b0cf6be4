"""Nothing that was done to a signed bundle on its way is taken by us, or by OPA without a reason that is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bundle import signers, tamperings
from tests.bundle.signers import Pair
from tests.bundle.tamperings import TAMPERINGS, Keys, Tampering

_DOCS = Path(__file__).parents[2] / "docs" / "bundle-tamperings.md"


@pytest.fixture(scope="session")
def known(es256: Pair, rs256: Pair, tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """The keys that they are made with."""
    return Keys(es256, rs256, signers.pair(tmp_path_factory.mktemp("strange"), "ES256"))


@pytest.mark.parametrize("one", TAMPERINGS, ids=lambda one: str(one.what))
def test_it_is_refused(one: Tampering, known: Keys, opa: Path, tmp_path: Path) -> None:
    data = one.make(known)
    said = signers.ours(data, known.own, **(one.asked or {}))
    assert one.said in said
    assert bool(one.said) == bool(said)
    assert bool(signers.theirs(opa, data, known.own, tmp_path)) is not bool(one.opa_takes)


def test_there_are_at_least_forty() -> None:
    assert len(TAMPERINGS) >= 40
    assert len({one.what for one in TAMPERINGS}) == len(TAMPERINGS)


def test_the_table_of_the_docs_is_the_one_that_was_seen(known: Keys, opa: Path, tmp_path: Path) -> None:
    assert tamperings.table(list(tamperings.verdicts(opa, known, tmp_path))) in _DOCS.read_text(encoding="utf-8")
