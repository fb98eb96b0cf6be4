# METADATA
# title: Domain names
# description: |
#   How wide a name in a rule is. A name is specific; a pattern is any destination if it is nothing but * and dots, or if * stands right above a public suffix, where
#   anybody can get a name.
# related_resources:
#   - ref: https://publicsuffix.org/list/
package lib.egress.domain

import data.lib.egress.domain.suffixes

# METADATA
# description: Whether a pattern of names is any destination. What is no text cannot be read, and may be anything.
any(pattern) if not is_string(pattern)

any(pattern) if {
	labels := _labels(pattern)
	contains(labels[count(labels) - 1], "*")
}

any(pattern) if {
	labels := _labels(pattern)
	contains(labels[_above(labels)], "*")
}

# Below what stands for all names right below it, the star is itself a suffix.
any(pattern) if {
	labels := _labels(pattern)
	some i, label in labels
	contains(label, "*")
	_listed(labels, concat("", ["*.", _name(labels, i + 1)]))
}

_labels(pattern) := split(trim_suffix(lower(trim_space(pattern)), "."), ".")

# The place of the label right above the longest public suffix.
_above(labels) := min([i |
	some i, _ in labels
	_is_suffix(labels, i)
]) - 1

# Every last label is one.
_is_suffix(labels, i) if i == count(labels) - 1

_is_suffix(labels, i) if {
	not contains(labels[i], "*")
	_listed(labels, _name(labels, i))
}

_is_suffix(labels, i) if {
	parent := _name(labels, i + 1)
	_listed(labels, concat("", ["*.", parent]))
	not _listed(labels, concat("", ["!", _name(labels, i)]))
}

_name(labels, i) := concat(".", array.slice(labels, i, count(labels)))

_listed(labels, name) if contains(suffixes.by_top[labels[count(labels) - 1]], concat("", [" ", name, " "]))
