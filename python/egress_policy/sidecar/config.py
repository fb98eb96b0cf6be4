"""OPA's configuration for a sidecar: bundles over HTTPS, each signed by a named key for a scope, kept on disk.

Source: https://www.openpolicyagent.org/docs/configuration. `checking` refuses whatever is less than this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from egress_policy.bundle import keys

Json = dict[str, Any]
SERVICE = "bundles"
# Where the files of `kubernetes` are mounted.
PERSISTED = "/var/opa"
TOKEN = "/var/run/secrets/egress-policy/token"  # noqa: S105  # a path
_POLLING = {"min_delay_seconds": 30, "max_delay_seconds": 60}
# The server answers when there is something new, or after so many seconds.
_LONG_POLLING = 60
_MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a sidecar is to load: bundles by the paths of their files below `url`, by a key of this id and scope.

    With `token` a bearer token is read from a file, each time anew; `masked` tells that one has data.system.log.mask.
    """

    url: str
    bundles: Mapping[str, str]
    keyid: str
    public_key: str
    scope: str
    token: bool = False
    long_polling: bool = False
    masked: bool = False


def config(wanted: Wanted) -> Json:
    """The configuration. Raises BundleError for a key that OPA does not take."""
    key = keys.public(wanted.public_key)
    service: Json = {"url": wanted.url}
    if wanted.token:
        service["credentials"] = {"bearer": {"token_path": TOKEN}}
    polling = {**_POLLING, **({"long_polling_timeout_seconds": _LONG_POLLING} if wanted.long_polling else {})}
    return {
        "services": {SERVICE: service},
        "keys": {wanted.keyid: {"algorithm": keys.algorithm(key), "key": key.as_pem(private=False).decode()}},
        "bundles": {
            name: {
                "service": SERVICE,
                "resource": resource,
                "signing": {"keyid": wanted.keyid, "scope": wanted.scope},
                "persist": True,
                "polling": polling,
                "size_limit_bytes": _MOST_BYTES,
            }
            for name, resource in wanted.bundles.items()
        },
        "persistence_directory": PERSISTED,
        "decision_logs": {"console": True} | ({"mask_decision": "/system/log/mask"} if wanted.masked else {}),
        "status": {"console": True},
    }
