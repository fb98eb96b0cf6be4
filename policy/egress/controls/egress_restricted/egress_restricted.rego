# METADATA
# title: Egress is restricted to specific, approved destinations
# description: |
#   Every namespace with application pods restricts egress to specific, approved destinations, in NetworkPolicies and in cloud firewalls;
#   nothing is open to every address on all ports.
# related_resources:
#   - ref: https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=SC-7
#     description: NIST 800-53 SC-7, boundary protection
#   - ref: https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=AC-4
#     description: NIST 800-53 AC-4, information flow enforcement
#   - ref: https://www.cisecurity.org/benchmark/kubernetes
#     description: CIS Kubernetes 5.3.2, which any NetworkPolicy meets, also one for ingress only
#   - ref: https://attack.mitre.org/techniques/T1048/
#     description: MITRE ATT&CK T1048, exfiltration over alternative protocol
#   - ref: https://attack.mitre.org/techniques/T1071/
#     description: MITRE ATT&CK T1071, application layer protocol
# custom:
#   control: egress-restricted
#   version: 1.0.0
#   severity: medium
package egress.controls.egress_restricted

import data.lib.egress.finding
import data.lib.egress.layers
import data.lib.egress.parameters

name := "egress-restricted"

version := "1.0.0"

severity := "medium"

# METADATA
# description: |
#   What one namespace adds to the report: {"namespace", "policies", "findings", "totals"}, given its view and its findings. The namespace is
#   null for what is cluster-wide.
namespace(view, findings) := {
	"namespace": _namespace(view, policies, failing),
	"policies": [policy | _detailed(view); some policy in policies],
	"findings": findings,
	"totals": _totals(view, policies, findings, failing),
} if {
	policies := _policies(view, findings)
	failing := count([1 | some found in findings; found.level == "fail"])
}

# Who only wants the totals says so, and need not be told of each policy and workload.
_detailed(view) if object.get(view.context, "details", true)

# A rule is restricted if no finding lies in it, and no approval had to excuse that it is open.
_policies(view, findings) := [object.union(counts, {
	"kind": policy.resource.kind, "namespace": policy.resource.namespace, "name": policy.resource.name, "order": policy.order,
}) |
	touched := _touched(findings)
	some policy in view.policies
	counts := {
		"egress_rules": count(policy.rules),
		"restricted_rules": count([rule | some rule in policy.rules; _restricted(policy, rule, touched)]),
		"open_rules": count([rule | some rule in policy.rules; rule.verdict == "open-egress"]),
	}
]

_restricted(policy, rule, touched) if {
	not rule.excused
	not touched[[policy.order, rule.path]]
}

# Where findings lie, and all that is around it, as [order, path]: asked once, not for each rule of each finding.
_touched(findings) := {[found.order, path] |
	some found in findings
	some mark in [".", "["]
	steps := split(found.path, mark)
	some i, _ in steps
	path := concat(mark, array.slice(steps, 0, i + 1))
}

_namespace(view, _, _) := null if view.namespace == ""

_namespace(view, policies, failing) := object.union(_layers(view), {
	"name": view.namespace,
	"status": _namespace_status(view, failing),
	"egress_rules": sum([policy.egress_rules | some policy in policies]),
	"restricted_rules": sum([policy.restricted_rules | some policy in policies]),
	"workloads": [_workload(workload, view) | _detailed(view); some workload in view.workloads],
}) if {
	view.namespace != ""
}

_layers(view) := {"layers": view.layers.status} if {
	view.layers != null
} else := {}

_namespace_status(_, failing) := "fail" if failing > 0

_namespace_status(view, 0) := "pass" if {
	_judgeable(view)
} else := "skip"

_judgeable(view) if count(view.governed) > 0

_judgeable(view) if {
	some policy in view.policies
	_restricts(policy)
	count(view.workloads) == 0
}

# How many firewalls there are, and how many of them let nothing out where no rule speaks. What goes on to others is none by itself.
_firewalls(view) := {
	"found": count(found), "guarding": count(found - open),
	"open": count([1 | some one in reaches; one.open]) > 0, "public_share": max(array.concat([0], [one.public_share | some one in reaches])),
} if {
	reaches := [group.reach | some group in view.combined; view.policies[group.first].firewall]
	found := {policy.firewall | some policy in view.policies; policy.firewall; not policy.goes_on}
	open := {policy.firewall |
		some policy in view.policies
		policy.firewall
		_lets_out_unasked(policy)
	}
}

# An invalid one guards nobody, nor does one of which nobody knows what it says.
_lets_out_unasked(policy) if not policy.valid

