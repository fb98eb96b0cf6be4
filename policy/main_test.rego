package main_test

import data.lib.egress.testing
import data.main

_file(path, contents) := {"path": path, "contents": contents}

_combined(objects) := [_file("k8s/a.yaml", thing) | some thing in objects]

# What is said, as {[rule, kind, name, path]}; what no object is the subject of has neither kind nor name.
_about(said) := {[found.rule, found.resource.kind, found.resource.name, found.path] | some found in said}

_denied(given) := _about(said) if {
	said := main.deny with input as given
}

_warned(given) := _about(said) if {
	said := main.warn with input as given
}

_web := testing.deployment("web")

_open := testing.egress([{}])

_any := testing.egress([{"ports": testing.https}])

_deny := testing.egress([])

_open_said := ["open-egress", "NetworkPolicy", "app", "spec.egress[0]"]

_uncovered := ["no-egress-policy", "Deployment", "web", ""]

test_denies_what_fails if {
	missed := {name |
		some name, row in {
			"an open rule": {"objects": [_web, _open], "expected": {_open_said}},
			"a namespace without a policy": {"objects": [_web], "expected": {_uncovered}},
			"each namespace for itself": {
				"objects": [_web, testing.with_fields(_deny, {"metadata": {"name": "app", "namespace": "other"}})], "expected": {_uncovered},
			},
			"those without a namespace as one": {
				"objects": [testing.with_fields(_web, {"metadata": {"name": "web"}}), testing.with_fields(_deny, {"metadata": {"name": "app"}})],
				"expected": set(),
			},
			"nothing": {"objects": [], "expected": set()},
			"nothing of what warns": {"objects": [_web, _any], "expected": set()},
		}
		not _denied(_combined(row.objects)) == row.expected
	}
	missed == set()
}

test_warns_of_what_warns if {
	missed := {name |
		some name, row in {
			"any destination": {"objects": [_web, _any], "expected": {["any-destination", "NetworkPolicy", "app", "spec.egress[0]"]}},
			"nothing of what fails": {"objects": [_web, _open], "expected": set()},
			"nothing of what is fine": {"objects": [_web, _deny], "expected": set()},
		}
		not _warned(_combined(row.objects)) == row.expected
	}
	missed == set()
}

test_what_warns_is_denied_in_strict if {
	denied := main.deny with input as _combined([_web, _any]) with data.egress.parameters as {"profile": "strict"}
	_about(denied) == {["any-destination", "NetworkPolicy", "app", "spec.egress[0]"]}
	warned := main.warn with input as _combined([_web, _any]) with data.egress.parameters as {"profile": "strict"}
	warned == set()
}

test_denies_with_the_sentence_the_file_and_the_witness if {
	said := main.deny with input as [_file("k8s/web.yaml", _web), _file("k8s/app.yaml", _open)]
	said == {{
		"msg": "NetworkPolicy 'app' allows egress to all destinations on all ports",
		"file": "k8s/app.yaml", "rule": "open-egress", "path": "spec.egress[0]",
		"resource": {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "namespace": "shop", "name": "app"},
		"witness": {"from": "shop/Deployment/web", "to": "93.184.215.14", "port": 4444, "protocol": "TCP"},
	}}
}

_list(api_version, kind, items) := {"apiVersion": api_version, "kind": kind, "items": items}

test_opens_lists if {
	missed := {name |
		some name, contents in {
			"none": _open,
			"of any objects": _list("v1", "List", [_web, _open]),
			"of one kind": _list("networking.k8s.io/v1", "NetworkPolicyList", [_open]),
			"of one kind that leaves it to the list": _list("networking.k8s.io/v1", "NetworkPolicyList", [object.remove(_open, ["apiVersion", "kind"])]),
			"within a list": _list("v1", "List", [_list("v1", "List", [_web]), _list("networking.k8s.io/v1", "NetworkPolicyList", [_open])]),
		}
		not _open_said in _denied([_file("a.yaml", contents)])
	}
	missed == set()
}

test_reads_nothing_else_as_objects if {
	missed := {name |
		some name, contents in {
			"null": null,
			"a text": "kind: NetworkPolicy",
			"a number": 1,
			"an empty array": [],
			"an array of texts": ["a", null, 1],
			"an object without kind": {"a": "b"},
			"an object whose kind is null": testing.with_fields(_web, {"kind": null}),
			"an object without apiVersion": object.remove(_web, ["apiVersion"]),
			"an object whose apiVersion is empty": testing.with_fields(_web, {"apiVersion": ""}),
			"an object whose apiVersion is a number": testing.with_fields(_web, {"apiVersion": 1}),
			"an array of objects, which no file holds": [_web, _open],
			"a list whose items are no array": _list("v1", "List", {"a": _open}),
			"a list whose items are null": _list("v1", "List", null),
			"a list of texts": _list("networking.k8s.io/v1", "NetworkPolicyList", ["a", null]),
			"a list without items": {"apiVersion": "v1", "kind": "List"},
			"a List whose items have no kind": _list("v1", "List", [object.remove(_open, ["kind"])]),
		}
		not _denied([_file("a.yaml", contents)]) == set()
	}
	missed == set()
}

