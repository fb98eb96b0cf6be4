# METADATA
# title: Pods that peers select
# description: |
#   Says which pods some peers select and others do not. A *form* is what a peer requires of each label, whatever the words: {key: [absent, others,
#   values]}, where the key is one of a namespace ("n:…") or of a pod ("p:…"), absent says that the label may be missing, and its value may be one of
#   the values, or with others any but those. What is not in a form may be anything. A *written form* is the same as a sorted array of [key, absent, others, [value]].
package egress.diff.peers

import data.egress.diff.groups
import data.lib.egress.selector

# The API server sets it on each namespace, so that none lacks it.
_name := "n:kubernetes.io/metadata.name"

# Beyond these a set of values is not looked at one by one.
_most_values := 64

_most_cases := 4096

# METADATA
# description: The form of a peer {"namespaces", "pods"} of a policy in a namespace; undefined for one that selects nothing.
form(peer, namespace) := found if {
	found := _form(_required("n:", _namespaces(peer, namespace)) | _required("p:", selector.normal(peer.pods)))
	_possible(found)
}

# METADATA
# description: The form of the pods that a normal podSelector selects; undefined for one that selects nothing.
form_of_pods(normal) := found if {
	found := _form(_required("p:", normal))
	_possible(found)
}

_namespaces(peer, namespace) := {["kubernetes.io/metadata.name", "In", {namespace}]} if {
	peer.namespaces == null
} else := selector.normal(peer.namespaces)

_required(prefix, normal) := {[concat("", [prefix, key]), operator, values] | some [key, operator, values] in normal}

_form(required) := {key: limits |
	some key in {key | some [key, _, _] in required}
	limits := _limits(key, [[operator, values] | some [name, operator, values] in required; name == key])
	limits != _anything(key)
}

_limits(key, requirements) := [_may_lack(key, requirements), count(some_of) == 0, _named(some_of, none_of)] if {
	some_of := {values | some ["In", values] in requirements} | {set() | some ["DoesNotExist", _] in requirements}
	none_of := union({values | some ["NotIn", values] in requirements})
}

_may_lack(key, requirements) if {
	key != _name
	count([1 | some [operator, _] in requirements; operator in {"In", "Exists"}]) == 0
} else := false

_named(some_of, none_of) := none_of if {
	count(some_of) == 0
} else := intersection(some_of) - none_of

_anything(key) := [key != _name, true, set()]

_possible(found) if {
	every limits in found { limits != [false, false, set()] }
}

_of(found, key) := found[key] if {
	found[key]
} else := _anything(key)

# METADATA
# description: Whether the pods of the second form are among those of the first.
holds(outer, inner) if {
	every key, limits in outer { _narrower(_of(inner, key), limits) }
}

_narrower([absent, others, values], [outer_absent, outer_others, outer_values]) if {
	_implies(absent, outer_absent)
	_within(others, values, outer_others, outer_values)
}

_implies(false, _)

_implies(true, true)

_within(false, values, false, outer) if count(values - outer) == 0

_within(false, values, true, outer) if count(values & outer) == 0

_within(true, values, true, outer) if count(outer - values) == 0

# METADATA
# description: Whether some pod may be of both forms.
meet(one, other) if {
	every key, limits in one { _overlap(limits, _of(other, key)) }
}

_overlap([true, _, _], [true, _, _])

_overlap([_, true, _], [_, true, _])

_overlap([_, false, values], [_, false, others]) if count(values & others) > 0

_overlap([_, false, values], [_, true, others]) if count(values - others) > 0

_overlap([_, true, values], [_, false, others]) if count(others - values) > 0

# METADATA
# description: The forms that a form is in sum when each label has one of its listed values.
single(found) := [object.union(found, {key: [false, false, {value}] | some [key, value] in chosen}) |
	some chosen in _products([[[key, value] | some value in found[key][2]] | some key in keys])
] if {
	keys := _several(found)
	product([n | some key in keys; n := count(found[key][2])]) <= _most_values
} else := [found]

_several(found) := sort([key | some key, [_, others, values] in found; not others; count(values) > 1])

