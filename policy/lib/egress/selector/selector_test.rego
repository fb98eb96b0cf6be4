package lib.egress.selector_test

import data.lib.egress.selector

_labels := {"app": "web", "tier": "front", "empty": ""}

_has(operator, key, values) := {"matchExpressions": [{"key": key, "operator": operator, "values": values}]}

test_matches[name] if {
	some name, row in {
		"nothing asks for nothing": {"selector": null, "expected": true},
		"an empty object asks for nothing": {"selector": {}, "expected": true},
		"null fields ask for nothing": {"selector": {"matchLabels": null, "matchExpressions": null}, "expected": true},
		"fields of the wrong type ask for nothing": {"selector": {"matchLabels": "a", "matchExpressions": {}}, "expected": true},
		"a label": {"selector": {"matchLabels": {"app": "web"}}, "expected": true},
		"another value": {"selector": {"matchLabels": {"app": "db"}}, "expected": false},
		"another key": {"selector": {"matchLabels": {"name": "web"}}, "expected": false},
		"all labels must be there": {"selector": {"matchLabels": {"app": "web", "tier": "back"}}, "expected": false},
		"a null value is the empty one": {"selector": {"matchLabels": {"empty": null}}, "expected": true},
		"an empty value is none of another label": {"selector": {"matchLabels": {"app": ""}}, "expected": false},
		"labels and expressions must both hold": {
			"selector": object.union({"matchLabels": {"app": "web"}}, _has("In", "tier", ["back"])), "expected": false,
		},
		"In, one of several": {"selector": _has("In", "app", ["db", "web"]), "expected": true},
		"In, none of them": {"selector": _has("In", "app", ["db"]), "expected": false},
		"In, without the label": {"selector": _has("In", "name", ["web"]), "expected": false},
		"In, no values": {"selector": _has("In", "app", null), "expected": false},
		"NotIn, one of several": {"selector": _has("NotIn", "app", ["db", "web"]), "expected": false},
		"NotIn, none of them": {"selector": _has("NotIn", "app", ["db"]), "expected": true},
		"NotIn, without the label": {"selector": _has("NotIn", "name", ["web"]), "expected": true},
		"Exists": {"selector": _has("Exists", "app", null), "expected": true},
		"Exists, with an empty value": {"selector": _has("Exists", "empty", []), "expected": true},
		"Exists, without the label": {"selector": _has("Exists", "name", null), "expected": false},
		"DoesNotExist": {"selector": _has("DoesNotExist", "name", null), "expected": true},
		"DoesNotExist, with the label": {"selector": _has("DoesNotExist", "app", null), "expected": false},
		"DoesNotExist, with an empty value": {"selector": _has("DoesNotExist", "empty", null), "expected": false},
		"all expressions must hold": {
			"selector": {"matchExpressions": [
				{"key": "app", "operator": "Exists"}, {"key": "tier", "operator": "In", "values": ["back"]},
			]},
			"expected": false,
		},
		"an operator that there is not": {"selector": _has("Equals", "app", ["web"]), "expected": false},
		"an expression without operator": {"selector": {"matchExpressions": [{"key": "app"}]}, "expected": false},
		"an expression that is null": {"selector": {"matchExpressions": [null]}, "expected": false},
		"an expression without key": {"selector": {"matchExpressions": [{"operator": "Exists"}]}, "expected": false},
	}
	_matches(row.selector, _labels) == row.expected
}

_matches(written, labels) if {
	selector.matches(written, labels)
} else := false

test_a_pod_without_labels_is_matched[name] if {
	some name, row in {
		"by nothing": {"selector": {}, "expected": true},
		"by what must be absent": {"selector": _has("DoesNotExist", "app", null), "expected": true},
		"by what must be another": {"selector": _has("NotIn", "app", ["web"]), "expected": true},
		"not by a label": {"selector": {"matchLabels": {"app": "web"}}, "expected": false},
		"not by a label with an empty value": {"selector": {"matchLabels": {"app": ""}}, "expected": false},
	}
	_matches(row.selector, {}) == row.expected
}

