"""What the name of a setting says about its value: whether it is a host, a secret, or of which engine.

Names lead; a value without one is taken for a destination only where a Service has that name.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_LONGEST = 253
# The last words of names whose value is a host, with or without a port.
_HOSTS = tuple(
    "host hostname hosts addr address addrs addresses endpoint endpoints url urls uri uris dsn server servers "
    "broker brokers".split()
)
# Those that have a partner with the port.
_WITH_PORT = ("hostname", "host", "address", "addr", "server", "endpoint")
_SECRETS = frozenset(
    "pass passwd password passphrase pwd secret secrets token tokens key keys apikey credential credentials "
    "salt cert certificate private".split()
)
# Where a process listens.
_LISTENS = frozenset("bind listen listener listening advertise advertised".split())
# The pod's own name and addresses.
_OWN = frozenset({"hostname", "host", "podip", "pod_ip", "hostip", "host_ip", "server_host"})
_ENGINES = {
    "postgres": "postgresql", "postgresql": "postgresql", "pg": "postgresql", "pghost": "postgresql",
    "mysql": "mysql", "mariadb": "mysql", "redis": "redis", "rediss": "redis",
}  # fmt: skip
_DATABASES = frozenset({"db", "database", "datasource", "jdbc"})


def words(name: str) -> list[str]:
    """`DATABASE_URL`, `database-url`, `databaseUrl` are the same two words."""
    return [word.lower() for word in _WORD.findall(name[:_LONGEST])]


def names_a_host(name: str) -> bool:
    """Whether a setting of that name tells where something is, and not where the process itself listens."""
    inside = words(name)
    if not inside or name.lower() in _OWN or not _LISTENS.isdisjoint(inside):
        return False
    return inside[-1] in _HOSTS or inside[-1] == "pghost" or inside[-2:] == ["connection", "string"]


def is_secret(name: str) -> bool:
    """Whether the value may be a secret as a whole, so that no piece of it may be shown."""
    return not _SECRETS.isdisjoint(words(name)) and not names_a_host(name)


def engine(name: str) -> str | None:
    """The engine that the name speaks of."""
    return next((_ENGINES[word] for word in words(name) if word in _ENGINES), None)


def is_database(name: str) -> bool:
    """Whether it speaks of a database at all."""
    return engine(name) is not None or not _DATABASES.isdisjoint(words(name))


def partner(name: str) -> str | None:
    """The name, in small letters, of the setting with the port: db_port for DB_HOST."""
    lower = name.lower()
    ending = next((word for word in _WITH_PORT if lower.endswith(word)), None)
    return f"{lower.removesuffix(ending)}port" if ending else None


def entry(text: str) -> str:
    """A name for an entry of a model, as an object may have it: `api.stripe.com` is `api-stripe-com`."""
    return re.sub(r"[^a-z0-9]+", "-", text[:_LONGEST].lower()).strip("-")[:50].strip("-") or "unnamed"
