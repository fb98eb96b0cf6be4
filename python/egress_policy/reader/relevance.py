"""Documents that cannot matter, told from their text without parsing it.

A document is left out only if its kind is in the table and nothing in its text could give it another one. The first
line of content is a key at column 0, so the document is a mapping there, and every other key of it is at column 0 as
well. If all lines at column 0 are plain keys (or list entries, comments, blanks), and one of them is `kind:` and one
`apiVersion:`, no other spelling (quoted, escaped, tagged, merged, an alias, `? kind`, flow style) can be in the way.
Lines inside a block scalar are indented; lines inside quotes at column 0 can only make us parse what need not be.
"""

from __future__ import annotations

import re

_CORE = (
    "Binding ConfigMap Endpoints Event LimitRange PersistentVolume PersistentVolumeClaim ResourceQuota Secret Service "
    "ServiceAccount"
)
_GROUPS = {
    "v1": _CORE,
    "admissionregistration.k8s.io/v1": "MutatingWebhookConfiguration ValidatingAdmissionPolicy "
    "ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration",
    "apiextensions.k8s.io/v1": "CustomResourceDefinition",
    "apiextensions.k8s.io/v1beta1": "CustomResourceDefinition",
    "apiregistration.k8s.io/v1": "APIService",
    "autoscaling/v1": "HorizontalPodAutoscaler",
    "autoscaling/v2": "HorizontalPodAutoscaler",
    "coordination.k8s.io/v1": "Lease",
    "discovery.k8s.io/v1": "EndpointSlice",
    "networking.k8s.io/v1": "Ingress IngressClass",
    "policy/v1": "PodDisruptionBudget",
    "rbac.authorization.k8s.io/v1": "ClusterRole ClusterRoleBinding Role RoleBinding",
    "scheduling.k8s.io/v1": "PriorityClass",
    "storage.k8s.io/v1": "CSIDriver StorageClass VolumeAttachment",
}
IRRELEVANT = frozenset((version, kind) for version, kinds in _GROUPS.items() for kind in kinds.split())

# The two lines that nearly every manifest starts with, and the keys that nearly all of these kinds have.
_HEADS = frozenset(f"apiVersion: {version}\nkind: {kind}".encode() for version, kind in IRRELEVANT)
_USUAL = tuple(f"\n{key}:".encode() for key in ("metadata", "spec", "data"))
_STRAY = ("\r", "\x85", "\u2028", "\u2029")  # what YAML 1.1 takes for the end of a line as well
_STRAYS = tuple(stray.encode() for stray in _STRAY)
# What a line must not start with, lest it continue the one before: a blank, or a line feed and who knows what.
_CONTINUED = (b" ", b"\t", b"\n")
_COLUMN_0 = re.compile(rb"^[^ #\n][^\n]*", re.MULTILINE)
_KEY = re.compile(rb"([A-Za-z][A-Za-z0-9]*):(?:[ \t]+([^\n]*))?|-(?:[ \t][^\n]*)?")
_NAME = re.compile(rb"""(["']?)([A-Za-z0-9./]+)\1[ \t]*(?:[ \t]#.*)?""")


def irrelevant(text: bytes) -> bool:
    """Whether a chunk surely holds one document of a kind that cannot matter, and nothing that must be rendered."""
    return _by_kind(text) and b"{{" not in text


def _by_kind(text: bytes) -> bool:
    if text[:1] != b"a":
        return _surely(text)
    end = text.find(b"\n", text.find(b"\n") + 1)
    if text[:end] not in _HEADS:
        return text[:end].count(b"\nkind:") == 0 and _surely(text)
    usual = text.isascii() and b"\r" not in text and text[end + 1 : end + 2] not in _CONTINUED
    return (usual and _usual(text)) or _surely(text)


def _usual(text: bytes) -> bool:
    """Whether each line is indented, blank, or one of the known keys; counting is faster than any matching."""
    left = text.count(b"\n") - text.count(b"\n ") - 2  # the line of the kind, and the end
    for key in _USUAL:
        left -= text.count(key)
    return left == 0


def _surely(text: bytes) -> bool:
    """The whole rule."""
    first = _COLUMN_0.search(text)
    if first is None or not _comments(text[: first.start()]):
        return False
    if any(stray in text for stray in _STRAYS):
        return False
    found: dict[bytes, bytes] = {}
    for line in _COLUMN_0.finditer(text):
        match = _KEY.fullmatch(line[0])
        if match is None or match[1] in (b"items", b"template"):
            return False
        if match[1] in (b"kind", b"apiVersion"):
            name = _NAME.fullmatch(match[2] or b"")
            continued = text[line.end() + 1 : line.end() + 2] in _CONTINUED
            if name is None or continued or match[1] in found:
                return False
            found[match[1]] = name[2]
    return (found.get(b"apiVersion", b"").decode(), found.get(b"kind", b"").decode()) in IRRELEVANT


def _comments(text: bytes) -> bool:
    return all(line.lstrip(b" ")[:1] in (b"", b"#") for line in text.split(b"\n"))