test_a_policy_without_api_version_is_one_all_the_same if {
	_denied([_file("a.yaml", object.remove(_deny, ["apiVersion"]))]) == {["invalid-resource", "NetworkPolicy", "app", "apiVersion"]}
}

test_items_of_a_list_keep_the_kind_that_they_have if {
	thing := object.remove(_open, ["apiVersion"])
	_denied([_file("a.yaml", _list("apps/v1", "DeploymentList", [thing]))]) == {_open_said, ["invalid-resource", "NetworkPolicy", "app", "apiVersion"]}
}

test_tells_files_of_one_folder_from_others if {
	missed := {name |
		some name, row in {
			"one folder": {"paths": ["k8s/a.yaml", "k8s/b.yaml"], "expected": set()},
			"two folders": {"paths": ["k8s/a/x.yaml", "k8s/b/x.yaml"], "expected": {["assumed-namespace", "NetworkPolicy", "app", ""]}},
			"no folder": {"paths": ["a.yaml", "b.yaml"], "expected": set()},
		}
		documents := [
			_file(row.paths[0], testing.with_fields(_web, {"metadata": {"name": "web"}})),
			_file(row.paths[1], testing.with_fields(_deny, {"metadata": {"name": "app"}})),
		]
		not _warned(documents) == row.expected
	}
	missed == set()
}

_expiring := {
	"now": "2026-06-15",
	"approvedDestinations": [{"name": "a", "cidrs": ["0.0.0.0/0"], "expires": "2026-01-01"}],
}

test_warns_once_of_what_is_said_once if {
	rule := testing.to_blocks(["0.0.0.0/0"], testing.https)
	other := testing.with_fields(testing.egress([rule]), {"metadata": {"name": "b", "namespace": "other"}})
	said := main.warn with input as _combined([testing.egress([rule, rule]), other]) with data.egress.parameters as _expiring
	_about(said) == {["expired-destination", "NetworkPolicy", "app", "spec.egress[0]"]}
}

_label(name, labels) := {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}

_not_named(name) := testing.egress([{"to": [{"namespaceSelector": {"matchExpressions": [{
	"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": [name],
}]}}]}])

test_knows_the_namespaces if {
	missed := {name |
		some name, row in {
			"none": {"objects": [], "expected": "all-pods"},
			"the one that is left out": {"objects": [_label("bank", {})], "expected": "all-ports"},
			"another": {"objects": [_label("shop", null)], "expected": "all-pods"},
			"a Namespace of somebody else": {
				"objects": [testing.with_fields(_label("bank", {}), {"apiVersion": "example.org/v1"})], "expected": "all-pods",
			},
		}
		not _warned(_combined(array.concat(row.objects, [_not_named("bank")]))) == {[row.expected, "NetworkPolicy", "app", "spec.egress[0]"]}
	}
	missed == set()
}

_messages(said) := {found.msg | some found in said}

test_denies_wrong_parameters_and_judges_nothing if {
	denied := main.deny with input as _combined([_web, _open]) with data.egress.parameters as {"profile": "x"}
	denied == {{"msg": "parameter profile must be baseline or strict", "rule": "parameters", "path": "profile"}}
	warned := main.warn with input as _combined([_web, _any]) with data.egress.parameters as {"profile": "x"}
	warned == set()
}

_alone := "each document was judged alone: whether namespaces and workloads are covered takes conftest test --combine"

test_says_what_one_document_cannot_tell if {
	said := main.warn with input as _web
	_messages(said) == {_alone}
	denied := main.deny with input as _web
	denied == set()
}

test_judges_one_document_alone if {
	missed := {name |
		some name, row in {
			"an open policy": {"object": _open, "expected": {_open_said}},
			"a policy that selects nobody here": {"object": testing.egress_of("web", []), "expected": set()},
			"an invalid policy": {
				"object": testing.network_policy("app", {"x": 1}), "expected": {["invalid-resource", "NetworkPolicy", "app", "spec.x"]},
			},
			"a list": {"object": _list("v1", "List", [_web, _open]), "expected": {_open_said}},
			"what is open only together": {
				"object": testing.egress([testing.to_blocks(["32.0.0.0/3"], []), testing.to_blocks(["64.0.0.0/3"], [])]),
				"expected": {["open-egress-combined", "NetworkPolicy", "app", "spec.egress"]},
			},
		}
		not _denied(row.object) == row.expected
	}
	missed == set()
}

