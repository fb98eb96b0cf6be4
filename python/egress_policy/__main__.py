"""`python -m egress_policy`: the same as the command `egress`."""

import sys

from egress_policy.cli import main

if __name__ == "__main__":
    sys.exit(main())
