# METADATA
# title: Calico's selectors
# description: |
#   The expressions by which Calico selects by labels: all(), global() (what has no namespace, as no pod is), has(k), k == 'v', k != 'v', k in {…}, k not in {…}, k contains, starts with and ends with 'v', with
#   !, &&, || and parentheses. Rego has no recursion: each condition becomes one of T, F and U (unknown), and what is in parentheses one such letter, from within.
# related_resources:
#   - ref: https://docs.tigera.io/calico/latest/reference/resources/networkpolicy#selector
package lib.egress.expression

_key := `[-a-zA-Z0-9_./]+`

_value := `(?:"[^"]*"|'[^']*')`

_comparison := `==|!=|contains|starts\s+with|ends\s+with`

_set := concat("", [`\{\s*(?:`, _value, `(?:\s*,\s*`, _value, `)*)?\s*\}`])

# What an expression is made of. A text in quotes may look like anything, and is taken whole; a single character is what cannot be read.
_token := concat("", [
	`(?:all|global)\(\s*\)|has\(\s*`, _key, `\s*\)|`,
	_key, `\s*(?:`, _comparison, `)\s*`, _value, `|`,
	_key, `\s+(?:not\s+)?in\s*`, _set, `|`,
	`&&|\|\||[!()]|\s+|.`,
])

_has := concat("", [`^has\(\s*(`, _key, `)\s*\)$`])

_compared := concat("", [`^(`, _key, `)\s*(`, _comparison, `)\s*(`, _value, `)$`])

_listed := concat("", [`^(`, _key, `)\s+((?:not\s+)?in)\s*(`, _set, `)$`])

# METADATA
# description: |
#   What an expression says of labels: "yes", "no", or "maybe" where it takes a key whose value is not known (those that begin as one of `hidden`). An empty one is
#   true of all. "invalid" is what cannot be read.
says(text, _, _) := "yes" if trim_space(text) == ""

says(text, labels, hidden) := object.get({"T": "yes", "F": "no", "U": "maybe"}, _sum(_within(_letters(text, labels, hidden))), "invalid") if {
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

_letters(text, labels, hidden) := concat("", [_letter(found[0], labels, hidden) |
	some found in regex.find_all_string_submatch_n(_token, text, -1)
])

_letter(token, _, _) := token if {
	token in {"&&", "||", "!", "(", ")"}
} else := "" if {
	trim_space(token) == ""
} else := "T" if {
	startswith(token, "all(")
} else := "F" if {
	startswith(token, "global(")
}

_letter(token, labels, hidden) := _judged("has", found[1], [], labels, hidden) if {
	found := regex.find_all_string_submatch_n(_has, token, 1)[0]
}

_letter(token, labels, hidden) := _judged(_operator(found[2]), found[1], _values(found[3]), labels, hidden) if {
	some pattern in [_compared, _listed]
	found := regex.find_all_string_submatch_n(pattern, token, 1)[0]
}

_letter(token, _, _) := "?" if {
	not token in {"&&", "||", "!", "(", ")"}
	count(trim_space(token)) == 1
}

_operator(text) := concat(" ", [word[0] | some word in regex.find_all_string_submatch_n(`\S+`, text, -1)])

_values(text) := [substring(quoted[0], 1, count(quoted[0]) - 2) | some quoted in regex.find_all_string_submatch_n(_value, text, -1)]

_judged(operator, key, values, labels, hidden) := "U" if {
	_is_hidden(key, labels, hidden)
} else := "T" if {
	_holds(operator, object.get(labels, key, null), values)
} else := "F"

_is_hidden(key, labels, hidden) if {
	object.get(labels, key, null) == null
	some beginning in hidden
	startswith(key, beginning)
}

_holds("has", value, _) if value != null

_holds("==", value, values) if value == values[0]

_holds("!=", value, values) if value != values[0]

_holds("in", value, values) if value in values

_holds("not in", value, values) if not value in values

_holds("contains", value, values) if contains(value, values[0])

_holds("starts with", value, values) if startswith(value, values[0])

_holds("ends with", value, values) if endswith(value, values[0])

# What is nested deeper than anybody writes cannot be read.
_within(text) := _four(_four(_four(_four(text))))

_four(text) := _settled(_settled(_settled(_settled(text))))

_settled(text) := text if {
	not contains(text, "(")
} else := concat("", [_piece(found[0]) | some found in regex.find_all_string_submatch_n(`\([^()]*\)|.`, text, -1)])

_piece(text) := _sum(trim(text, "()")) if {
	startswith(text, "(")
	endswith(text, ")")
} else := text

_sum(text) := _first({_product(term) | some term in split(text, "||")}, ["?", "T", "U", "F"])

_product(text) := _first({_factor(factor) | some factor in split(text, "&&")}, ["?", "F", "U", "T"])

_first(letters, order) := [letter | some letter in order; letter in letters][0]

_factor(text) := letter if {
	regex.match(`^!*[TFU]$`, text)
	letter := _negated(substring(text, count(text) - 1, 1), (count(text) - 1) % 2)
} else := "?"

_negated(letter, 0) := letter

_negated(letter, 1) := {"T": "F", "F": "T", "U": "U"}[letter]
