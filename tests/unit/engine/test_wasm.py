"""The embedded engine: an answer, or an error that says why there is none."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from opapywasm import PolicyConfig

from egress_policy.engine import NAMESPACES, PARAMETERS, EngineError, embedded, wasm
from egress_policy.engine.wasm import WasmEngine
from tests.unit.engine.conftest import Compile

_LATER = 1_790_000_000_000_000_000  # 2026-09-21, 13:33 UTC
_ENDLESS = """
namespaces := count([1 | some i in numbers.range(1, 100000); some j in numbers.range(1, 100000); i == j])
"""
_HUGE = "namespaces := [numbers.range(1, 1000000) | some i in numbers.range(1, 1000000)]"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def _limits(**changed: Any) -> PolicyConfig:
    return dataclasses.replace(wasm._LIMITS, **changed)


def _asked(policy: bytes, document: bytes = b"{}", *, settings: dict[str, Any] | None = None, **options: Any) -> Any:
    with WasmEngine(settings or {}, wasm=policy, **options) as engine:
        return engine.ask(NAMESPACES, document)


def test_an_answer_is_a_plain_value(compiled: Compile) -> None:
    assert _asked(compiled("namespaces := [input.a, {}, null]"), b'{"a": 0.25}') == [0.25, {}, None]


def test_settings_are_data_egress_parameters(compiled: Compile) -> None:
    policy = compiled("namespaces := data.egress.parameters")
    assert _asked(policy, settings={"profile": "strict"}) == {"profile": "strict"}


def test_false_and_null_are_answers(compiled: Compile) -> None:
    assert _asked(compiled("namespaces := null")) is None
    assert _asked(compiled("namespaces := false")) is False


@pytest.mark.parametrize(
    ("rules", "document", "expected"),
    [
        pytest.param("namespaces := input.missing", b"{}", "undefined", id="undefined is no answer"),
        pytest.param("namespaces := input", b'{"a": +5}', "undefined", id="broken JSON is no answer"),
        pytest.param("namespaces := input", b"", "undefined", id="no input is no answer"),
        pytest.param(
            "namespaces := 1 if input.a\nnamespaces := 2 if input.a", b'{"a":1}', "var assignment conflict",
            id="two values for one rule are no answer",
        ),
    ],
)  # fmt: skip
def test_no_answer_is_an_error(compiled: Compile, rules: str, document: bytes, expected: str) -> None:
    with pytest.raises(EngineError, match=expected):
        _asked(compiled(rules), document)


def test_an_unknown_query_is_an_error(compiled: Compile) -> None:
    with WasmEngine({}, wasm=compiled("namespaces := 1")) as engine, pytest.raises(EngineError, match="egress/main/no"):
        engine.ask("no", b"{}")


def test_an_endless_evaluation_is_stopped(compiled: Compile) -> None:
    with pytest.raises(EngineError, match=r"longer than 0\.1 seconds"):
        _asked(compiled(_ENDLESS), limits=_limits(eval_timeout_seconds=0.1))


def test_memory_has_an_end(compiled: Compile) -> None:
    with pytest.raises(EngineError, match="stopped without an answer"):
        _asked(compiled(_HUGE), limits=_limits(max_memory_pages=256))


def test_input_has_an_end(compiled: Compile) -> None:
    with pytest.raises(EngineError, match="4 bytes of manifests are more than can be judged together"):
        _asked(compiled("namespaces := 1"), b"1234", limits=_limits(max_input_bytes=3))


def test_the_next_question_is_answered_after_one_that_was_stopped(compiled: Compile) -> None:
    with WasmEngine({}, wasm=compiled(_ENDLESS), limits=_limits(eval_timeout_seconds=0.1)) as engine:
        with pytest.raises(EngineError):
            engine.ask(NAMESPACES, b"{}")
        assert engine.ask(PARAMETERS, b"{}") == {}


def test_functions_that_we_do_not_supply_are_named_before_anything_is_asked(compiled: Compile) -> None:
    with pytest.raises(EngineError, match=r"lacks: semver\.compare"):
        WasmEngine({}, wasm=compiled('namespaces := semver.compare(input.a, "1.0.0")'))


def test_the_clock_is_the_one_given(compiled: Compile) -> None:
    policy = compiled('namespaces := [time.now_ns(), time.date(time.now_ns()), time.date([time.now_ns(), "UTC"])]')
    assert _asked(policy, now=_LATER) == [_LATER, [2026, 9, 21], [2026, 9, 21]]


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        pytest.param(0, [1970, 1, 1], id="the epoch"),
        pytest.param(-1, [1969, 12, 31], id="a nanosecond before it"),
        pytest.param(1_798_761_599_999_999_999, [2026, 12, 31], id="the last nanosecond of a year"),
        pytest.param(1_798_761_600_000_000_000, [2027, 1, 1], id="the first of the next"),
    ],
)
def test_dates_are_those_of_opa(compiled: Compile, moment: int, expected: list[int]) -> None:
    assert _asked(compiled("namespaces := time.date(input)"), str(moment).encode()) == expected


def test_a_date_in_another_zone_is_an_error_not_a_guess(compiled: Compile) -> None:
    with pytest.raises(EngineError, match=r"time\.date"):
        _asked(compiled('namespaces := time.date([input, concat("/", ["Asia", "Tokyo"])])'), b"0")


def test_what_is_no_policy_is_an_error() -> None:
    with pytest.raises(EngineError, match="cannot be loaded"):
        WasmEngine({}, wasm=b"\0asm\x01\0\0\0")
    with pytest.raises(EngineError, match="cannot be loaded"):
        WasmEngine({}, wasm=b"no wasm at all")


def test_the_embedded_policy_needs_no_more_than_we_supply() -> None:
    with WasmEngine({}) as engine:
        assert engine.ask(PARAMETERS, b"{}") == {"problems": [], "differing": {}}
    assert embedded.metadata()["control"]["custom"]["control"] == "egress-restricted"


def test_a_cache_full_of_rubbish_is_not_believed(compiled: Compile, tmp_path: Path) -> None:
    policy = compiled("namespaces := input")
    assert _asked(policy, b"1") == 1
    cached = [file for file in (tmp_path / "egress-policy").rglob("*") if file.is_file() and file.suffix == ""]
    assert cached, "nothing was cached"
    for file in cached:
        file.write_bytes(b"rubbish" + file.read_bytes()[:1000])
    assert _asked(policy, b"2") == 2


def test_without_a_folder_for_the_cache_all_works(
    compiled: Compile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a-file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a-file"))
    assert _asked(compiled("namespaces := input"), b"1") == 1
