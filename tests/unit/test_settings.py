"""The files of --parameters and --waivers: what they say, and where."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from egress_policy import settings
from egress_policy.engine import PARAMETERS, load
from egress_policy.report import Location
from egress_policy.settings import SettingsError


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Files in the current folder."""
    monkeypatch.chdir(tmp_path)

    def write(**files: str) -> None:
        for name, text in files.items():
            Path(f"{name}.yaml").write_text(text)

    return write


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("profile: strict\n", {"profile": "strict"}, id="by itself"),
        pytest.param("egress: {parameters: {profile: strict}}", {"profile": "strict"}, id="as data for OPA"),
        pytest.param('{"egress": {"parameters": {"now": "2026-01-01"}}}', {"now": "2026-01-01"}, id="as JSON"),
        pytest.param("now: 2026-01-01", {"now": "2026-01-01"}, id="a date is a text"),
        pytest.param("{}", {}, id="nothing"),
        pytest.param("egress: {parameters: {}}", {}, id="nothing as data"),
        pytest.param("waivers: []", {"waivers": []}, id="waivers"),
        pytest.param("waivers:", {"waivers": None}, id="waivers that are null"),
    ],
)
def test_parameters(written: Callable[..., None], text: str, expected: object) -> None:
    written(a=text)
    assert settings.read("a.yaml", None).values == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "a.yaml: parameters are one object, such as {profile: strict}", id="empty"),
        pytest.param("- a", "a.yaml: parameters are one object, such as {profile: strict}", id="a list"),
        pytest.param("egress:", "a.yaml: parameters are one object, such as {profile: strict}", id="data that is null"),
        pytest.param("egress: 1", "a.yaml: parameters are one object, such as {profile: strict}", id="data, a number"),
        pytest.param("egress: {}", "a.yaml: parameters are one object, such as {profile: strict}", id="empty data"),
        pytest.param("egress: {parameters: []}", "a.yaml: parameters are one object, such as {prof", id="data, a list"),
        pytest.param(
            "egress: {parameters: {}}\nprofile: strict",
            "a.yaml:2: profile stands beside egress.parameters, under which all belongs", id="both forms",
        ),
        pytest.param(
            "egress:\n  parameters: {}\n  waivers: []",
            "a.yaml:3: egress.waivers stands beside egress.parameters, under which all belongs", id="a level too high",
        ),
        pytest.param("a: [", "a.yaml: is no YAML: ", id="no YAML"),
        pytest.param("a: 1\n---\na: 1", "a.yaml: holds more than one document", id="two documents"),
    ],
)  # fmt: skip
def test_parameters_that_say_nothing_clear(written: Callable[..., None], text: str, expected: str) -> None:
    written(a=text)
    with pytest.raises(SettingsError) as raised:
        settings.read("a.yaml", None)
    assert str(raised.value).startswith(expected)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize("text", ["waivers: [1]", "egress: {parameters: {waivers: [1]}}"])
def test_a_file_of_waivers(written: Callable[..., None], text: str) -> None:
    written(a=text, b="profile: strict")
    assert settings.read(None, "a.yaml").values == {"waivers": [1]}
    assert settings.read("b.yaml", "a.yaml").values == {"profile": "strict", "waivers": [1]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "a.yaml: waivers are one object, such as {waivers: []}", id="empty"),
        pytest.param("- rule: a", "a.yaml: waivers are one object, such as {waivers: []}", id="the bare list"),
        pytest.param("{}", "a.yaml: holds no waivers; they are one object, such as {waivers: []}", id="no waivers"),
        pytest.param(
            "waivers: []\nnow: 2020-01-01", "a.yaml:2: now is no waiver; it belongs into --parameters FILE", id="more"
        ),
        pytest.param(
            "egress:\n  parameters:\n    profile: baseline\n    waivers: []",
            "a.yaml:3: profile is no waiver; it belongs into --parameters FILE", id="more as data",
        ),
    ],
)  # fmt: skip
def test_a_file_of_waivers_holds_nothing_else(written: Callable[..., None], text: str, expected: str) -> None:
    written(a=text)
    with pytest.raises(SettingsError) as raised:
        settings.read(None, "a.yaml")
    assert str(raised.value) == expected


@pytest.mark.parametrize("text", ["profile: strict\nwaivers: []", "profile: strict\nwaivers: null"])
def test_waivers_in_both_files(written: Callable[..., None], text: str) -> None:
    written(a=text, b="egress:\n  parameters: {waivers: []}")
    with pytest.raises(SettingsError, match=r"^a\.yaml:2 and b\.yaml:2: waivers in both files; .* keep all in one$"):
        settings.read("a.yaml", "b.yaml")


_PARAMETERS = "# first\n\nprofile: x\nnow: y\n"
_WAIVERS = """\
%YAML 1.1
---
# ours
egress:
  parameters:
    waivers:
      - rule: a
        owner: b
      - {rule: c}
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("profile", ("p.yaml", 3), id="a parameter"),
        pytest.param("now", ("p.yaml", 4), id="another one"),
        pytest.param("unknown", ("p.yaml", 3), id="one that is not there"),
        pytest.param("waivers", ("w.yaml", 6), id="the list"),
        pytest.param("waivers[0]", ("w.yaml", 7), id="an entry"),
        pytest.param("waivers[0].owner", ("w.yaml", 8), id="a field"),
        pytest.param("waivers[0].expires", ("w.yaml", 7), id="a field that is missing"),
        pytest.param("waivers[1].resource.kind", ("w.yaml", 9), id="all of one line"),
        pytest.param("waivers[7]", ("w.yaml", 6), id="an entry that is not there"),
    ],
)
def test_a_place(written: Callable[..., None], path: str, expected: tuple[str, int]) -> None:
    written(p=_PARAMETERS, w=_WAIVERS)
    assert settings.read("p.yaml", "w.yaml").place(path) == Location(*expected)


def test_what_is_in_no_file_has_no_place() -> None:
    assert settings.read(None, None).place("profile") is None
    assert settings.read(None, None).explained([("profile", "is wrong")]) == "profile is wrong"


def test_problems_are_told_in_the_order_of_lines_and_on_one_line_each(written: Callable[..., None]) -> None:
    written(w='waivers:\n  - {rule: a}\n  - {"x\\ny": 1}\n')
    problems = [("waivers[1].x\ny", "is unknown"), ("waivers[0].rule", "must be\nsomething")]
    assert settings.read(None, "w.yaml").explained(problems) == (
        "w.yaml:2: waivers[0].rule must be\\nsomething\nw.yaml:3: waivers[1].x\\ny is unknown"
    )


def test_the_file_that_the_guide_shows_is_taken(written: Callable[..., None]) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "waivers.md").read_text()
    written(w=guide.partition("```yaml\n")[2].partition("```")[0])
    values = settings.read(None, "w.yaml").values
    assert len(values["waivers"]) == 3
    with load("wasm", values) as engine:
        assert engine.ask(PARAMETERS, b"{}")["problems"] == []
