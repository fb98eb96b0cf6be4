"""How fast the audit is and how much memory it takes, against conftest and a bare parser."""
