package lib.egress.expression_test

import data.lib.egress.expression

_labels := {"app": "web", "env": "prod"}

test_says[name] if {
	some name, row in {
		"of a value": {"text": "app == 'web'", "expected": "yes"},
		"of another value, in double quotes": {"text": `app == "db"`, "expected": "no"},
		"of all but a value": {"text": "app != 'db'", "expected": "yes"},
		"of a key that is not there, all but a value": {"text": "role != 'db'", "expected": "yes"},
		"of a key": {"text": "has(app)", "expected": "yes"},
		"of a key that is not there": {"text": "has( role )", "expected": "no"},
		"of a list": {"text": "app in {'db', 'web'}", "expected": "yes"},
		"of an empty list": {"text": "app in {}", "expected": "no"},
		"of all but a list": {"text": "app not in { 'db' }", "expected": "yes"},
		"of a part": {"text": "app contains 'e'", "expected": "yes"},
		"of a beginning": {"text": "app starts with 'w'", "expected": "yes"},
		"of an end": {"text": "app ends  with 'b'", "expected": "yes"},
		"of everything": {"text": "all()", "expected": "yes"},
		"of what has no namespace": {"text": "global()", "expected": "no"},
		"of what has one": {"text": "!global( )", "expected": "yes"},
		"of nothing said": {"text": " ", "expected": "yes"},
		"both": {"text": "has(app) && has(role)", "expected": "no"},
		"either": {"text": "has(role) || has(app)", "expected": "yes"},
		"and before or": {"text": "has(app) || has(role) && has(role)", "expected": "yes"},
		"parentheses before and": {"text": "(has(app) || has(role)) && has(role)", "expected": "no"},
		"the contrary": {"text": "!has(role) && !(app == 'db')", "expected": "yes"},
		"the contrary of the contrary": {"text": "!!has(app)", "expected": "yes"},
		"the contrary of what is not known": {"text": "!has(pcsa.team)", "expected": "maybe"},
		"of what is not known": {"text": "pcsa.team == 'a'", "expected": "maybe"},
		"of what is not known, where it does not matter": {"text": "pcsa.team == 'a' || has(app)", "expected": "yes"},
		"of what is not known, where it matters not either": {"text": "pcsa.team == 'a' && has(role)", "expected": "no"},
		"nested": {"text": "((((has(app)))))", "expected": "yes"},
		"operators in a text": {"text": "app == '&& all() ||'", "expected": "no"},
		"nothing of one equals sign": {"text": "app = 'web'", "expected": "invalid"},
		"nothing without a second half": {"text": "has(app) &&", "expected": "invalid"},
		"nothing of parentheses that stay open": {"text": "(has(app)", "expected": "invalid"},
		"nothing of empty parentheses": {"text": "()", "expected": "invalid"},
		"nothing of what is left over": {"text": "has(app) x", "expected": "invalid"},
		"nothing of what nobody would nest so deep": {
			"text": concat("", ["((((((((((((((((((((", "has(app)", "))))))))))))))))))))"]), "expected": "invalid",
		},
	}
	expression.says(row.text, _labels, ["pcsa."]) == row.expected
}

test_is_valid_or_not if {
	expression.valid("has(app)")
	not expression.valid("has app")
	not expression.valid(4)
}

test_is_true_of_everything_or_not if {
	expression.everything("all() || has(app)")
	not expression.everything("has(app)")
}