test_does_not_say_so_of_all_documents_together if {
	said := main.warn with input as _combined([_web, _deny])
	said == set()
}

_waiver := {
	"rule": "open-egress", "resource": {"kind": "NetworkPolicy", "namespace": "shop", "name": "app"},
	"owner": "team", "reason": "migration", "expires": "2026-12-31",
}

_waiving(listed) := {"now": "2026-06-15", "waivers": listed}

test_warns_of_what_is_waived_and_does_not_deny_it if {
	denied := main.deny with input as _combined([_web, _open]) with data.egress.parameters as _waiving([_waiver])
	denied == set()
	warned := main.warn with input as _combined([_web, _open]) with data.egress.parameters as _waiving([_waiver])
	{object.filter(found, ["rule", "path", "waived"]) | some found in warned} == {{
		"rule": "open-egress", "path": "spec.egress[0]",
		"waived": {"owner": "team", "reason": "migration", "expires": "2026-12-31"},
	}}
}

test_denies_what_no_waiver_names if {
	other := testing.egress_of("web", [{}])
	denied := main.deny with input as _combined([_web, _open, other]) with data.egress.parameters as _waiving([_waiver])
	_about(denied) == {["open-egress", "NetworkPolicy", "web", "spec.egress[0]"]}
}

_expired := object.union(_waiver, {"path": "spec.egress[0]", "expires": "2026-06-14"})

_unused := "The waiver of open-egress for NetworkPolicy shop/app waives nothing: remove it, or name rule, resource and path as a report does"

_ended := "The waiver of open-egress for NetworkPolicy shop/app spec.egress[0] expired on 2026-06-14: remove it, or have it granted anew"

test_warns_of_waivers_that_waive_nothing if {
	warned := main.warn with input as _combined([_web, _deny]) with data.egress.parameters as _waiving([_waiver, _expired])
	warned == {
		{"msg": _unused, "rule": "waivers", "path": "waivers[0]"},
		{"msg": _ended, "rule": "waivers", "path": "waivers[1]"},
	}
}

_elsewhere := {
	"apiVersion": "egress-policy.dev/v1", "kind": "EgressModel", "metadata": {"name": "m"},
	"spec": {"namespaces": ["shpo"]},
}

test_warns_of_a_model_of_a_namespace_that_has_nothing if {
	warned := main.warn with input as _combined([_web, _deny]) with data.egress.parameters as {"models": [_elsewhere]}
	[startswith(found.msg, "Model 'm' is for namespace 'shpo', which has neither") | some found in warned; found.path == "models[0]"] == [true]
	alone := main.warn with input as _deny with data.egress.parameters as {"models": [_elsewhere]}
	[found | some found in alone; found.rule == "models"] == []
}

test_of_one_document_alone_it_waives_and_says_nothing_of_other_waivers if {
	denied := main.deny with input as _open with data.egress.parameters as _waiving([_waiver, _expired])
	denied == set()
	warned := main.warn with input as _open with data.egress.parameters as _waiving([_waiver, _expired])
	{found.rule | some found in warned} == {"open-egress", "alone"}
}

test_of_wrong_waivers_it_says_nothing_but_that if {
	wrong := _waiving([_expired, object.remove(_waiver, ["expires"])])
	denied := main.deny with input as _combined([_web, _open]) with data.egress.parameters as wrong
	{found.path | some found in denied} == {"waivers[1].expires"}
	warned := main.warn with input as _combined([_web, _open]) with data.egress.parameters as wrong
	warned == set()
}

test_what_is_said_once_is_said_of_the_waived_and_of_the_rest if {
	rule := testing.to_blocks(["0.0.0.0/0"], testing.https)
	others := [testing.with_fields(testing.egress([rule]), {"metadata": {"name": name, "namespace": "other"}}) | some name in ["b", "c"]]
	given := object.union(_expiring, {"waivers": [object.union(_waiver, {"rule": "expired-destination"})]})
	warned := main.warn with input as _combined(array.concat([testing.egress([rule, rule])], others)) with data.egress.parameters as given
	_about(warned) == {
		["expired-destination", "NetworkPolicy", "app", "spec.egress[0]"],
		["expired-destination", "NetworkPolicy", "b", "spec.egress[0]"],
	}
}
