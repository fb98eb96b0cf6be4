package lib.egress.statement_test

import data.lib.egress.statement

test_a_port_is_a_number_or_a_name[name] if {
	some name, row in {
		"a number": {"value": 443, "expected": []},
		"a name": {"value": "https", "expected": []},
		"a name with digits": {"value": "http-2", "expected": []},
		"nothing": {"value": null, "expected": []},
		"a number in a text": {"value": "443", "expected": ["p"]},
		"a boolean": {"value": true, "expected": ["p"]},
	}
	[problem.path | some problem in statement.port_problem(row.value, "p")] == row.expected
}

test_a_selector_has_a_form[name] if {
	some name, row in {
		"of everything": {"selector": {}, "expected": []},
		"of labels": {"selector": {"matchLabels": {"a": "b"}}, "expected": []},
		"of a requirement": {"selector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}, "expected": []},
		"but no text": {"selector": "all", "expected": ["s"]},
		"but no other field": {"selector": {"labels": {}}, "expected": ["s.labels"]},
		"but no list of labels": {"selector": {"matchLabels": []}, "expected": ["s.matchLabels"]},
		"but no text of requirements": {"selector": {"matchExpressions": "a"}, "expected": ["s.matchExpressions"]},
		"but no requirement without a key": {"selector": {"matchExpressions": [{"operator": "Exists"}]}, "expected": ["s.matchExpressions[0]"]},
	}
	[problem.path | some problem in statement.selector_problems(row.selector, "s")] == row.expected
}
