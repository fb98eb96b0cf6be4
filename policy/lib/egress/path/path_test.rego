package lib.egress.path_test

import data.lib.egress.path

test_writes_a_field_below[name] if {
	some name, row in {
		"a word": {"key": "spec", "expected": "a.spec"},
		"digits, underscores and hyphens": {"key": "a_b-1", "expected": "a.a_b-1"},
		"a dot, which would look like two fields": {"key": "b.c", "expected": `a["b.c"]`},
		"a slash": {"key": "k8s.io/b", "expected": `a["k8s.io/b"]`},
		"a bracket": {"key": "b[0]", "expected": `a["b[0]"]`},
		"a quote, which is escaped": {"key": `b"c`, "expected": `a["b\"c"]`},
		"nothing at all": {"key": "", "expected": `a[""]`},
		"a line break": {"key": "b\n", "expected": `a["b\n"]`},
	}
	path.field("a", row.key) == row.expected
}
