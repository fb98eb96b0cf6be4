"""A real Kubernetes API server with Gatekeeper, on loopback, and the tests that ask it."""