test_is_the_same_in_other_words[name] if {
	some name, row in {
		"a label and In of one value": {"one": {"matchLabels": {"a": "b"}}, "other": _has("In", "a", ["b"]), "expected": true},
		"values in another order": {"one": _has("In", "a", ["b", "c"]), "other": _has("In", "a", ["c", "b"]), "expected": true},
		"null and empty": {"one": null, "other": {"matchLabels": {}, "matchExpressions": []}, "expected": true},
		"no values and none given": {"one": _has("Exists", "a", []), "other": _has("Exists", "a", null), "expected": true},
		"a null value and an empty one": {"one": {"matchLabels": {"a": null}}, "other": {"matchLabels": {"a": ""}}, "expected": true},
		"another value": {"one": {"matchLabels": {"a": "b"}}, "other": {"matchLabels": {"a": "c"}}, "expected": false},
		"another operator": {"one": _has("In", "a", ["b"]), "other": _has("NotIn", "a", ["b"]), "expected": false},
		"fewer values": {"one": _has("In", "a", ["b", "c"]), "other": _has("In", "a", ["b"]), "expected": false},
	}
	selector.normal(row.one) == selector.normal(row.other) == row.expected
}

test_is_empty[name] if {
	some name, row in {
		"null": {"selector": null, "expected": true},
		"an empty object": {"selector": {}, "expected": true},
		"empty fields": {"selector": {"matchLabels": {}, "matchExpressions": []}, "expected": true},
		"a label": {"selector": {"matchLabels": {"a": "b"}}, "expected": false},
		"an expression": {"selector": _has("DoesNotExist", "a", null), "expected": false},
	}
	_empty(row.selector) == row.expected
}

_empty(written) if {
	selector.empty(written)
} else := false

test_requires_a_label[name] if {
	some name, row in {
		"by a pair": {"selector": {"matchLabels": {"app": "web"}}, "expected": true},
		"by In of only this value": {"selector": _has("In", "app", ["web"]), "expected": true},
		"by In of this value twice": {"selector": _has("In", "app", ["web", "web"]), "expected": true},
		"not by a pair with another value": {"selector": {"matchLabels": {"app": "db"}}, "expected": false},
		"not by In of another value besides": {"selector": _has("In", "app", ["web", "db"]), "expected": false},
		"not by Exists": {"selector": _has("Exists", "app", null), "expected": false},
		"not by NotIn": {"selector": _has("NotIn", "app", ["db"]), "expected": false},
		"not by another key": {"selector": {"matchLabels": {"name": "web"}}, "expected": false},
		"not by In without values": {"selector": _has("In", "app", null), "expected": false},
		"not by nothing": {"selector": null, "expected": false},
	}
	_requires(row.selector) == row.expected
}

_requires(written) if {
	selector.requires(written, "app", "web")
} else := false

_name := "kubernetes.io/metadata.name"

_shop := {_name: "shop", "team": "a"}

test_matches_every_namespace[name] if {
	some name, row in {
		"empty": {"selector": {}, "expected": true},
		"empty lists": {"selector": {"matchLabels": {}, "matchExpressions": []}, "expected": true},
		"the label of the API server exists": {"selector": _has("Exists", _name, null), "expected": true},
		"no namespace has the label": {"selector": _has("DoesNotExist", "nobody", null), "expected": true},
		"not one that there is not": {"selector": _has("NotIn", _name, ["nobody"]), "expected": true},
		"not a value that no namespace has": {"selector": _has("NotIn", "team", ["b"]), "expected": true},
		"not one that every cluster has": {"selector": _has("NotIn", _name, ["kube-system"]), "expected": false},
		"not one that is known": {"selector": _has("NotIn", _name, ["shop"]), "expected": false},
		"not a value that a known one has": {"selector": _has("NotIn", "team", ["a"]), "expected": false},
		"not with a label that a known one has": {"selector": _has("DoesNotExist", "team", null), "expected": false},
		"those that are known, by name": {
			"selector": _has("In", _name, ["shop", "default", "kube-system", "kube-public", "kube-node-lease"]), "expected": false,
		},
		"a label": {"selector": {"matchLabels": {"team": "a"}}, "expected": false},
	}
	_every_namespace(row.selector) == row.expected
}

_every_namespace(written) if {
	selector.matches_every_namespace(written, [_shop])
} else := false

