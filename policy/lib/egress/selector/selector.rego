# METADATA
# title: Label selectors
# description: Label selectors as the Kubernetes API matches them; null stands for what is absent.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
package lib.egress.selector

import data.lib.egress.path

# METADATA
# description: |
#   A selector, null or an object, made ready to match many objects: {"pairs": {key: value}, "requirements": [requirement]}.
compiled(selector) := {
	"pairs": {key: text | some key, value in _pairs(selector); text := _text(value)},
	"requirements": [{"key": _field(written, "key"), "operator": _field(written, "operator"), "values": _values(written)} |
		some written in _requirements(selector)
	],
}

# METADATA
# description: Whether a compiled selector selects an object with these labels.
selects(ready, labels) if {
	every key, value in ready.pairs { labels[key] == value }
	every requirement in ready.requirements { _satisfied(requirement, labels) }
}

# METADATA
# description: |
#   Some labels, {key: value} as they are written, that everything has which a selector selects.
wanted(selector) := {key: value | some key, value in _pairs(selector); not value in {"", null}}

# METADATA
# description: Whether a selector, null or an object, selects an object with these labels.
matches(selector, labels) if selects(compiled(selector), labels)

_pairs(selector) := pairs if {
	pairs := selector.matchLabels
	is_object(pairs)
} else := {}

_requirements(selector) := requirements if {
	requirements := selector.matchExpressions
	is_array(requirements)
} else := []

# A null label value is the empty one.
_text(null) := ""

_text(value) := value if value != null

_field(requirement, name) := requirement[name] if {
	requirement[name]
} else := null

_values(requirement) := {_text(value) | some value in requirement.values}

_satisfied(requirement, labels) if {
	requirement.operator == "In"
	labels[requirement.key] in requirement.values
}

_satisfied(requirement, labels) if {
	requirement.operator == "NotIn"
	not _has_one_of(labels, requirement)
}

_satisfied(requirement, labels) if {
	requirement.operator == "Exists"
	labels[requirement.key] != null
}

_satisfied(requirement, labels) if {
	requirement.operator == "DoesNotExist"
	not labels[requirement.key]
}

_has_one_of(labels, requirement) if labels[requirement.key] in requirement.values

# METADATA
# description: What a selector requires as a set of [key, operator, values], the same for selectors that say the same in other words.
normal(selector) := {[key, "In", {_text(value)}] | some key, value in _pairs(selector)} | {requirement |
	some written in _requirements(selector)
	requirement := [written.key, written.operator, _values(written)]
}

# METADATA
# description: The same for a normal selector, in whatever words it was written, as [key, value].
wanted_by_normal(requirements) := {[key, value] | some [key, "In", values] in requirements; count(values) == 1; some value in values}

# METADATA
# description: Whether a selector asks for nothing, so that it selects everything.
empty(selector) if {
	_pairs(selector) == {}
	_requirements(selector) == []
}

# METADATA
# description: Whether every object that a selector selects has the label.
requires(selector, key, value) if _pairs(selector)[key] == value

requires(selector, key, value) if {
	some requirement in _requirements(selector)
	requirement.operator == "In"
	requirement.key == key
	_values(requirement) == {value}
}

# METADATA
# description: |
#   Whether a namespaceSelector matches every namespace: the known ones, given by their labels, those that every cluster has,
#   and one that nobody has heard of, which has only the label that the API server sets itself.
matches_every_namespace(selector, _) if empty(selector)

matches_every_namespace(selector, namespaces) if {
	not empty(selector)
	every name in ["default", "kube-system", "kube-public", "kube-node-lease", "\n"] {
		matches(selector, {"kubernetes.io/metadata.name": name})
	}
	every labels in namespaces { matches(selector, labels) }
}

# METADATA
# description: What the API server would refuse in a selector at a path, as {"path", "message"}.
problems(null, _) := []

problems(selector, base) := [{"path": base, "message": "must be an object"}] if {
	selector != null
	not is_object(selector)
}

