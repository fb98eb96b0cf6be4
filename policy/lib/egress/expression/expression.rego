# METADATA
# title: Calico's selectors
# description: |
#   The expressions by which Calico selects by labels: all(), has(k), k == 'v', k != 'v', k in {…}, k not in {…}, k contains, starts with and ends with 'v', with
#   !, &&, || and parentheses. Rego has no recursion: each condition becomes one of T, F and U (unknown), and the text is rewritten until one letter is left.
# related_resources:
#   - ref: https://docs.tigera.io/calico/latest/reference/resources/networkpolicy#selector
package lib.egress.expression

_key := `[-a-zA-Z0-9_./]+`

_value := `("[^"]*"|'[^']*')`

# A text in quotes may look like anything, so that what is in quotes is taken whole.
_condition := concat("", [
	`all\(\s*\)|global\(\s*\)|has\(\s*`, _key, `\s*\)|`,
	_key, `\s*(==|!=|contains|starts\s+with|ends\s+with)\s*`, _value, `|`,
	_key, `\s+(not\s+)?in\s*\{\s*(`, _value, `(\s*,\s*`, _value, `)*)?\s*\}`,
])

# METADATA
# description: |
#   What an expression says of labels: "yes", "no", or "maybe" where it takes a key whose value is not known (those that begin as one of `hidden`). An empty one is
#   true of all. "invalid" is what cannot be read.
says(text, _, _) := "yes" if trim_space(text) == ""

says(text, labels, hidden) := object.get({"T": "yes", "F": "no", "U": "maybe"}, _settled(_letters(text, labels, hidden)), "invalid") if {
	trim_space(text) != ""
}

# METADATA
# description: Whether an expression can be read.
valid(text) if {
	is_string(text)
	says(text, {}, []) != "invalid"
}

# METADATA
# description: Whether an expression is true of everything.
everything(text) if says(text, {}, [""]) == "yes"

# Conditions are found one after the other, with what lies between them.
_letters(text, labels, hidden) := concat("", [piece |
	some i, found in conditions
	some piece in [between[i], _letter(trim_space(found), labels, hidden)]
]) if {
	conditions := array.concat(regex.find_n(_condition, text, -1), [""])
	between := regex.split(_condition, text)
	count(between) == count(conditions)
	count(conditions) > 1
} else := "?"

_letter("", _, _) := ""

_letter(condition, labels, hidden) := letter if {
	condition != ""
	parts := _parts(condition)
	letter := _judged(parts, labels, hidden)
}

# A condition as {"operator", "key", "values"}.
_parts(condition) := {"operator": "all", "key": "", "values": []} if {
	regex.match(`^(all|global)\(\s*\)$`, condition)
} else := {"operator": "has", "key": regex.find_n(_key, condition, 2)[1], "values": []} if {
	regex.match(`^has\(`, condition)
} else := {
	"operator": regex.replace(trim_space(regex.find_n(`^\s*(==|!=|contains|starts\s+with|ends\s+with|not\s+in|in)`, rest, 1)[0]), `\s+`, " "),
	"key": key,
	"values": [substring(quoted, 1, count(quoted) - 2) | some quoted in regex.find_n(_value, rest, -1)],
} if {
	key := regex.find_n(concat("", ["^", _key]), condition, 1)[0]
	rest := substring(condition, count(key), -1)
}

_judged(parts, labels, hidden) := "T" if {
	parts.operator == "all"
} else := "U" if {
	not parts.key in object.keys(labels)
	some beginning in hidden
	startswith(parts.key, beginning)
} else := "T" if {
	_holds(parts.operator, object.get(labels, parts.key, null), parts.values)
} else := "F"

_holds("has", value, _) if value != null

_holds("==", value, values) if value == values[0]

_holds("!=", value, values) if value != values[0]

_holds("in", value, values) if value in values

_holds("not in", value, values) if not value in values

_holds("contains", value, values) if contains(value, values[0])

_holds("starts with", value, values) if startswith(value, values[0])

_holds("ends with", value, values) if endswith(value, values[0])

# Each pass settles what is innermost; a sum or product of any length takes as many passes as it has digits in base two.
_settled(text) := _passes(_passes(_passes(_passes(regex.replace(text, `\s+`, "")))))

_passes(text) := _pass(_pass(_pass(_pass(text))))

_pass(text) := _sums(_products(_products(_negations(_negations(_parentheses(text))))))

_parentheses(text) := regex.replace(text, `\(([TFU])\)`, "$1")

_negations(text) := replace(replace(replace(replace(text, "!!", ""), "!T", "F"), "!F", "T"), "!U", "U")

_products(text) := replaced if {
	known := regex.replace(text, `F&&[TFU]|[TU]&&F`, "F")
	replaced := replace(replace(replace(replace(known, "T&&T", "T"), "T&&U", "U"), "U&&T", "U"), "U&&U", "U")
}

# Only between what no product or negation still waits for.
_sums(text) := regex.replace(
	regex.replace(
		regex.replace(
			text,
			`(^|\(|\|\|)(T\|\|[TFU]|[FU]\|\|T)(\)|\|\||$)`, "${1}T${3}",
		),
		`(^|\(|\|\|)F\|\|F(\)|\|\||$)`, "${1}F${2}",
	),
	`(^|\(|\|\|)(U\|\|[FU]|F\|\|U)(\)|\|\||$)`, "${1}U${3}",
)
