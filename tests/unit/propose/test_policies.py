"""NetworkPolicies that are there → what is taken over, and what is left out and why. Never more than they allow."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.propose.manifests import policy, service, workload

_FROM = "    # from shop.yaml:7, NetworkPolicy old, spec.egress[0].to[0]\n"
_TCP = "ports: [{port: 443}]"


def _https(cidrs: str, ports: str = "[443]", chosen: str = "{app: web}", evidence: str = _FROM) -> str:
    return f"  https:\n{evidence}    - name: old\n      cidrs: {cidrs}\n      ports: {ports}\n      from: {chosen}\n"


_AUTH = policy("{to: [{podSelector: {matchLabels: {app: auth}}}], ports: [{port: 8080}]}")
_NS = "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: id}}"


def _to(cidr: str, ports: str, pods: str = "{matchLabels: {app: web}}") -> str:
    return policy(f"{{to: [{{ipBlock: {{cidr: {cidr}}}}}], {ports}", pods=pods)


def _service(name: str, namespace: str, labels: str, ports: str = "[8080]", chosen: str = "{app: web}") -> str:
    where = f"      namespace: {namespace}\n      labels: {labels}\n      ports: {ports}\n      from: {chosen}\n"
    return f"  services:\n{_FROM}    - name: {name}\n{where}"


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        pytest.param(
            policy("{to: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 443}]}"),
            _https('["10.0.0.0/8"]'),
            id="a private block stays as it stands",
        ),
        pytest.param(
            policy("{to: [{ipBlock: {cidr: 192.168.0.0/24, except: [192.168.0.0/25]}}], ports: [{port: 443}]}"),
            _https('["192.168.0.128/25"]'),
            id="a block without its exceptions",
        ),
        pytest.param(
            _to("203.0.113.0/24", "ports: [{port: 443, protocol: UDP}, {port: 80, endPort: 90}]}"),
            _https('["203.0.113.0/24"]', "[{protocol: TCP, port: 80, endPort: 90}, {protocol: UDP, port: 443}]"),
            id="protocols and ranges",
        ),
        pytest.param(
            policy("{to: [{ipBlock: {cidr: 203.0.113.0/24}}]}"),
            _https('["203.0.113.0/24"]', '["TO FILL IN"]   # TO FILL IN: ports; the policy allows all'),
            id="no ports",
        ),
        pytest.param(
            _to("203.0.113.0/24", "ports: [{protocol: TCP}]}"),
            _https('["203.0.113.0/24"]', '["TO FILL IN"]   # TO FILL IN: ports; the policy allows all of a protocol'),
            id="a protocol without a port",
        ),
        pytest.param(
            _to("203.0.113.0/24", "ports: [{port: 1, endPort: 65535}]}"),
            _https('["203.0.113.0/24"]', '["TO FILL IN"]   # TO FILL IN: ports; the policy allows half of all or more'),
            id="all ports as a range",
        ),
        pytest.param(
            _to("203.0.113.0/24", "ports: [{port: https}]}"),
            _https('["203.0.113.0/24"]', '["TO FILL IN"]   # TO FILL IN: the number of port https'),
            id="a named port",
        ),
        pytest.param(
            _to("203.0.113.0/24", "ports: [{port: 443}]}", pods="{}"),
            _https('["203.0.113.0/24"]', chosen="{}"),
            id="every pod, as the policy has it",
        ),
        pytest.param(
            _to("203.0.113.0/24", "ports: [{port: 443}]}", pods="{matchExpressions: [{key: a, operator: Exists}]}"),
            _https(
                '["203.0.113.0/24"]',
                chosen='{"TO FILL IN": ""}   # TO FILL IN: labels of the pods; the policy selects them '
                "by matchExpressions, which a model cannot say",
            ),
            id="pods that a model cannot select",
        ),
        pytest.param(
            _to("203.0.113.0/24", "ports: [{port: 443}]}", pods="all"),
            _https(
                '["203.0.113.0/24"]',
                chosen='{"TO FILL IN": ""}   # TO FILL IN: labels of the pods; the policy\'s podSelector is not valid',
            ),
            id="a podSelector that is none is not every pod",
        ),
        pytest.param(
            policy("{to: [{ipBlock: {cidr: 10.1.2.3/32}}], ports: [{port: 5432}]}"),
            f"  databases:\n{_FROM}    - name: old\n      engine: postgresql\n"
            '      cidrs: ["10.1.2.3/32"]\n      from: {app: web}\n',
            id="a database outside, by its port",
        ),
        pytest.param(
            policy("{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 3306}]}", pods="{}"),
            f"  databases:\n{_FROM}    - name: db\n      engine: mysql\n"
            "      namespace: shop\n      labels: {app: db}\n"
            '      from: {"TO FILL IN": ""}   # TO FILL IN: labels of the pods that may; the policy allows every pod\n',
            id="a database that every pod may reach",
        ),
        pytest.param(
            _AUTH,
            _service("auth", "shop", "{app: auth}"),
            id="pods of the namespace",
        ),
        pytest.param(
            policy(f"{{to: [{{{_NS}, podSelector: {{matchLabels: {{app: auth}}}}}}], ports: [{{port: 8080}}]}}"),
            _service("auth", "id", "{app: auth}"),
            id="pods of another namespace",
        ),
        pytest.param(
            policy("{to: [{podSelector: {matchLabels: {app: auth}}}], ports: [{port: web}]}")
            + workload("auth").replace(
                "- name: main", "- name: main\n        ports: [{name: web, containerPort: 8080}]"
            ),
            _service("auth", "shop", "{app: auth}"),
            id="a named port that the pods have",
        ),
        pytest.param(
            _AUTH.replace(
                "podSelector: {matchLabels: {app: auth",
                "namespaceSelector: {matchLabels: {team: id}}, podSelector: {matchLabels: {app: auth",
            ),
            _service(
                "auth",
                '"TO FILL IN"   # TO FILL IN: the namespace of the pods; only a selector by '
                "kubernetes.io/metadata.name names one",
                "{app: auth}",
            ),
            id="a namespace that is not named",
        ),
        pytest.param(
            policy(f"{{to: [{{{_NS}}}], ports: [{{port: 8080}}]}}"),
            _service(
                "id",
                "id",
                '{"TO FILL IN": ""}   # TO FILL IN: labels of the pods; the policy selects all, or by '
                "matchExpressions, which a model cannot say",
            ),
            id="all pods of a namespace",
        ),
        pytest.param(
            _AUTH + workload("web", "name: A, value: 'http://auth'") + service("auth"),
            "  services:\n    # from shop.yaml:20, Deployment web, env A\n"
            "    # from shop.yaml:7, NetworkPolicy old, spec.egress[0].to[0]\n    - name: auth\n      namespace: shop\n"
            "      labels: {app: auth}\n      ports: [8080]\n      from: {app: web}\n",
            id="what a variable says as well is one entry",
        ),
        pytest.param(
            policy("{to: [{ipBlock: {cidr: 169.254.169.252/30, except: [169.254.169.254/31]}}], ports: [{port: 80}]}"),
            _https('["169.254.169.252/31"]', "[80]"),
            id="cloud metadata that is excepted",
        ),
        pytest.param(
            policy("{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}", more="  policyTypes: [Ingress]\n") + workload("a"),
            "",
            id="no policy for egress",
        ),
    ],
)
def test_taken_over(entries: Callable[[str], str], manifests: str, expected: str) -> None:
    assert entries(manifests) == expected


def _halves(*cidrs: str) -> str:
    peers = ", ".join(f"{{ipBlock: {{cidr: '{one}'}}}}" for one in cidrs)
    return policy(f"{{to: [{peers}], {_TCP}}}")


_RULE = "Left out:\nshop.yaml:7, NetworkPolicy old, spec.egress[0]: "
_PEER = "Left out:\nshop.yaml:7, NetworkPolicy old, spec.egress[0].to[0]: "
_IPV4 = "is open: its blocks hold more public addresses than one /8 of IPv4; write those that are meant"
_NO_TO = "is open: it has no `to`, which is every destination; name the destinations that are meant"
_DNS = (
    "is open on the ports of DNS: it has no `to`, which is every destination; "
    "spec.dns lets the resolver of the cluster be asked"
)
_IPV6 = "is open: its blocks hold more public addresses than one /19 of IPv6; write those that are meant"


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        pytest.param(policy("{}"), _RULE + _NO_TO, id="a rule that allows all"),
        pytest.param(policy("{ports: [{port: 443}], to: []}"), _RULE + _NO_TO, id="an empty `to`"),
        pytest.param(_halves("0.0.0.0/0"), _RULE + _IPV4, id="all of IPv4"),
        pytest.param(_halves("0.0.0.0/1", "128.0.0.0/1"), _RULE + _IPV4, id="all of IPv4 in halves"),
        pytest.param(
            _halves(*[f"{one}.0.0.0/8" for one in range(256) if one != 169]),
            _RULE + _IPV4,
            id="all of IPv4 in 255 blocks",
        ),
        pytest.param(_halves("::/0"), _RULE + _IPV6, id="all of IPv6"),
        pytest.param(_halves("64:ff9b::/96"), _RULE + _IPV4, id="all of IPv4 inside IPv6"),
        pytest.param(
            _halves("::ffff:0.0.0.0/97", "::ffff:128.0.0.0/97"), _RULE + _IPV4, id="all of IPv4 mapped, in halves"
        ),
        pytest.param(
            _halves("169.254.0.0/16"),
            _PEER + "169.254.0.0/16 holds the address of cloud metadata",
            id="cloud metadata",
        ),
        pytest.param(_halves("10.0.0.1/8"), _PEER + "10.0.0.1/8 is no block, as in 192.0.2.0/24", id="host bits"),
        pytest.param(_halves("010.0.0.0/8"), _PEER + "010.0.0.0/8 is no block, as in 192.0.2.0/24", id="leading zeros"),
        pytest.param(_halves("10.0.0.1"), _PEER + "10.0.0.1 is no block, as in 192.0.2.0/24", id="no length"),
        pytest.param(
            policy("{to: [{ipBlock: {cidr: 10.0.0.0/24, except: [10.0.0.0/24]}}]}"),
            _PEER + "its exceptions leave nothing of it",
            id="nothing left",
        ),
        pytest.param(
            policy("{to: [{ipBlock: {cidr: 10.0.0.0/8, except: " + str([f"10.0.{n}.1/32" for n in range(50)]) + "}}]}"),
            _PEER + "its exceptions cut it into more than 64 blocks",
            id="many exceptions",
        ),
        pytest.param(
            policy(
                f"{{to: [{{ipBlock: {{cidr: 20.0.0.0/8}}}}], {_TCP}}}",
                f"{{to: [{{ipBlock: {{cidr: 21.0.0.0/8}}}}], {_TCP}}}",
            ),
            "Left out:\nshop.yaml:8, NetworkPolicy old, spec.egress[1]: would be open with the rules before it: "
            "together they hold more public addresses than one /8 of IPv4; write the blocks that are meant",
            id="wide blocks over several rules",
        ),
        pytest.param(
            policy("{to: [{namespaceSelector: {}}]}"),
            _PEER + "is open: every pod of namespaces that it does not name; name the Services that are meant",
            id="every pod of every namespace",
        ),
        pytest.param(
            policy("{to: [{}]}"),
            _PEER + "selects nothing: a peer needs a podSelector, a namespaceSelector or an ipBlock",
            id="an empty peer",
        ),
        pytest.param(
            policy("{ports: [{port: 53, protocol: UDP}]}"),
            _RULE + _DNS,
            id="DNS to everywhere",
        ),
        pytest.param(
            policy("{to: [{ipBlock: {cidr: 8.8.8.8/32}}], ports: [{port: 53, protocol: UDP}]}"),
            _RULE + "asks resolvers of its own on port 53; write them under spec.dns if they are meant",
            id="DNS to other resolvers",
        ),
    ],
)
def test_left_out(notes: Callable[[str], str], entries: Callable[[str], str], manifests: str, expected: str) -> None:
    assert notes(manifests) == expected
    assert entries(manifests).count("- name:") == (1 if "before it" in expected else 0)


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        pytest.param(_NS.replace("id}", "kube-system}"), "kube-dns", id="kube-system"),
        pytest.param(
            "namespaceSelector: {}, podSelector: {matchLabels: {k8s-app: kube-dns}}", "kube-dns", id="kube-dns"
        ),
        pytest.param("ipBlock: {cidr: 169.254.20.10/32}", "node-local", id="the node's resolver"),
        pytest.param(_NS.replace("id}", "openshift-dns}"), "openshift", id="OpenShift"),
    ],
)
def test_dns(proposed: Callable[[str], str], peer: str, expected: str) -> None:
    text = proposed(policy(f"{{to: [{{{peer}}}], ports: [{{port: 53, protocol: UDP}}]}}"))
    assert text.partition("[shop]\n")[2] == (
        f"  # from shop.yaml:7, NetworkPolicy old, spec.egress[0]\n  dns:\n    preset: {expected}\n"
    )