# Each way to choose one of each list.
_products(lists) := [chosen |
	sizes := [n | some list in lists; n := count(list)]
	some n in numbers.range(0, product(sizes) - 1)
	chosen := [list[floor(n / product(array.slice(sizes, 0, i))) % sizes[i]] | some i, list in lists]
]

# METADATA
# description: |
#   What pods of a form are of none of some others, as a sorted array of [written form, [written form of an exception]]: parts with their values taken apart, as far
#   as some of them are of the others.
less(found, others) := [] if {
	some other in others
	holds(other, found)
} else := _together(found, parts, left) if {
	near := [other | some other in others; meet(found, other)]
	parts := single(found)
	left := [[part, sort([written(other) | some other in closer])] |
		some part in parts
		closer := [other | some other in near; meet(part, other)]
		not _held(part, closer)
	]
}

_held(part, others) if {
	some other in others
	holds(other, part)
}

# Case by case: of each label that matters whether it is absent, each value that is named, and any other.
_held(part, others) if {
	count(others) > 1
	keys := sort({key | some other in others; some key, _ in other})
	cases := [_cases(part, others, key) | some key in keys]
	product([n | some each in cases; n := count(each)]) <= _most_cases
	every chosen in _products(cases) { _one_holds({keys[i]: limits | some i, limits in chosen}, others) }
}

_one_holds(chosen, others) if {
	some other in others
	holds(other, chosen)
}

_cases(part, others, key) := [limits |
	named := _of(part, key)[2] | union({other[key][2] | some other in others})
	some limits in array.concat([[true, false, set()], [false, true, named]], [[false, false, {value}] | some value in named])
	_narrower(limits, _of(part, key))
]

# What is left of the parts, told as few: of one label with several values those of the same exceptions together.
_together(found, parts, left) := [[written(found), []]] if {
	count(left) == count(parts)
	every one in left { one[1] == [] }
} else := sort([[written(object.union(found, {key: [false, false, {value | some value in values}]})), exceptions] |
	some [exceptions, values] in groups.of(sort([[exceptions, value] | some [part, exceptions] in left; some value in part[key][2]]))
]) if {
	[key] := _several(found)
	count(parts) > 1
} else := sort([[written(part), exceptions] | some [part, exceptions] in left])

# METADATA
# description: The written form of a form.
written(found) := sort([[key, absent, others, sort(values)] | some key, [absent, others, values] in found])

# METADATA
# description: |
#   A peer as Kubernetes has it, {"namespaceSelector", "podSelector"}, of a written form, in a namespace: no namespaceSelector for pods of its own, no
#   podSelector for all pods of others.
peer(found, namespace) := {"podSelector": pods} if {
	_limits_of("n:", found) == [["kubernetes.io/metadata.name", false, false, [namespace]]]
	pods := pod_selector(found)
} else := {"namespaceSelector": namespaces} if {
	_limits_of("p:", found) == []
	namespaces := _selector(_limits_of("n:", found))
} else := {"namespaceSelector": _selector(_limits_of("n:", found)), "podSelector": pod_selector(found)}

# METADATA
# description: What a written form requires of pods, as a selector.
pod_selector(found) := _selector(_limits_of("p:", found))

_limits_of(prefix, found) := [[trim_prefix(key, prefix), _says_absent(key, absent, others), others, values] |
	some [key, absent, others, values] in found
	startswith(key, prefix)
]

# What every namespace has need not be said.
_says_absent(key, absent, others) if {
	key == _name
	others
} else := absent

_selector(limits) := {field: value |
	some field, value in {
		"matchLabels": {key: value | some [key, false, false, [value]] in limits},
		"matchExpressions": [requirement | some limit in limits; some requirement in _requirements(limit)],
	}
	count(value) > 0
}

_requirements([key, true, false, []]) := [{"key": key, "operator": "DoesNotExist"}]

_requirements([key, false, false, values]) := [{"key": key, "operator": "In", "values": values} | count(values) > 1]

_requirements([key, true, true, values]) := [{"key": key, "operator": "NotIn", "values": values}]

_requirements([key, false, true, values]) := array.concat(
	[{"key": key, "operator": "Exists"}],
	[{"key": key, "operator": "NotIn", "values": values} | count(values) > 0],
)
