"""kubectl, as users run it, against the control plane."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class KubectlError(Exception):
    """What kubectl says where it fails."""


@dataclass(frozen=True, slots=True)
class Kubectl:
    """The program, and the kubeconfig that it is given."""

    program: Path
    kubeconfig: Path

    def __call__(self, *arguments: str | Path, stdin: str | None = None) -> str:
        """Both of its outputs: a warning is on standard error. Raises KubectlError where it fails."""
        command = [self.program, f"--kubeconfig={self.kubeconfig}", *arguments]
        done = subprocess.run(command, input=stdin or "", capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise KubectlError(done.stdout + done.stderr)
        return done.stdout + done.stderr
