"""The keys and the OPA of the tests of bundles."""

from tests.bundle.conftest import es256, key, opa, rs256

__all__ = ["es256", "key", "opa", "rs256"]
