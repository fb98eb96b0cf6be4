"""A second opinion on egress: what DESIGN.md says, computed packet by packet and with exact integers.

Nothing in here is derived from `policy/`; the property tests compare the two.
"""