problems(selector, base) := array.concat(
	array.concat(_unknown(selector, base), _pair_problems(object.get(selector, "matchLabels", null), $"{base}.matchLabels")),
	_requirement_list_problems(object.get(selector, "matchExpressions", null), $"{base}.matchExpressions"),
) if {
	is_object(selector)
}

_unknown(selector, base) := [{"path": path.field(base, key), "message": "unknown field"} |
	some key, _ in selector
	not key in {"matchLabels", "matchExpressions"}
]

_pair_problems(null, _) := []

_pair_problems(pairs, base) := [{"path": base, "message": "must be an object"}] if {
	pairs != null
	not is_object(pairs)
}

_pair_problems(pairs, base) := label_problems(pairs, base) if is_object(pairs)

# METADATA
# description: What the API server would refuse in labels at a path.
label_problems(labels, base) := [] if {
	short_pairs([labels])
} else := [{"path": path.field(base, key), "message": "must be a valid label key and value"} |
	some key, value in labels
	not valid_pair(key, value)
]

# METADATA
# description: Whether it is told at a glance that all labels of some objects are valid, as nearly all are that are short.
short_pairs(objects) if {
	pairs := [concat("=", [key, value]) | value := objects[_][key]]
	valid := [1 |
		some pair in pairs
		count(pair) <= 253
		regex.match(`^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?=([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$`, pair)
	]
	count(valid) == sum([count(labels) | some labels in objects])
}

# METADATA
# description: Whether a label key and its value, null standing for the empty one, are valid.
valid_pair(key, value) if {
	valid_key(key)
	valid_value(_text(value))
}

# METADATA
# description: Whether a text is a label key.
valid_key(key) if {
	regex.match(`^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`, key)
	_short_prefix(key)
}

_short_prefix(key) if count(key) <= 253

_short_prefix(key) if {
	count(key) > 253
	indexof(key, "/") <= 253
}

# METADATA
# description: Whether a value is a label value.
valid_value("")

valid_value(value) if {
	is_string(value)
	regex.match(`^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`, value)
}

_requirement_list_problems(null, _) := []

_requirement_list_problems(requirements, base) := [{"path": base, "message": "must be a list"}] if {
	requirements != null
	not is_array(requirements)
}

_requirement_list_problems(requirements, base) := [problem |
	some i, requirement in requirements
	some problem in _requirement_problems(_zero(requirement), $"{base}[{i}]")
] if {
	is_array(requirements)
}

# A null is a requirement of zero values.
_zero(null) := {}

_zero(requirement) := requirement if requirement != null

_requirement_problems(requirement, base) := array.flatten([
	[{"path": path.field(base, key), "message": "unknown field"} |
		some key, _ in requirement
		not key in {"key", "operator", "values"}
	],
	[{"path": $"{base}.key", "message": "must be a valid label key"} | not valid_key(object.get(requirement, "key", null))],
	_operator_problems(requirement, base),
]) if {
	is_object(requirement)
} else := [{"path": base, "message": "must be an object"}]

_operator_problems(requirement, base) := array.concat(_needed_values(values, base), _value_problems(values, base)) if {
	requirement.operator in {"In", "NotIn"}
	values := object.get(requirement, "values", null)
} else := [{"path": $"{base}.values", "message": "must be absent beside Exists and DoesNotExist"} |
	not object.get(requirement, "values", null) in [null, []]
] if {
	requirement.operator in {"Exists", "DoesNotExist"}
} else := [{"path": $"{base}.operator", "message": "must be In, NotIn, Exists or DoesNotExist"}]

_needed_values(values, base) := [{"path": $"{base}.values", "message": "must list at least one value beside In and NotIn"} |
	not _listed(values)
]

_listed(values) if {
	is_array(values)
	count(values) > 0
}

_value_problems(values, base) := [{"path": $"{base}.values[{i}]", "message": "must be a valid label value"} |
	is_array(values)
	some i, value in values
	not valid_value(_text(value))
]

# METADATA
# description: Whether a value is the name of a namespace, or left to the default.
valid_namespace(namespace) if namespace in {null, ""}

valid_namespace(namespace) if {
	is_string(namespace)
	count(namespace) <= 63
	regex.match(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`, namespace)
}
