"""The tables of tests/cases: read strictly, so that a misspelt field cannot make a case say nothing."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "cases"
#: The tables about what is no NetworkPolicy: other kinds of Kubernetes, and firewalls.
DIALECTS = (
    *("cluster-network-policy", "cilium", "calico", "antrea", "openshift"),
    *("aws", "google", "azure", "firewalls"),
)
KINDS = (
    *("all-pods", "all-ports", "ambiguous-cidr", "any-destination", "assumed-namespace", "broad-destination"),
    *("broad-destination-combined", "dangling-policy", "duplicate-key", "duplicate-resource", "expired-destination"),
    *("host-network", "invalid-resource", "metadata-endpoint", "no-egress-policy", "not-evaluated", "open-egress"),
    *("open-egress-combined", "unapproved-destination", "uncovered-workload"),
    *("default-deny-egress", "allow-dns", "allow-https", "allow-database", "allow-internal-services", "allow-kube-api"),
    "outside-model",
)
_FATE = re.compile(r"used [1-9]\d*|unused|expired")


@dataclass(frozen=True, slots=True)
class Expect:
    """What has to come out. `findings` and `errors` are whole lists; of counts, workloads and namespaces what matters.

    A finding that is waived ends in `waived by OWNER`. `waivers` says what became of each waiver of the list, in its
    order: `used 1`, `unused` or `expired`.
    """

    status: str
    findings: list[str]
    summary: str | None = None
    counts: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    workloads: dict[str, dict[str, Any]] = field(default_factory=dict)
    namespaces: dict[str, str] = field(default_factory=dict)
    waivers: list[str] = field(default_factory=list)

    @property
    def idle(self) -> list[str]:
        """What conftest warns of: the waivers that waive nothing."""
        return [f"waivers warn waivers[{i}]" for i, said in enumerate(self.waivers) if said in ("unused", "expired")]


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence, manifests, and what they come to; `nearly` names the kind that the case just avoids.

    `table` is the file of the case, without its ending.
    """

    case: str
    expect: Expect
    manifests: str | None = None
    files: dict[str, str] = field(default_factory=dict)
    profile: str = "baseline"
    parameters: dict[str, Any] = field(default_factory=dict)
    namespace: str = ""
    conftest: bool = True
    because: str = ""
    nearly: str = ""
    table: str = field(default="", kw_only=True)

    def __str__(self) -> str:
        return self.case

    @property
    def settings(self) -> dict[str, Any]:
        """The parameters document, the profile among it where it is not the default."""
        profile = {} if self.profile == "baseline" else {"profile": self.profile}
        return {**profile, **self.parameters}

    def write(self, folder: Path) -> list[Path]:
        """Write the manifests below the folder; the files in reading order."""
        files = self.files or {"manifests.yaml": self.manifests or ""}
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        return sorted(folder / name for name in files)


def load(folder: Path = FOLDER) -> list[Case]:
    """All cases; ValueError names the case that is not well formed."""
    found = [_case(file, written) for file in sorted(folder.glob("*.yaml")) for written in table(file)]
    twice = [sentence for sentence, count in Counter(case.case for case in found).items() if count > 1]
    if twice:
        raise ValueError(f"written twice: {', '.join(twice)}")
    return found


def table(file: Path) -> list[Any]:
    """The cases of one file as they are written."""
    table = yaml.load(file.read_text(encoding="utf-8"), _Loader)  # noqa: S506 (a SafeLoader that is stricter)
    if not isinstance(table, list):
        raise ValueError(f"{file.name} is no list of cases")  # noqa: TRY004 (the file's fault, not the caller's)
    return table


def _case(file: Path, written: Any) -> Case:
    where = f"{file.name}: {written.get('case') if isinstance(written, dict) else written}"
    try:
        case = Case(**{**written, "expect": Expect(**written["expect"])}, table=file.stem)
    except (TypeError, KeyError) as error:
        raise ValueError(f"{where}: {error}") from error
    problems = [
        *([] if (case.manifests is None) != (not case.files) else ["either manifests or files"]),
        *([] if case.conftest == (not case.because) else ["conftest: false says why in because"]),
        *([] if case.nearly in ("", *KINDS) else [f"nearly what? {case.nearly}"]),
        *([f"no such finding: {line}" for line in case.expect.findings if line.split()[0] not in KINDS]),
        *([f"what became of a waiver? {said}" for said in case.expect.waivers if not _FATE.fullmatch(said)]),
        *([] if len(case.expect.waivers) == len(case.parameters.get("waivers") or []) else ["waivers says of each"]),
        *_waived_by_nobody(case),
    ]
    if problems:
        raise ValueError(f"{where}: {'; '.join(problems)}")
    return case


def _waived_by_nobody(case: Case) -> list[str]:
    """Each finding that is waived has its waiver, and each waiver that is used its findings."""
    waived = sum(" waived by " in line for line in case.expect.findings)
    used = sum(int(said.removeprefix("used ")) for said in case.expect.waivers if said.startswith("used "))
    return [] if waived == used else [f"{waived} findings are waived by {used} waivers"]


class _Loader(yaml.SafeLoader):
    """Refuses a key that is written twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        if len(keys) != len(set(keys)):
            raise ValueError(f"a key is written twice{node.start_mark}")
        return super().construct_mapping(node, deep)
