"""What is unsafe in a configuration of OPA's: what is unsigned, for any scope, or in plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from egress_policy import reader
from egress_policy.errors import EgressPolicyError
from egress_policy.hosts import is_private
from egress_policy.sidecar import LEAST_OPA, SidecarError

Json = Mapping[str, Any]
Problem = tuple[str, str]
_ALGORITHMS = {"RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512"}
_VARIABLE = re.compile(r"\$\{[^}]*\}")
# A variant comes behind the version: 1.22.2-static.
_TAG = re.compile(r"v?(\d{1,9}\.\d{1,9}\.\d{1,9})(?![\d.])")
_VERSION = re.compile(r"\s*(?:Version:\s*)?v?(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?![\d.])(-\S+)?")


def problems(name: str, data: bytes) -> list[str]:
    """What is unsafe, a line each: `file:line: field message`. Raises SidecarError for what is no configuration."""
    try:
        loaded = reader.load(data)
    except EgressPolicyError as error:
        raise SidecarError(f"{name}: {error}") from error
    if not isinstance(loaded.value, dict):
        raise SidecarError(f"{name}: is no configuration of OPA's: must be an object")
    found = sorted({(loaded.line(path), path, message) for path, message in _of(loaded.value)})
    return [f"{name}:{line}: {path} {message}" for line, path, message in found]


def version_problem(text: str) -> str | None:
    """What is wrong with a version of OPA, as `opa version` says it; None of one that is safe."""
    found = _VERSION.match(text)
    least = ".".join(map(str, LEAST_OPA))
    if not found:
        return f"OPA's version is not known: {' '.join(text.split())[:60] or 'it says nothing'}"
    if tuple(int(part) for part in found.groups()[:3]) < LEAST_OPA or found[4]:
        return f"OPA {'.'.join(found.groups()[:3])}{found[4] or ''} is too old: {least} is the first that is safe"
    return None


def image_problem(image: str) -> str | None:
    """What is wrong with an image whose tag is a version of OPA; None of one that is safe, or that nobody can tell."""
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    found = _TAG.match(tag)
    return version_problem(found[1]) if found else None


def _of(config: Json) -> Iterator[Problem]:
    services = _named(config.get("services"))
    keys = _object(config.get("keys"))
    yield from _service_problems(config.get("services"))
    yield from _key_problems(config.get("keys"))
    if "bundle" in config:
        yield "bundle", "is the old form, which knows no signatures: name it below bundles"
    yield from _bundles_problems(config, services, keys)


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _named(services: object) -> Json:
    """OPA takes services as an object, or as a list of them that have names."""
    if isinstance(services, list):
        return {str(one["name"]): one for one in services if isinstance(one, dict) and "name" in one}
    return _object(services)


def _service_problems(services: object) -> Iterator[Problem]:
    if services is not None and not isinstance(services, (dict, list)):
        yield "services", "must be an object"
    listed = enumerate(services) if isinstance(services, list) else _object(services).items()
    for key, service in listed:
        base = f"services[{key}]" if isinstance(services, list) else f"services.{key}"
        yield from _url_problems(_object(service).get("url"), f"{base}.url")
        if _object(service).get("allow_insecure_tls"):
            yield f"{base}.allow_insecure_tls", "takes any server for the right one: trust its CA by tls.ca_cert"


def _url_problems(url: object, path: str) -> Iterator[Problem]:
    if not isinstance(url, str) or not url:
        yield path, "must be the address of a server"
    elif _VARIABLE.search(url):
        yield path, "is known only when OPA starts: write it out"
    elif not is_private(url):
        yield path, "is plain HTTP, in which anybody on the way can hold back what is new: use https"


def _key_problems(keys: object) -> Iterator[Problem]:
    if keys is not None and not isinstance(keys, dict):
        yield "keys", "must be an object"
    for name, key in _object(keys).items():
        base = f"keys.{name}"
        algorithm = _object(key).get("algorithm", "RS256")
        if not isinstance(algorithm, str) or algorithm not in _ALGORITHMS:
            yield f"{base}.algorithm", "must be ES256 or RS256: whoever verifies an HMAC could have signed it"
        if not _object(key).get("key"):
            yield base, "must have the public key as key"
        elif "PRIVATE KEY" in str(_object(key)["key"]) or _object(key).get("private_key"):
            yield base, "holds a private key: whoever verifies needs the public one"


def _bundles_problems(config: Json, services: Json, keys: Json) -> Iterator[Problem]:
    bundles = config.get("bundles")
    if not isinstance(bundles, dict) or not any(bundles.values()):
        if not isinstance(config.get("discovery"), dict):
            yield "bundles", "must name at least one bundle: OPA would answer with no policy"
    else:
        for name, bundle in bundles.items():
            # OPA leaves out what is null.
            if bundle is not None:
                yield from _bundle_problems(bundle, f"bundles.{name}", services, keys)
    if config.get("discovery") is not None:
        yield from _bundle_problems(config["discovery"], "discovery", services, keys)


def _bundle_problems(bundle: object, base: str, services: Json, keys: Json) -> Iterator[Problem]:
    if not isinstance(bundle, dict):
        yield base, "must be an object"
        return
    yield from _source_problems(bundle, base, services)
    signing = bundle.get("signing")
    if not isinstance(signing, dict):
        yield base, "has no signing: OPA takes it unsigned, whatever stands below keys"
        return
    yield from _signing_problems(signing, f"{base}.signing", keys)


def _source_problems(bundle: Json, base: str, services: Json) -> Iterator[Problem]:
    resource = bundle.get("resource")
    if isinstance(resource, str) and resource.startswith("file://"):
        return
    service = bundle.get("service")
    if service not in services and not (service is None and len(services) == 1):
        yield f"{base}.service", "must be one of services"
    if isinstance(resource, str) and resource.startswith("http://") and not is_private(resource):
        yield f"{base}.resource", "is plain HTTP: use https"


def _signing_problems(signing: Json, base: str, keys: Json) -> Iterator[Problem]:
    for field, why in (
        ("keyid", "OPA then asks the bundle itself"),
        ("scope", "a bundle for elsewhere is taken as well"),
    ):
        value = signing.get(field)
        if not isinstance(value, str) or not value:
            yield f"{base}.{field}" if field in signing else base, f"must name its {field}: {why}"
        elif _VARIABLE.search(value):
            yield f"{base}.{field}", "is known only when OPA starts: write it out"
        elif field == "keyid" and value not in keys:
            yield f"{base}.keyid", "must be one of keys"
    if signing.get("exclude_files"):
        yield f"{base}.exclude_files", "lets files through that nobody signed"
    if signing.get("allow_unsigned_delta_bundles"):
        yield f"{base}.allow_unsigned_delta_bundles", "lets anybody change what was signed"
