"""`egress bundle`: the policy as bundles for OPA: built, signed, verified, published and pulled."""

from __future__ import annotations

import argparse

from egress_policy.cli import PASS
from egress_policy.commands.bundle import making, publishing

EPILOG = """\
examples:
  egress bundle build egress-restricted --output restricted.tar.gz
  egress bundle sign restricted.tar.gz --key private.pem --keyid 2026 --scope prod --output signed.tar.gz
  egress bundle verify signed.tar.gz --key public.pem --keyid 2026 --scope prod --at-least 1.0.0
  egress bundle inspect signed.tar.gz
  egress bundle publish signed.tar.gz oci://registry.example.com/policy/egress-restricted:1.0.0 \\
      --key private.pem --keyid 2026
  egress bundle pull oci://registry.example.com/policy/egress-restricted:1.0.0 \\
      --key public.pem --keyid 2026 --scope prod --output restricted.tar.gz

a pair of keys that OPA takes, ES256:
  openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out private.pem
  chmod 600 private.pem; openssl ec -in private.pem -pubout -out public.pem
"""
_ACTIONS = {
    "build": "build a bundle from its definition, the same byte for byte everywhere",
    "sign": "sign a bundle, as OPA verifies it",
    "verify": "say whether a bundle is signed by a key, whole and unchanged, before anything of it is unpacked",
    "publish": "put a signed bundle into a folder, on an HTTP server or in an OCI registry, with SBOM and provenance",
    "pull": "get a bundle from there; it is written once it is verified",
    "login": "say to a registry who you are, and keep it where docker keeps it",
    "inspect": "show what a bundle holds and who claims to have signed it; proves nothing",
}
_ADD = {
    "build": making.add_build, "sign": making.add_sign, "verify": making.add_verify, "inspect": making.add_inspect,
    "publish": publishing.add_publish, "pull": publishing.add_pull, "login": publishing.add_login,
}  # fmt: skip
_RUN = {
    "build": making.build_, "sign": making.sign, "verify": making.verify, "inspect": making.inspect,
    "publish": publishing.publish, "pull": publishing.pull, "login": publishing.login_,
}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `egress bundle` takes."""
    table = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, about in _ACTIONS.items():
        _ADD[name](
            table.add_parser(
                name, help=about, description=f"{about[0].upper()}{about[1:]}.", epilog=EPILOG,
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
        )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Do what was asked, and say what came of it."""
    _RUN[options.action](options)
    return PASS
