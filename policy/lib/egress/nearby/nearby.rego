# METADATA
# title: What is near a block
# description: |
#   Which of many entries with blocks share an address with one block, found without looking at all of them. An index is {"entries": {id: entry}, "blocks": {block: [id]} by the
#   blocks that they have, "inside": {block: [id]} by those that these lie in, of a few lengths, and "lengths": {"4": [prefix length], "6": [prefix length]}}.
package lib.egress.nearby

import data.lib.egress.cidr

# An index keeps an entry under as many blocks as there are steps to its own; a question looks at all that share a step.
_steps := {4: [0, 4, 8, 12, 16, 20, 24, 28, 32], 6: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128]}

_names := {4: "4", 6: "6"}

# METADATA
# description: The index of entries by their ids, given the blocks of each.
index(entries, blocks) := {
	"entries": entries,
	"blocks": _by_text({[cidr.text(block), id] | some id, list in blocks; some block in list}),
	"inside": _by_text({[cidr.text(around), id] |
		some id, list in blocks
		some block in list
		some length in _steps[block.family]
		length <= block.length
		around := cidr.block(block.family, length, block.low)
	}),
	"lengths": {name: sort([length | some length in lengths]) |
		some family, name in _names
		lengths := {block.length | some list in blocks; some block in list; block.family == family}
	},
}

# Each pair is looked at once: by `{text: [id | …]}` all would be for every text.
_by_text(pairs) := object.union_n(array.concat([{}], [{text: {id: true}} | some [text, id] in pairs]))

# METADATA
# description: |
#   Where an index has what may share an address with a block: under "blocks" at each of `around`, given its "lengths", and under "inside" at `within`. Who asks looks there
#   itself: an index that is handed over is read as a whole, in data.
around(lengths, block) := {cidr.text(cidr.block(block.family, length, block.low)) |
	some length in lengths[_names[block.family]]
	length <= block.length
}

# METADATA
# description: See `around`.
within(block) := cidr.text(cidr.block(block.family, max([step | some step in _steps[block.family]; step <= block.length]), block.low))
