"""An OCI registry, through the ORAS project's client: who one is, tokens, uploads.

Source: https://github.com/opencontainers/distribution-spec. Manifests are sent and read as bytes, whose digests are
what everything is known by; what a registry answers is compared with the digest that it was asked for.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from egress_policy.bundle import archive, attestations
from egress_policy.bundle.places import Attest, NotThereError, PlaceError, Pulled, login, oci
from egress_policy.bundle.places.requesting import content, guarded, reason
from egress_policy.bundle.publication import Publication
from egress_policy.hosts import scheme

try:
    from oras.container import Container
    from oras.provider import Registry as OrasRegistry
except ImportError as missing:
    raise PlaceError("registries need the client of ORAS: `pip install 'egress-policy[publish]'`") from missing

Json = dict[str, Any]
_MOST_MANIFEST = 4 << 20
# Whoever may write to a repository may attach to a bundle; not all of that is read.
_MOST_ATTACHED = 64
_ACCEPTED = f"{oci.MANIFEST}, {oci.INDEX}"
_LATEST = "latest"
_FOR_CONFTEST = "-conftest"


class Registry:
    """A repository of a registry; `known` is who asks and the password, if not as they once logged in."""

    def __init__(self, text: str, tags: Sequence[str] = (), known: tuple[str, str] | None = None) -> None:
        self._reference = oci.reference(text)
        if wrong := [tag for tag in tags if not oci.TAG.fullmatch(tag)]:
            raise PlaceError(f"{wrong[0]!r} is no tag")
        self._tags = tags
        self._client = _Client(self._reference, known)

    def publish(self, published: Publication, attest: Attest) -> list[str]:
        """The bundle, what conftest takes, and envelopes about both; tags move when all is there."""
        tags = self._all_tags(published.revision)
        keyid = published.claims["keyid"]
        found = {"": oci.bundle(published, keyid), _FOR_CONFTEST: oci.for_conftest(published, keyid)}
        made = {suffix: artifact for suffix, artifact in found.items() if artifact is not None}
        subjects = {published.digest: f"{published.definition.name}.tar.gz"}
        subjects |= {one.digest.removeprefix("sha256:"): f"{self._reference.name}" for one in made.values()}
        envelopes = attest(subjects)
        for one in made.values():
            self._client.push(one, one.digest)
            for kind, text in envelopes.items():
                self._client.attach(oci.envelope(kind, text, one, keyid), one)
        for suffix, one in made.items():
            for tag in tags:
                self._client.push_manifest(one.manifest, f"{tag}{suffix}")
        return [
            f"oci://{self._reference.name}:{tag}{suffix}@{one.digest}" for suffix, one in made.items() for tag in tags
        ]

    def _all_tags(self, revision: str) -> list[str]:
        if self._reference.digest is not None:
            raise PlaceError("a digest cannot be published to: name a tag")
        first = self._reference.tag or revision
        if not oci.TAG.fullmatch(first):
            raise PlaceError(f"the revision {first!r} is no tag: name one, as {self._reference.name}:1.0.0")
        return list(dict.fromkeys([first, *self._tags]))

    def pull(self) -> Pulled:
        wanted = self._reference.digest or self._reference.tag or _LATEST
        manifest = self._client.manifest(wanted)
        if manifest is None:
            raise NotThereError(f"oci://{self._reference.name}: has no {wanted}")
        layer = _layer(manifest, oci.LAYER)
        if layer is None:
            name = f"oci://{self._reference.name}: {wanted}"
            raise PlaceError(f"{name} holds no bundle for OPA: no layer is {oci.LAYER}")
        data = self._client.blob(layer, archive.MOST_PACKED)
        return Pulled(data, self._client.attached(oci.digest(manifest)))

    def check(self) -> None:
        """Ask the registry whether it knows who asks. Raises PlaceError if not."""
        self._client.ping()


def _layer(manifest: bytes, kind: str) -> str | None:
    """The digest of a manifest's first layer of a media type."""
    fitting = (one for one in _objects(manifest, "layers") if one.get("mediaType") == kind)
    return next((str(one.get("digest")) for one in fitting), None)