test_the_known_namespaces_count if {
	selector.matches_every_namespace(_has("NotIn", _name, ["shop"]), [])
	not selector.matches_every_namespace(_has("NotIn", _name, ["shop"]), [{_name: "other"}, _shop])
}

test_finds_problems[name] if {
	some name, row in {
		"none in null": {"selector": null, "expected": set()},
		"none in an empty object": {"selector": {}, "expected": set()},
		"none in null fields": {"selector": {"matchLabels": null, "matchExpressions": null}, "expected": set()},
		"a text": {"selector": "app=web", "expected": {"s"}},
		"a list": {"selector": [], "expected": {"s"}},
		"false": {"selector": false, "expected": {"s"}},
		"an unknown field": {"selector": {"app": "web"}, "expected": {"s.app"}},
		"labels that are a list": {"selector": {"matchLabels": []}, "expected": {"s.matchLabels"}},
		"labels that are a text": {"selector": {"matchLabels": "a"}, "expected": {"s.matchLabels"}},
		"a value that is a number": {"selector": {"matchLabels": {"a": 1}}, "expected": {"s.matchLabels.a"}},
		"a value that is null": {"selector": {"matchLabels": {"a": null}}, "expected": set()},
		"a value with a blank": {"selector": {"matchLabels": {"a.b/c": "d e"}}, "expected": {`s.matchLabels["a.b/c"]`}},
		"an empty key": {"selector": {"matchLabels": {"": "a"}}, "expected": {`s.matchLabels[""]`}},
		"expressions that are an object": {"selector": {"matchExpressions": {}}, "expected": {"s.matchExpressions"}},
		"an expression that is a text": {"selector": {"matchExpressions": ["a"]}, "expected": {"s.matchExpressions[0]"}},
		"an expression that is null": {
			"selector": {"matchExpressions": [null]},
			"expected": {"s.matchExpressions[0].key", "s.matchExpressions[0].operator"},
		},
		"an unknown field of an expression": {
			"selector": {"matchExpressions": [{"key": "a", "operator": "Exists", "value": "b"}]},
			"expected": {"s.matchExpressions[0].value"},
		},
		"an expression without key": {
			"selector": {"matchExpressions": [{"operator": "Exists"}]}, "expected": {"s.matchExpressions[0].key"},
		},
		"a key that is a number": {
			"selector": {"matchExpressions": [{"key": 1, "operator": "Exists"}]}, "expected": {"s.matchExpressions[0].key"},
		},
		"a key that is null": {
			"selector": {"matchExpressions": [{"key": null, "operator": "Exists"}]}, "expected": {"s.matchExpressions[0].key"},
		},
		"an operator in small letters": {
			"selector": _has("exists", "a", null), "expected": {"s.matchExpressions[0].operator"},
		},
		"In without values": {
			"selector": {"matchExpressions": [{"key": "a", "operator": "In"}]}, "expected": {"s.matchExpressions[0].values"},
		},
		"NotIn with null for values": {"selector": _has("NotIn", "a", null), "expected": {"s.matchExpressions[0].values"}},
		"In with no values": {"selector": _has("In", "a", []), "expected": {"s.matchExpressions[0].values"}},
		"In with a text for values": {"selector": _has("In", "a", "b"), "expected": {"s.matchExpressions[0].values"}},
		"In with a wrong value": {"selector": _has("In", "a", ["b", "c d"]), "expected": {"s.matchExpressions[0].values[1]"}},
		"In with a number": {"selector": _has("In", "a", [1]), "expected": {"s.matchExpressions[0].values[0]"}},
		"In with null, which is the empty value": {"selector": _has("In", "a", [null]), "expected": set()},
		"Exists with values": {"selector": _has("Exists", "a", ["b"]), "expected": {"s.matchExpressions[0].values"}},
		"Exists with no values": {"selector": _has("Exists", "a", []), "expected": set()},
		"DoesNotExist with null for values": {"selector": _has("DoesNotExist", "a", null), "expected": set()},
		"DoesNotExist with a text for values": {"selector": _has("DoesNotExist", "a", "b"), "expected": {"s.matchExpressions[0].values"}},
	}
	{problem.path | some problem in selector.problems(row.selector, "s")} == row.expected
}

_a63 := concat("", ["a" | some _ in numbers.range(1, 63)])

_a253 := concat("", array.concat(["a" | some _ in numbers.range(1, 252)], ["z"]))

