package egress.diff.peers_test

import data.egress.diff.peers

_labels(labels) := {"matchLabels": labels}

_expression(key, operator, values) := {"matchExpressions": [{"key": key, "operator": operator, "values": values}]}

_pods(selector) := {"namespaces": null, "pods": selector}

_app(values) := _pods(_expression("app", "In", values))

_form(peer) := peers.form(peer, "shop")

# The same in other words.
test_same_form[name] if {
	some name, [one, other] in {
		"a label and an expression of one value": [_pods(_labels({"app": "a"})), _app(["a"])],
		"an empty selector and one that asks for nothing": [_pods({}), _pods({"matchLabels": null, "matchExpressions": []})],
		"pods of the own namespace by its name": [
			_pods({}),
			{"namespaces": _labels({"kubernetes.io/metadata.name": "shop"}), "pods": {}},
		],
		"every namespace, and each that has the name that all have": [
			{"namespaces": {}, "pods": null},
			{"namespaces": _expression("kubernetes.io/metadata.name", "Exists", []), "pods": {}},
		],
		"a null value and an empty one": [_pods(_labels({"app": null})), _pods(_labels({"app": ""}))],
		"two expressions and what they have in common": [
			_pods({"matchExpressions": [
				{"key": "app", "operator": "In", "values": ["a", "b"]},
				{"key": "app", "operator": "NotIn", "values": ["b", "c"]},
			]}),
			_app(["a"]),
		],
		"a value implies that there is one": [
			_pods({"matchLabels": {"app": "a"}, "matchExpressions": [{"key": "app", "operator": "Exists"}]}),
			_app(["a"]),
		],
	}
	_form(one) == _form(other)
}

test_selects_nothing[name] if {
	some name, peer in {
		"two values of one label": _pods({"matchLabels": {"app": "a"}, "matchExpressions": [{"key": "app", "operator": "In", "values": ["b"]}]}),
		"absent and there": _pods({"matchExpressions": [{"key": "app", "operator": "Exists"}, {"key": "app", "operator": "DoesNotExist"}]}),
		"a namespace without a name": {"namespaces": _expression("kubernetes.io/metadata.name", "DoesNotExist", []), "pods": {}},
	}
	not _form(peer)
}

test_pods_of_a_selector_that_selects_none if not peers.form_of_pods({["app", "Exists", set()], ["app", "DoesNotExist", set()]})

_any := _pods({})

_exists := _pods(_expression("app", "Exists", []))

_absent := _pods(_expression("app", "DoesNotExist", []))

_not(values) := _pods(_expression("app", "NotIn", values))

test_holds[name] if {
	some name, [outer, inner, expected] in {
		"everything holds a value": [_any, _app(["a"]), true],
		"a value does not hold everything": [_app(["a"]), _any, false],
		"more values hold fewer": [_app(["a", "b"]), _app(["a"]), true],
		"fewer values do not hold more": [_app(["a"]), _app(["a", "b"]), false],
		"what exists holds a value": [_exists, _app(["a"]), true],
		"what exists does not hold what may be absent": [_exists, _not(["a"]), false],
		"all but one hold all but two": [_not(["a"]), _not(["a", "b"]), true],
		"all but two do not hold all but one": [_not(["a", "b"]), _not(["a"]), false],
		"all but one hold another": [_not(["a"]), _app(["b"]), true],
		"all but one do not hold that one": [_not(["a"]), _app(["a"]), false],
		"all but one hold what is absent": [_not(["a"]), _absent, true],
		"a value does not hold what exists": [_app(["a"]), _exists, false],
		"what is absent does not hold a value": [_absent, _app(["a"]), false],
		"another label is another matter": [_pods(_labels({"tier": "a"})), _app(["a"]), false],
	}
	_held(outer, inner) == expected
}

_held(outer, inner) if {
	peers.holds(_form(outer), _form(inner))
} else := false

test_meet[name] if {
	some name, [one, other, expected] in {
		"a value and everything": [_app(["a"]), _any, true],
		"values in common": [_app(["a", "b"]), _app(["b", "c"]), true],
		"no value in common": [_app(["a"]), _app(["b"]), false],
		"both may be absent": [_absent, _not(["a"]), true],
		"absent and there": [_absent, _exists, false],
		"a value and all but it": [_app(["a"]), _not(["a"]), false],
		"all but one, and that and another": [_not(["a"]), _app(["a", "b"]), true],
		"all but one and all but another": [
			_exists, _pods({"matchExpressions": [
				{"key": "app", "operator": "Exists"},
				{"key": "app", "operator": "NotIn", "values": ["a"]},
			]}),
			true,
		],
	}
	_meeting(one, other) == expected
	_meeting(other, one) == expected
}

_meeting(one, other) if {
	peers.meet(_form(one), _form(other))
} else := false

