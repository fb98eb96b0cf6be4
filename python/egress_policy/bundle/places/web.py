"""An HTTP server that takes PUT: object stores, artifact repositories, WebDAV."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import requests

from egress_policy.bundle import archive, attestations
from egress_policy.bundle.places import Attest, NotThereError, PlaceError, Pulled, beside, in_folder
from egress_policy.bundle.places.requesting import content, guarded, reason
from egress_policy.bundle.publication import Publication

_GOOD = {200, 201, 202, 204}


class Web:
    """A bundle's address, and envelopes beside it. Who asks is known by a bearer token, or by ~/.netrc."""

    def __init__(self, text: str, name: str, token: str | None) -> None:
        if urlsplit(text).query or urlsplit(text).fragment:
            raise PlaceError(f"{text}: must have no ? or #")
        self._url = urljoin(text, in_folder(text, name)) if text.endswith("/") else text
        self._session = guarded(requests.Session())
        if token is not None:
            # As `auth`, or requests would put what ~/.netrc says in its place.
            self._session.auth = _Bearer(token)

    def publish(self, published: Publication, attest: Attest) -> list[str]:
        name = urlsplit(self._url).path.rpartition("/")[2]
        for kind, text in attest({published.digest: name}).items():
            self._put(urljoin(self._url, beside(kind, published.digest)), text, "application/json")
        self._put(self._url, published.bundle, "application/gzip")
        return [f"{self._url}: sha256:{published.digest}"]

    def _put(self, url: str, data: bytes, kind: str) -> None:
        try:
            answer = self._session.put(url, data=data, headers={"Content-Type": kind}, allow_redirects=False)
        except requests.RequestException as error:
            raise PlaceError(f"{url}: {reason(error)}") from error
        if answer.status_code not in _GOOD:
            raise PlaceError(f"{url}: the server answers PUT with {answer.status_code} {answer.reason}")

    def pull(self) -> Pulled:
        data = self._get(self._url, archive.MOST_PACKED)
        if data is None:
            raise NotThereError(f"{self._url}: is not there")
        digest = archive.digest(data)
        found = {
            kind: self._get(urljoin(self._url, beside(kind, digest)), attestations.MOST_BYTES)
            for kind in attestations.KINDS
        }
        return Pulled(data, {kind: [text] for kind, text in found.items() if text is not None})

    def _get(self, url: str, most: int) -> bytes | None:
        try:
            answer = self._session.get(url, stream=True, headers={"Accept-Encoding": "identity"})
        except requests.RequestException as error:
            raise PlaceError(f"{url}: {reason(error)}") from error
        if answer.status_code in {404, 410}:
            return None
        if answer.status_code != requests.codes.ok:
            raise PlaceError(f"{url}: the server answers {answer.status_code} {answer.reason}")
        return content(answer, most)


class _Bearer(requests.auth.AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request
