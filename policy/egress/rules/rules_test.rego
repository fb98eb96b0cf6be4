package egress.rules_test

import data.lib.egress.testing

# What every rule says of a policy under some parameters, by rule.
_messages(parameters) := {rule: {said.msg | some said in violations} |
	request := object.union(testing.review(testing.egress([])), {"parameters": parameters})
	some rule, _ in data.egress.rules
	violations := data.egress.rules[rule].violation with input as request
}

test_every_rule_tells_of_parameters_that_are_wrong if {
	found := _messages({"profil": "strict"})
	count(found) == 17
	every _, said in found { said == {"parameter profil is an unknown parameter"} }
}

test_no_rule_says_anything_of_a_policy_that_denies_all if {
	found := _messages({})
	count(found) == 17
	every _, said in found { said == set() }
}