def _objects(data: bytes, field: str) -> Iterator[Json]:
    """The objects in a list that an answer has; what else is in it, or is no list, is none."""
    listed = _object(data).get(field)
    return (one for one in (listed if isinstance(listed, list) else []) if isinstance(one, dict))


def _object(data: bytes) -> Json:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise PlaceError("the registry answers no JSON") from error
    if not isinstance(found, dict):
        raise PlaceError("the registry answers something other than a manifest")
    return found


class _Oras(OrasRegistry):  # type: ignore[misc]
    """ORAS' client, which asks once: it would try five times in two minutes where nothing listens.

    A token to read does not do to write, and a registry says so by an answer that the client takes for the end.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._writes = False

    def do_request(self, url: str, method: str = "GET", *rest: Any, **named: Any) -> requests.Response:
        if not self._writes and method not in {"GET", "HEAD"}:
            self._writes, self.auth.token = True, None
        answer: requests.Response = OrasRegistry.do_request.__wrapped__(self, url, method, *rest, **named)
        return answer


class _Client:
    """Requests about one repository. Raises PlaceError for whatever goes wrong."""

    def __init__(self, reference: oci.Reference, known: tuple[str, str] | None) -> None:
        self._known = known
        self._host, self._repository = reference.host, reference.repository
        self._base = f"{scheme(reference.host)}://{reference.host}/v2"
        self._oras: _Oras | None = None

    def _registry(self) -> _Oras:
        """The client, made when it is first needed: how one says who one is, is for the registry to say."""
        if self._oras is None:
            logging.getLogger("oras.logger").setLevel(logging.CRITICAL)
            session = guarded(requests.Session())
            try:
                answer = session.get(f"{self._base}/")
            except requests.RequestException as error:
                raise PlaceError(f"{self._host}: {reason(error)}") from error
            basic = answer.headers.get("WWW-Authenticate", "").lower().startswith("basic")
            self._oras = self._made("basic" if basic else "token")
        return self._oras

    def _made(self, backend: str) -> _Oras:
        made = _Oras(hostname=self._host, insecure=self._base.startswith("http://"), auth_backend=backend)
        guarded(made.session)
        known = self._known or login.credentials(self._host)
        if known is not None:
            made.auth.set_basic_auth(*known)
        elif backend == "basic":
            raise PlaceError(f"{self._host}: asks who you are: `egress bundle login {self._host}`")
        return made

    def _ask(self, method: str, url: str, **named: Any) -> requests.Response:
        registry = self._registry()
        with self._explained():
            return registry.do_request(url, method, **named)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What ORAS raises, as a PlaceError."""
        try:
            yield
        except requests.RequestException as error:
            raise PlaceError(f"{self._host}: {reason(error)}") from error
        except (ValueError, KeyError, AttributeError, TypeError) as error:  # what it makes of an answer it knows not
            raise PlaceError(f"{self._host}: refuses: `egress bundle login {self._host}`, or ask for access") from error

    def ping(self) -> None:
        self._good(self._ask("GET", f"{self._base}/"), f"{self._base}/", {200})

    def _url(self, *parts: str) -> str:
        return "/".join([self._base, self._repository, *parts])

    def _good(self, answer: requests.Response, what: str, statuses: set[int]) -> requests.Response:
        if answer.status_code in {401, 403}:
            raise PlaceError(f"{self._host}: refuses {what}: `egress bundle login {self._host}`, or ask for access")
        if answer.status_code not in statuses:
            raise PlaceError(f"{what}: the registry answers {answer.status_code} {answer.reason}{_said(answer)}")
        return answer

    def _read(self, url: str, most: int, accept: str = "*/*") -> bytes | None:
        # The registry's own digests are of what it has, not of what a proxy makes of it.
        headers = {"Accept": accept, "Accept-Encoding": "identity"}
        answer = self._ask("GET", url, headers=headers, stream=True)
        if answer.status_code == requests.codes.not_found:
            return None
        return content(self._good(answer, url, {200}), most)

    def manifest(self, name: str) -> bytes | None:
        """The manifest of a tag or digest; None if there is none."""
        data = self._read(self._url("manifests", name), _MOST_MANIFEST, _ACCEPTED)
        if data is not None and name.startswith("sha256:") and oci.digest(data) != name:
            raise PlaceError(f"{self._host}: answers {name} with something else")
        return data

    def blob(self, digest: str, most: int) -> bytes:
        data = self._read(self._url("blobs", digest), most)
        if data is None:
            raise PlaceError(f"{self._host}: has no {digest}, to which a manifest refers")
        if oci.digest(data) != digest:
            raise PlaceError(f"{self._host}: answers {digest} with something else")
        return data

    def push(self, artifact: oci.Artifact, name: str) -> requests.Response:
        """What is not there yet, then the manifest."""
        container = Container(f"{self._host}/{self._repository}")
        with tempfile.TemporaryDirectory() as folder:
            for digest, data in artifact.blobs.items():
                path = Path(folder, "blob")
                path.write_bytes(data)
                self._upload(str(path), container, {"digest": digest, "size": len(data)})
        return self.push_manifest(artifact.manifest, name)

    def _upload(self, path: str, container: Any, layer: Json) -> None:
        registry = self._registry()
        with self._explained():
            answer = registry.upload_blob(path, container, layer)
        self._good(answer, f"{self._repository}: an upload", {200, 201, 202})

    def push_manifest(self, data: bytes, name: str, kind: str = oci.MANIFEST) -> requests.Response:
        url = self._url("manifests", name)
        return self._good(self._ask("PUT", url, data=data, headers={"Content-Type": kind}), url, {200, 201, 202})

    def attach(self, envelope: oci.Artifact, subject: oci.Artifact) -> None:
        """Refer to what is there; for a registry that keeps no list of that, keep it under the tag that clients ask."""
        answer = self.push(envelope, envelope.digest)
        if answer.headers.get("OCI-Subject"):
            return
        listed = list(self._listed_by_tag(subject.digest))
        listed = [one for one in listed if one.get("digest") != envelope.digest] + [envelope.descriptor]
        index = {"schemaVersion": 2, "mediaType": oci.INDEX, "manifests": listed}
        self.push_manifest(oci.json_bytes(index), _tag(subject.digest), oci.INDEX)

    def attached(self, subject: str) -> dict[str, list[bytes]]:
        """The envelopes that refer to a manifest, by kind, the newest first."""
        data = self._read(self._url("referrers", subject), _MOST_MANIFEST, oci.INDEX)
        listed = list(_objects(data, "manifests")) if data is not None else list(self._listed_by_tag(subject))
        found: dict[str, list[bytes]] = {}
        for kind, of_type in oci.ENVELOPES.items():
            fitting = [one for one in reversed(listed) if one.get("artifactType") == of_type]
            for one in fitting[:_MOST_ATTACHED]:
                found.setdefault(kind, []).append(self._envelope(str(one.get("digest")), of_type))
        return found

    def _envelope(self, digest: str, of_type: str) -> bytes:
        manifest = self.manifest(digest) if digest.startswith("sha256:") else None
        layer = None if manifest is None else _layer(manifest, of_type)
        return b"" if layer is None else self.blob(layer, attestations.MOST_BYTES)

    def _listed_by_tag(self, subject: str) -> Iterator[Json]:
        data = self.manifest(_tag(subject))
        return _objects(data, "manifests") if data is not None else iter(())


def _tag(digest: str) -> str:
    """Where clients keep and look for what refers to a digest, says the distribution specification."""
    return digest.replace(":", "-")


def _said(answer: requests.Response) -> str:
    """What a registry says went wrong, as the distribution specification has it."""
    try:
        errors = answer.json()["errors"]
        return f": {'; '.join(str(one.get('message') or one.get('code')) for one in errors)}"
    except (ValueError, KeyError, TypeError, AttributeError, requests.RequestException):
        return ""