_lets_out_unasked(policy) if {
	some rule in policy.rules
	rule.path in policy.implied
	rule.verdict == "open-egress"
}

# Whether a policy has a say about egress, be it by a single rule.
_restricts(policy) if policy.isolates

_restricts(policy) if count(policy.rules) + count(object.get(policy, "restraints", [])) > 0

_workload(workload, view) := {
	"kind": workload.resource.kind, "name": workload.resource.name, "covered": workload.covered,
	"open": _open(workload, view), "public_share": _public_share(workload, view),
}

_open(workload, view) := count([1 | some reach in workload.reaches; _is_open(reach, view)]) > 0 if {
	workload.covered == true
} else := true

# Whom no policy selects the firewalls let out.
_is_open(reach, view) if {
	reach.policies == []
	view.context.firewalls.open
}

_is_open(reach, _) if reach.open

_public_share(workload, view) := max([_share_of(reach, view) | some reach in workload.reaches]) if {
	workload.covered == true
} else := 1

_share_of(reach, view) := view.context.firewalls.public_share if {
	reach.policies == []
} else := reach.public_share

_totals(view, policies, findings, failing) := {
	"egress_rules": sum([policy.egress_rules | some policy in policies]),
	"restricted_rules": sum([policy.restricted_rules | some policy in policies]),
	"open_rules": sum([policy.open_rules | some policy in policies]),
	"application": application,
	"restricted": _one(_is_restricted(view, findings)),
	"workloads": count(view.workloads),
	"governed": count(view.governed),
	"covered": count([1 | some workload in view.governed; workload.covered]),
	"policies": count([1 | some policy in view.policies; _restricts(policy)]),
	"failing": failing,
	"unjudged": count({[one.order, one.resource.kind, one.resource.name] | some one in view.unjudged}),
	"firewalls": _firewalls(view),
	"kinds": _kinds(policies),
	"waivers": [found.waiver | some found in findings; not found.once; found.waiver >= 0],
	"layered": [view.namespace | view.layers != null; view.layers.bearer != null],
	"once": [entry |
		some found in findings
		found.once
		entry := {
			"name": found.once[0], "place": [found.order, found.once[1]], "kind": found.resource.kind, "level": found.level, "waiver": object.get(found, "waiver", null),
			"alone": _alone(view, found, findings),
			"drop": [found.order, found.path, found.rule, found.message],
		}
	],
} if {
	application := _one(_is_application(view))
}

# Whether a rule would be restricted without what is said once.
_alone(view, found, findings) if {
	some policy in view.policies
	policy.order == found.order
	some rule in policy.rules
	rule.path == found.path
	_restricted(policy, rule, _touched([other | some other in findings; other.order == found.order; not other.once]))
} else := false

# How many objects of each kind there are, and rules of theirs. Some objects are several policies.
_kinds(policies) := {kind: counts |
	some kind in {policy.kind | some policy in policies}
	of_kind := [policy | some policy in policies; policy.kind == kind]
	counts := {
		"policies": count({policy.order | some policy in of_kind}),
		"egress_rules": sum([policy.egress_rules | some policy in of_kind]),
		"restricted_rules": sum([policy.restricted_rules | some policy in of_kind]),
		"open_rules": sum([policy.open_rules | some policy in of_kind]),
	}
}

_is_application(view) if {
	view.namespace != ""
	not view.system
	count(view.governed) > 0
} else := false

# What may pass for a while is not restricted meanwhile: a waiver changes the verdict, and no fact.
_is_restricted(view, findings) if {
	_is_application(view)
	count([1 | some found in findings; finding.levels[found.rule][view.settings.profile] == "fail"]) == 0
	every workload in view.governed { workload.covered }
} else := false

_one(true) := 1

_one(false) := 0