_less(found, others) := [[peers.peer(part, "shop"), [except | some hole in holes; except := peers.peer(hole, "shop")]] |
	some [part, holes] in peers.less(_form(found), [form | some other in others; form := _form(other)])
]

_selected(selector) := {"podSelector": selector}

_two_labels(apps, tiers) := _pods({"matchExpressions": [
	{"key": "app", "operator": "In", "values": apps},
	{"key": "tier", "operator": "In", "values": tiers},
]})

test_less[name] if {
	some name, [found, others, expected] in {
		"nothing is taken from it": [_app(["a", "b"]), [], [[_selected(_expression("app", "In", ["a", "b"])), []]]],
		"what is apart takes nothing": [_app(["a", "b"]), [_app(["c"])], [[_selected(_expression("app", "In", ["a", "b"])), []]]],
		"one of two values": [_app(["a", "b"]), [_app(["a"])], [[_selected(_labels({"app": "b"})), []]]],
		"two of four values leave two": [
			_app(["a", "b", "c", "d"]), [_app(["a"]), _app(["c"])],
			[[_selected(_expression("app", "In", ["b", "d"])), []]],
		],
		"both values, one after the other": [_app(["a", "b"]), [_app(["a"]), _app(["b"])], []],
		"what holds it leaves nothing": [_app(["a"]), [_any], []],
		"everything less a value is told with an exception": [
			_any, [_app(["a"])],
			[[_selected({}), [_selected(_labels({"app": "a"}))]]],
		],
		"everything, in two parts": [_any, [_exists, _absent], []],
		"what exists, in a value and all others": [
			_exists,
			[_app(["a"]), _pods({"matchExpressions": [
				{"key": "app", "operator": "Exists"},
				{"key": "app", "operator": "NotIn", "values": ["a"]},
			]})],
			[],
		],
		"two labels with two values each, of which one pair is taken": [
			_two_labels(["a", "b"], ["x", "y"]), [_two_labels(["a"], ["x"])],
			[
				[_selected(_labels({"app": "a", "tier": "y"})), []],
				[_selected(_labels({"app": "b", "tier": "x"})), []],
				[_selected(_labels({"app": "b", "tier": "y"})), []],
			],
		],
		"part of one value": [
			_app(["a", "b"]), [_pods(_labels({"app": "a", "tier": "x"}))],
			[
				[_selected(_labels({"app": "a"})), [_selected(_labels({"app": "a", "tier": "x"}))]],
				[_selected(_labels({"app": "b"})), []],
			],
		],
		"a value, in two parts by another label": [
			_app(["a"]),
			[_pods(_labels({"tier": "x"})), _pods(_expression("tier", "NotIn", ["x"]))],
			[],
		],
		"a value, in two parts that leave a third": [
			_app(["a"]),
			[_pods(_labels({"tier": "x"})), _pods(_labels({"tier": "y"}))],
			[[_selected(_labels({"app": "a"})), [_selected(_labels({"tier": "x"})), _selected(_labels({"tier": "y"}))]]],
		],
	}
	_less(found, others) == expected
}

test_more_values_than_are_looked_at_one_by_one if {
	values := [text | some n in numbers.range(100, 170); text := format_int(n, 10)]
	peers.single(_form(_app(values))) == [_form(_app(values))]
	peers.less(_form(_app(values)), [_form(_app(["100"]))]) == [[peers.written(_form(_app(values))), [peers.written(_form(_app(["100"])))]]]
}

test_peer[name] if {
	some name, [found, expected] in {
		"pods of the own namespace": [_app(["a"]), {"podSelector": _labels({"app": "a"})}],
		"all pods of the own namespace": [_any, {"podSelector": {}}],
		"all pods of every namespace": [{"namespaces": {}, "pods": null}, {"namespaceSelector": {}}],
		"some pods of another namespace": [
			{"namespaces": _labels({"kubernetes.io/metadata.name": "data"}), "pods": _labels({"app": "a"})},
			{"namespaceSelector": _labels({"kubernetes.io/metadata.name": "data"}), "podSelector": _labels({"app": "a"})},
		],
		"what exists but for a value": [
			_pods({"matchExpressions": [
				{"key": "app", "operator": "Exists"},
				{"key": "app", "operator": "NotIn", "values": ["b", "a"]},
			]}),
			{"podSelector": {"matchExpressions": [
				{"key": "app", "operator": "Exists"},
				{"key": "app", "operator": "NotIn", "values": ["a", "b"]},
			]}},
		],
		"what exists": [_exists, {"podSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}}],
		"what is absent": [_absent, {"podSelector": {"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}}],
		"all but some, which has a name": [
			{"namespaces": _expression("kubernetes.io/metadata.name", "NotIn", ["kube-system"]), "pods": null},
			{"namespaceSelector": _expression("kubernetes.io/metadata.name", "NotIn", ["kube-system"])},
		],
	}
	peers.peer(peers.written(_form(found)), "shop") == expected
}
