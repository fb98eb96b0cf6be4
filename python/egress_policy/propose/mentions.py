"""Which settings of a workload name a destination, and which may and cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from egress_policy.propose import addresses, naming
from egress_policy.propose.addresses import Address, Found
from egress_policy.propose.environment import Setting, settings
from egress_policy.propose.inventory import Inventory, Workload
from egress_policy.propose.proposal import Evidence, Note
from egress_policy.propose.targets import Targets
from egress_policy.reader import paths

# What the API server's address is called in every pod; whoever sets it talks to the API server.
_API = "KUBERNETES_SERVICE_HOST"
ENGINES = {"postgresql": 5432, "mysql": 3306, "redis": 6379}
_OF_SCHEME = {
    "postgres": "postgresql", "postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql",
    "redis": "redis", "rediss": "redis",
}  # fmt: skip


# Databases that are none of a model's engines.
_OTHER_DATABASES = frozenset({"mongodb", "sqlserver", "clickhouse", "memcached"})
# They say nothing about what is spoken.
_BARE = ("", "tcp")


@dataclass(frozen=True, slots=True)
class Mention:
    """An address that a workload names, and whether it is a database; None if the value is in no manifest."""

    workload: Workload
    address: Address | None
    engine: str | None
    database: bool
    evidence: Evidence
    # The setting's, for what has no other name.
    name: str
    problem: str = ""


def mentions(workload: Workload, found: Inventory, targets: Targets) -> Iterator[Mention | Note]:
    """All of a workload's, in the order of the manifest, and what cannot be read."""
    every = list(settings(workload, found))
    ports = {
        one.name.lower(): one.value for one in every if one.value is not None and one.name.lower().endswith("port")
    }
    for setting in every:
        yield from _of_setting(workload, setting, ports, targets)


def _of_setting(
    workload: Workload, setting: Setting, ports: Mapping[str, str], targets: Targets
) -> Iterator[Mention | Note]:
    if setting.name == _API or naming.is_secret(setting.name):
        return
    hinted = naming.names_a_host(setting.name) and not setting.file
    if setting.value is None:
        yield from _unknown(workload, setting, hinted=hinted)
        return
    read = _read(setting, hinted=hinted)
    for address in read.addresses:
        if _accepted(address, targets, workload.namespace, hinted=hinted):
            yield _mention(workload, setting, _with_port(address, setting, ports))
    if read.unclear:
        yield Note(_evidence(workload, setting), read.unclear)


def _read(setting: Setting, *, hinted: bool) -> Found:
    """The addresses in the value. An e-mail address or a script is no puzzle unless the name says that it is a host."""
    value = setting.value or ""
    if setting.file:
        return addresses.of_lines(value)
    read = addresses.of_value(value)
    return read if hinted or "://" in value else Found(read.addresses)


def _accepted(address: Address, targets: Targets, namespace: str, *, hinted: bool) -> bool:
    """A connection string always is one. A mere name is one if a Service has it, or the setting's name says so."""
    if address.scheme:
        return True
    inside = targets.known(address, namespace)
    dotted = "." in address.host or ":" in address.host
    return hinted or (inside and (dotted or address.port is not None))


def _with_port(address: Address, setting: Setting, ports: Mapping[str, str]) -> Address:
    """With the port of the setting's partner, as DB_PORT is of DB_HOST, or the usual one of the engine it speaks of."""
    if address.port is not None:
        return address
    name = naming.partner(setting.name)
    given = ports.get(name, "") if name else ""
    if given.isascii() and given.isdigit() and len(given) <= 5 and 0 < int(given) <= 65535:
        return replace(address, port=int(given))
    return address


def _mention(workload: Workload, setting: Setting, address: Address) -> Mention:
    engine, named = _OF_SCHEME.get(address.scheme), not setting.file and address.scheme in _BARE
    if engine is None and address.scheme in _BARE:
        engine = next((name for name, port in ENGINES.items() if port == address.port), None)
    if engine is None and named:
        engine = naming.engine(setting.name)
    database = engine is not None or address.scheme in _OTHER_DATABASES or (named and naming.is_database(setting.name))
    return Mention(workload, address, engine, database, _evidence(workload, setting), setting.name)


def _unknown(workload: Workload, setting: Setting, *, hinted: bool) -> Iterator[Mention | Note]:
    """What no manifest tells: a database to be filled in if the name says that it is one; or else a note."""
    if not setting.problem:
        return
    evidence = _evidence(workload, setting)
    if hinted and naming.is_database(setting.name):
        engine = naming.engine(setting.name)
        yield Mention(
            workload, None, engine, database=True, evidence=evidence, name=setting.name, problem=setting.problem
        )
    elif hinted or setting.what == "envFrom":
        yield Note(evidence, setting.problem)


def _evidence(workload: Workload, setting: Setting) -> Evidence:
    return Evidence(workload.document, paths.written(setting.steps), f"{workload.title}, {setting.what}")