test_a_key_is_valid[name] if {
	some name, row in {
		"a word": {"key": "app", "expected": true},
		"one letter": {"key": "A", "expected": true},
		"with a prefix": {"key": "app.kubernetes.io/name", "expected": true},
		"dots, hyphens, underscores": {"key": "a.b-c_D", "expected": true},
		"63 characters": {"key": _a63, "expected": true},
		"64 characters": {"key": concat("", [_a63, "a"]), "expected": false},
		"a prefix of 253": {"key": concat("", [_a253, "/", _a63]), "expected": true},
		"a prefix of 254": {"key": concat("", [_a253, "a/a"]), "expected": false},
		"a prefix with a capital": {"key": "App/name", "expected": false},
		"an empty prefix": {"key": "/name", "expected": false},
		"nothing behind the prefix": {"key": "app/", "expected": false},
		"two slashes": {"key": "a/b/c", "expected": false},
		"a hyphen at the start": {"key": "-a", "expected": false},
		"a hyphen at the end": {"key": "a-", "expected": false},
		"a blank": {"key": "a b", "expected": false},
		"a line break behind": {"key": "a\n", "expected": false},
		"nothing": {"key": "", "expected": false},
		"a number": {"key": 1, "expected": false},
		"null": {"key": null, "expected": false},
	}
	_valid_key(row.key) == row.expected
}

_valid_key(key) if {
	selector.valid_key(key)
} else := false

test_a_pair_is_valid[name] if {
	some name, row in {
		"a word and a word": {"key": "app", "value": "web", "expected": true},
		"an empty value": {"key": "app", "value": "", "expected": true},
		"a null value": {"key": "app", "value": null, "expected": true},
		"the longest prefix, key and value": {"key": concat("", [_a253, "/", _a63]), "value": _a63, "expected": true},
		"a longer prefix": {"key": concat("", [_a253, "a/a"]), "value": "", "expected": false},
		"a longer value": {"key": "app", "value": concat("", [_a63, "a"]), "expected": false},
		"a value with an equals sign": {"key": "app", "value": "a=b", "expected": false},
		"a key with one": {"key": "app=a", "value": "b", "expected": false},
		"a value that is a number": {"key": "app", "value": 1, "expected": false},
		"an empty key": {"key": "", "value": "web", "expected": false},
		"a line break behind": {"key": "app", "value": "web\n", "expected": false},
	}
	_valid_pair(row.key, row.value) == row.expected
}

_valid_pair(key, value) if {
	selector.label_problems({key: value}, "labels") == []
} else := false

test_a_value_is_valid[name] if {
	some name, row in {
		"a word": {"value": "web", "expected": true},
		"nothing": {"value": "", "expected": true},
		"dots, hyphens, underscores": {"value": "1.b-c_D", "expected": true},
		"63 characters": {"value": _a63, "expected": true},
		"64 characters": {"value": concat("", [_a63, "a"]), "expected": false},
		"a slash": {"value": "a/b", "expected": false},
		"a hyphen at the end": {"value": "a-", "expected": false},
		"a blank": {"value": "a b", "expected": false},
		"a line break behind": {"value": "a\n", "expected": false},
		"a number": {"value": 1, "expected": false},
		"true": {"value": true, "expected": false},
		"null": {"value": null, "expected": false},
	}
	_valid_value(row.value) == row.expected
}

_valid_value(value) if {
	selector.valid_value(value)
} else := false

test_a_namespace_is_valid[name] if {
	some name, row in {
		"a word": {"value": "shop", "expected": true},
		"digits and hyphens": {"value": "1-a", "expected": true},
		"nothing": {"value": "", "expected": true},
		"null": {"value": null, "expected": true},
		"63 characters": {"value": _a63, "expected": true},
		"64 characters": {"value": concat("", [_a63, "a"]), "expected": false},
		"a dot": {"value": "a.b", "expected": false},
		"a capital": {"value": "Shop", "expected": false},
		"a hyphen at the end": {"value": "a-", "expected": false},
		"a number": {"value": 1, "expected": false},
		"a list": {"value": [], "expected": false},
	}
	_valid_namespace(row.value) == row.expected
}

_valid_namespace(value) if {
	selector.valid_namespace(value)
} else := false
