"""The floor to measure against: every file of a folder read, parsed by rapidyaml, and each document made an object.

With `--parse`, only parsed: less than any audit written in Python can do with.
"""

from __future__ import annotations

import sys
from pathlib import Path

import orjson
import ryml


def main() -> None:
    """Read the folder that is named last."""
    for path in sorted(Path(sys.argv[-1]).iterdir()):
        tree = ryml.parse_in_arena(path.read_bytes())
        if "--parse" not in sys.argv:
            root = tree.root_id()
            for document in range(tree.num_children(root)):
                orjson.loads(ryml.emit_json(tree, tree.child(root, document)))


if __name__ == "__main__":
    main()
