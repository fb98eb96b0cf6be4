"""The one base error of the package."""


class EgressPolicyError(Exception):
    """Whatever this package raises on purpose; the message is one sentence for the user."""
