"""The embedded engine: the compiled policy in this process, run by opa-py-wasm. No other program is needed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

import wasmtime
from opapywasm import BuiltinRegistry, OpaWasmError, PolicyConfig
from opapywasm.abi import OpaAbiSpec
from opapywasm.errors import OpaBuiltinError
from opapywasm.instance import OpaPolicyInstance
from opapywasm.runtime import EpochTicker, WasmtimeRuntime

from egress_policy.engine import EngineError, compiled, embedded, split, to_json

_PAGE = 64 * 1024
_LIMITS = PolicyConfig(
    pool_size=1,
    # A batch is about a megabyte; more than this is one namespace alone, larger than a cluster's own store may be.
    max_input_bytes=256 << 20,
    # A finding may carry a whole manifest as its remediation, so the answer can be larger than the question.
    max_result_bytes=256 << 20,
    max_cstring_scan_bytes=256 << 20,
    # The user's parameters: a list of destinations.
    max_data_bytes=16 << 20,
    # Parsed JSON takes ten to twenty times its size. Past 2 GiB something is wrong, and the machine is worth more.
    max_memory_pages=(2 << 30) // _PAGE,
    # A namespace of 1,000 workloads takes seconds. A pipeline had better hear of a minute than hang.
    eval_timeout_seconds=60.0,
    # Inputs are joined from JSON that the reader wrote. Reading them once more would double the work.
    parse_raw_json_input=False,
)


# Pages: 1 MiB.
_FOR_CONSTANTS = 16


class WasmEngine:
    """One instance of the compiled policy. Use it in the process that made it: it has a thread."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        *,
        now: int | None = None,
        wasm: bytes | None = None,
        limits: PolicyConfig = _LIMITS,
    ) -> None:
        self._limits = limits
        self._builtins = _builtins(time.time_ns() if now is None else now)
        self._settings = to_json({"egress": {"parameters": dict(settings)}})
        try:
            self._factory = _Factory(embedded.wasm() if wasm is None else wasm, limits)
            self._instance = self._started()
        except (OpaWasmError, wasmtime.WasmtimeError) as error:
            raise EngineError(f"the compiled policy cannot be loaded: {error}") from error
        self._entrypoints = self._instance.entrypoints()
        self._check_builtins()

    def _started(self) -> OpaPolicyInstance:
        return OpaPolicyInstance(
            self._factory,  # type: ignore[arg-type]  # it is used for create_runtime alone
            self._limits,
            OpaAbiSpec(),
            initial_data=self._settings,
            builtins=BuiltinRegistry(self._builtins),
            epoch=self._factory.ticker,
        )

    def _check_builtins(self) -> None:
        missing = sorted(set(self._instance.builtins()) - set(self._builtins))
        if missing:
            raise EngineError(f"the compiled policy calls functions that this engine lacks: {', '.join(missing)}")

    def ask(self, query: str, document: bytes) -> Any:
        """The answer to a query; EngineError if it is undefined or does not come."""
        package, rule = split(query)
        entrypoint = self._entrypoints.get(f"egress/{package}/{rule}")
        if entrypoint is None:
            raise EngineError(f"the compiled policy has no entrypoint egress/{package}/{rule}")
        try:
            if self._instance.poisoned:  # by an evaluation that was stopped: its memory is in no known state
                self._instance.close()
                self._instance = self._started()
            answers = self._instance.evaluate(document, entrypoint)
        except (OpaWasmError, wasmtime.WasmtimeError, wasmtime.Trap) as error:
            raise EngineError(_reason(error, len(document), self._limits)) from error
        if not isinstance(answers, list) or len(answers) != 1 or "result" not in (answers[0] or {}):  # type: ignore[operator]
            raise EngineError(f"data.egress.{package}.{rule} is undefined in the compiled policy")
        return answers[0]["result"]  # type: ignore[index,call-overload]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._instance.close()
        self._factory.ticker.close()


class _Factory:
    """What opapywasm's own factory does, but with the cache for compiled modules, for which that one has no hook."""

    def __init__(self, wasm: bytes, limits: PolicyConfig) -> None:
        self._pages = limits.max_memory_pages
        self._engine = wasmtime.Engine(_configured())
        self._module = wasmtime.Module(self._engine, wasm)
        self.ticker = EpochTicker(self._engine)

    def create_runtime(self, builtin_dispatch: Callable[[int, int, list[int]], int] | None = None) -> WasmtimeRuntime:
        return _Runtime(self._engine, self._module, builtin_dispatch, max_memory_pages=self._pages)


class _Runtime(WasmtimeRuntime):
    """opapywasm 1.2.1 offers two pages of memory to begin with, and a policy as large as ours asks for more.

    Its constants are not in what it asks for, and one with too little is tried again, with a warning to whoever logs.
    """

    def _register_env_imports(self, linker: wasmtime.Linker, module: wasmtime.Module) -> None:
        missing = _first_pages(module) + _FOR_CONSTANTS - self.memory.size(self.store)
        if missing > 0:
            self.memory.grow(self.store, missing)
        super()._register_env_imports(linker, module)


def _first_pages(module: wasmtime.Module) -> int:
    memories = [one.type for one in module.imports if isinstance(one.type, wasmtime.MemoryType)]
    return max((memory.limits.min for memory in memories), default=0)


def _configured() -> wasmtime.Config:
    config = wasmtime.Config()
    config.epoch_interruption = True  # what the timeout of an evaluation rests on
    cache = compiled.configuration()
    if cache is not None:
        try:
            config.cache = str(cache)
        except wasmtime.WasmtimeError:  # the cache is a convenience; a wasmtime that will not have it still judges
            return _uncached()
    return config


def _uncached() -> wasmtime.Config:
    config = wasmtime.Config()
    config.epoch_interruption = True
    return config


def _reason(error: Exception, size: int, limits: PolicyConfig) -> str:
    """The engine's own words, after ours about what can be done."""
    text = " ".join(str(error).split())
    if "interrupt" in text or "timeout" in text or "deadline" in text:
        return f"judging took longer than {limits.eval_timeout_seconds:g} seconds and was stopped"
    if "exceeding the" in text:
        return f"{size:,} bytes of manifests are more than can be judged together ({limits.max_input_bytes:,})"
    return f"the compiled policy stopped without an answer ({text[:300]})"


# Functions that OPA's wasm leaves to its host. Short on purpose: each one is a place where engines can differ.
def _builtins(now: int) -> dict[str, Callable[..., Any]]:
    # One moment for a whole run, in all its processes, as OPA has one for a whole query.
    return {"time.now_ns": lambda: now, "time.date": _date}


def _date(moment: Any) -> list[int]:
    """`time.date` for nanoseconds in UTC; other time zones would need a database that hosts disagree on."""
    nanoseconds, zone = moment if isinstance(moment, list) else (moment, "UTC")
    if zone not in ("", "UTC") or not isinstance(nanoseconds, int):
        raise OpaBuiltinError(f"time.date: only integer nanoseconds in UTC are known, not {moment!r}")
    date = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=nanoseconds // 1000)
    return [date.year, date.month, date.day]
