"""OPA's configuration for a sidecar: bundles over HTTPS, each signed by a named key for a scope, kept on disk.

Source: https://www.openpolicyagent.org/docs/configuration. `checking` refuses whatever is less than this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from egress_policy.bundle import keys
from egress_policy.hosts import scheme
from egress_policy.sidecar import SidecarError

Json = dict[str, Any]
SERVICE = "bundles"
# Where the files of `kubernetes` are mounted.
PERSISTED = "/var/opa"
TOKEN = "/var/run/secrets/egress-policy/token"  # noqa: S105  # a path
_POLLING = {"min_delay_seconds": 30, "max_delay_seconds": 60}
# The server answers when there is something new, or after so many seconds.
_LONG_POLLING = 60
_MOST_BYTES = 64 << 20
_OCI = "oci://"
# Where a mirror serves in the pod, which is asked more often than a server elsewhere.
MIRROR = 8383
_MIRROR_URL = f"http://127.0.0.1:{MIRROR}"
_POLLING_MIRROR = {"min_delay_seconds": 5, "max_delay_seconds": 10}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a sidecar is to load: bundles by the paths of their files below `url`, by a key of this id and scope.

    `url` is `https://…`, or `oci://HOST/…` of a registry, whose paths are repositories with a tag. With `token` a
    bearer token is read from a file, each time anew; `masked` tells that one has data.system.log.mask.
    """

    url: str
    bundles: Mapping[str, str]
    keyid: str
    public_key: str
    scope: str
    token: bool = False
    long_polling: bool = False
    masked: bool = False


def is_registry(url: str) -> bool:
    """Whether an address is that of a registry."""
    return url.startswith(_OCI)


def mirrored(wanted: Wanted) -> Wanted:
    """The same where a mirror in the pod pulls and verifies them. Raises SidecarError for what only a server does."""
    if wanted.long_polling:
        raise SidecarError("--long-polling: with a mirror, this one asks the server")
    here = {name: f"{name}.tar.gz" for name in wanted.bundles}
    return replace(wanted, url=_MIRROR_URL, bundles=here, token=False)


def place(wanted: Wanted, name: str) -> str:
    """Where a bundle is, as `egress bundle pull` takes it."""
    return f"{wanted.url.rstrip('/')}/{wanted.bundles[name]}"


def config(wanted: Wanted) -> Json:
    """The configuration. Raises BundleError for a key that OPA refuses, SidecarError for a registry that is to wait."""
    key = keys.public(wanted.public_key)
    if wanted.long_polling and is_registry(wanted.url):
        raise SidecarError("--long-polling: a registry answers at once; OPA asks it every 30 to 60 seconds")
    usual = _POLLING_MIRROR if wanted.url == _MIRROR_URL else _POLLING
    polling = {**usual, **({"long_polling_timeout_seconds": _LONG_POLLING} if wanted.long_polling else {})}
    return {
        "services": {SERVICE: _service(wanted)},
        "keys": {wanted.keyid: {"algorithm": keys.algorithm(key), "key": key.as_pem(private=False).decode()}},
        "bundles": {
            name: {
                "service": SERVICE,
                "resource": _resource(wanted.url, resource),
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


def _service(wanted: Wanted) -> Json:
    bearer = {"credentials": {"bearer": {"token_path": TOKEN}}} if wanted.token else {}
    if not is_registry(wanted.url):
        return {"url": wanted.url, **bearer}
    if wanted.token:
        # OPA makes of `user:password` what registries ask for.
        bearer["credentials"]["bearer"]["scheme"] = "Basic"
    host = wanted.url.removeprefix(_OCI).partition("/")[0]
    return {"url": f"{scheme(host)}://{host}", "type": "oci", **bearer}


def _resource(url: str, path: str) -> str:
    """Below the service's URL; of a registry the whole reference, by which OPA asks it."""
    return f"{url.removeprefix(_OCI).rstrip('/')}/{path}" if is_registry(url) else path