# METADATA
# description: |
#   The report over the totals of all namespaces: {"control", "control_version", "severity", "profile", "status", "summary", "counts",
#   "kinds": [{"kind", "policies", "egress_rules", "restricted_rules", "open_rules"}], "parameters", "waivers" (see waiver.report; null where no list is given), "models": [{"name", "namespace", "message" where nothing of it was there}],
#   "dropped": [[order, path, rule, message]]}, from {"totals", "kubernetes": objects seen, "errors": errors of reading}.
report(found, given, settings) := {
	"control": name,
	"control_version": version,
	"severity": severity,
	"profile": settings.profile,
	"status": _status(sums, found.errors),
	"summary": concat("", [_summary(sums, found.kubernetes), _unjudged(sums.unjudged), _waived(sums.waived)]),
	"counts": {
		"egress_rules": sums.egress_rules, "restricted_rules": sums.restricted_rules, "open_rules": sums.open_rules,
		"application_namespaces": sums.application, "restricted_namespaces": sums.restricted,
		"workloads": sums.workloads, "covered_workloads": sums.covered,
	},
	"kinds": _kinds_of(found.totals, silenced),
	"parameters": parameters.differing(given),
	"waivers": parameters.waiver_report(given, used),
	"models": layers.report(settings.models, {namespace | some total in found.totals; some namespace in total.layered}),
	"dropped": [entry.drop | some entry in repeated],
} if {
	repeated := _repeated(found.totals)
	silenced := _silenced(repeated, found.totals)
	used := array.concat(
		[index | some total in found.totals; some index in total.waivers],
		[entry.waiver | some total in found.totals; some entry in total.once; entry.waiver != null; not entry in repeated],
	)
	added := {field: n |
		some field in _added
		n := sum([total[field] | some total in found.totals])
	}
	sums := object.union(added, {
		"waived": count(used),
		"failing": added.failing - count([1 | some entry in repeated; entry.level == "fail"]),
		"restricted_rules": added.restricted_rules + count(silenced),
	})
}

_added := {
	"egress_rules", "restricted_rules", "open_rules", "application", "restricted", "workloads", "governed", "covered", "policies",
	"failing", "unjudged",
}

# What is said once for all namespaces is said on the first; the others are left out. What is waived does not speak for what is not, or the
# waiver of one place would be one of all.
_repeated(totals) := [entry |
	entries := [entry | some total in totals; some entry in total.once]
	some entry in entries
	entry.place != min({other.place | some other in entries; other.name == entry.name; other.waiver == entry.waiver})
]

# The places of rules of which nothing is said any more, with the kinds of their policies.
_silenced(repeated, totals) := {[entry.place, entry.kind] | some entry in repeated; entry.alone} - {[entry.place, entry.kind] |
	some total in totals
	some entry in total.once
	not entry in repeated
}

_kinds_of(totals, silenced) := [row |
	some kind in sort({kind | some total in totals; some kind, _ in total.kinds})
	added := {field: n |
		some field in ["policies", "egress_rules", "restricted_rules", "open_rules"]
		n := sum([total.kinds[kind][field] | some total in totals])
	}
	again := count([1 | some [_, of] in silenced; of == kind])
	row := object.union(added, {"kind": kind, "restricted_rules": added.restricted_rules + again})
]

_status(_, errors) := "error" if errors > 0

_status(sums, 0) := _verdict(sums)

_verdict(sums) := "fail" if {
	sums.failing > 0
} else := "skip" if {
	sums.governed == 0
	sums.policies == 0
} else := "pass"

# Where something is waived, no sentence says that all is well: rules may be open together, and none of them alone.
_summary(sums, kubernetes) := "Not applicable: no Kubernetes or container orchestration resources found." if {
	_verdict(sums) == "skip"
	kubernetes == 0
} else := "Not applicable: no workloads that policies govern, no egress policies and no firewalls found." if {
	_verdict(sums) == "skip"
} else := _restricted_summary(sums) if {
	_verdict(sums) == "pass"
	sums.waived == 0
} else := "No NetworkPolicy defines egress rules. All outbound traffic is allowed." if {
	sums.governed > 0
	sums.policies + sums.unjudged == 0
	_unrestricted(sums)
} else := $"{_rules_found(sums)}; {sums.application - sums.restricted} of {sums.application} application namespaces are not restricted." if {
	sums.application > sums.restricted
} else := $"{_rules_found(sums)}; {sums.failing} findings fail." if {
	_verdict(sums) == "fail"
} else := $"{_rules_found(sums)}; {sums.open_rules} allow all destinations on all ports." if {
	sums.open_rules > 0
} else := $"{_rules_found(sums)}."

_restricted_summary(sums) := $"{sums.egress_rules} egress rules found, all {sums.egress_rules} restrict to specific destinations." if {
	sums.restricted_rules == sums.egress_rules
} else := $"{_rules_found(sums)}; none allows all destinations on all ports."

# In namespaces of the system coverage is no question.
_unrestricted(sums) if _verdict(sums) == "fail"

_unrestricted(sums) if sums.application > sums.restricted

_rules_found(sums) := $"{sums.egress_rules} egress rules found, {sums.restricted_rules} restrict to specific destinations"

_unjudged(0) := ""

_unjudged(n) := $" {n} objects could not be judged." if n > 0

_waived(0) := ""

_waived(n) := $" {n} findings are waived." if n > 0
