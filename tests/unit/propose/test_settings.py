"""What workloads are told → entries of the model, each with where it comes from."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.propose.manifests import config, service, value, workload

_KEY = "name: URL, valueFrom: {{{kind}KeyRef: {{name: {name}, key: url}}}}"
_POSTGRES = service("db", "[{port: 5432}]")
_DB = """\
  databases:
    # from shop.yaml:12, Deployment web, {what}
    - name: {name}
      engine: {engine}
{port}      namespace: {namespace}
      labels: {{app: {name}}}
      from: {{app: web}}
"""
_SERVICE = """\
  services:
    # from shop.yaml:12, Deployment web, {what}
    - name: {name}
      namespace: {namespace}
      labels: {labels}
      ports: {ports}
      from: {{app: web}}
"""
_FILL_IN_PORTS = '["TO FILL IN"]   # TO FILL IN: '
_NO_SELECTOR = (
    '{{"TO FILL IN": ""}}   # TO FILL IN: labels of the pods of Service {} in namespace shop, which has no selector; '
    "name the pods, or the addresses, behind it; 80 is the Service's port, that of the pods may be another"
)
_PORTS = "ports: [{{name: pg, containerPort: {}}}]"
_NOT_KNOWN = "Not known:\nshop.yaml:12, Deployment web, "
_HTTPS = """\
  https:
    # from shop.yaml:12, Deployment web, {what}
    - name: {name}
      cidrs: {cidrs}
      ports: {ports}
      from: {{app: web}}
"""


def _db(what: str, engine: str = "postgresql", *, port: int = 0, name: str = "db", namespace: str = "shop") -> str:
    written = f"      port: {port}\n" if port else ""
    return _DB.format(what=what, engine=engine, port=written, name=name, namespace=namespace)


def _service(
    what: str, name: str = "auth", *, namespace: str = "shop", labels: str = "{app: auth}", ports: str = "[8080]"
) -> str:
    return _SERVICE.format(what=what, name=name, namespace=namespace, labels=labels, ports=ports)


def _https(what: str, name: str, cidrs: str = "", ports: str = "[443]", host: str = "") -> str:
    blocks = cidrs or f"[]   # TO FILL IN: addresses of {host or name.replace('-', '.')}"
    return _HTTPS.format(what=what, name=name, cidrs=blocks, ports=ports)


def _unknown(name: str, namespace: str = "shop", port: int = 0) -> str:
    asked = f"; {port} is the Service's port, that of the pods may be another" if port else ""
    why = f"labels of the pods of Service {name} in namespace {namespace}, which is not in the manifests{asked}"
    return f'{{"TO FILL IN": ""}}   # TO FILL IN: {why}'


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        pytest.param(
            workload("web", value("DATABASE_URL", "postgres://shop:hunter2@db:5432/shop?sslmode=off")) + _POSTGRES,
            _db("env DATABASE_URL"),
            id="a connection string names a Service of the namespace",
        ),
        pytest.param(
            workload("web", value("A", "jdbc:postgresql://db/shop")) + _POSTGRES,
            _db("env A"),
            id="JDBC, with the engine's port",
        ),
        pytest.param(
            workload("web", value("A", "postgresql+asyncpg://u:p@db/x")) + _POSTGRES,
            _db("env A"),
            id="a driver is part of the scheme",
        ),
        pytest.param(
            workload("web", value("A", "jdbc:mysql://db:3306/x?user=a&password=b")) + service("db", "[{port: 3306}]"),
            _db("env A", "mysql"),
            id="MySQL over JDBC",
        ),
        pytest.param(
            workload("web", value("DSN", "u:p@tcp(db:3306)/x?parseTime=true")) + service("db", "[{port: 3306}]"),
            _db("env DSN", "mysql"),
            id="MySQL as Go writes it",
        ),
        pytest.param(
            workload("web", value("CACHE", "rediss://:secret@db:6380/0")) + service("db", "[{port: 6380}]"),
            _db("env CACHE", "redis", port=6380),
            id="Redis over TLS on a port of its own",
        ),
        pytest.param(
            workload("web", value("DB_HOST", "db"), value("DB_PORT", "5433"))
            + service("db", "[{port: 5433, targetPort: 5432}]"),
            _db("env DB_HOST"),
            id="host and port in two variables, and the port of the pods",
        ),
        pytest.param(
            workload("web", value("PGHOST", "db"), value("PGPORT", "5432"))
            + service("db", "[{port: 5432}, {port: 80}]"),
            _db("env PGHOST"),
            id="host and port as libpq calls them",
        ),
        pytest.param(
            workload("web", value("REDIS_ADDR", "db:6379")) + service("db", "[{port: 6379}]"),
            _db("env REDIS_ADDR", "redis"),
            id="host:port",
        ),
        pytest.param(
            workload("web", value("ANYTHING", "db:6379")) + service("db", "[{port: 6379}]"),
            _db("env ANYTHING", "redis"),
            id="host:port of a Service that is there needs no telling name",
        ),
        pytest.param(
            workload("web", value("TYPE", "db")) + _POSTGRES,
            "",
            id="a word that happens to be a Service's name is no destination",
        ),
        pytest.param(
            workload("web", value("A", "db.data:5432")) + service("db", "[{port: 5432}]", "data"),
            _db("env A", namespace="data"),
            id="service.namespace",
        ),
        pytest.param(
            workload("web", value("A", "auth.identity.svc")) + service("auth", namespace="identity"),
            _service("env A", namespace="identity"),
            id="service.namespace.svc, and its only port",
        ),
        pytest.param(
            workload("web", value("A", "http://auth.identity.svc.cluster.local/login"))
            + service("auth", namespace="identity"),
            _service("env A", namespace="identity"),
            id="the whole name",
        ),
        pytest.param(
            workload("web", value("A", "http://AUTH.Identity.SVC.cluster.local./"))
            + service("auth", namespace="identity"),
            _service("env A", namespace="identity"),
            id="capitals, and a dot at the end",
        ),
        pytest.param(
            workload("web", value("A", "http://auth:80")) + service("auth", more=", clusterIP: None"),
            _service("env A", ports="[80]"),
            id="a headless Service translates no ports",
        ),
        pytest.param(
            workload("web", value("A", "http://auth-0.auth:9000")) + service("auth", more=", clusterIP: None"),
            _service("env A", ports="[9000]"),
            id="one pod of a headless Service",
        ),
        pytest.param(
            workload("web", value("A", "http://10.96.7.7")) + service("auth", more=", clusterIP: 10.96.7.7"),
            _service("env A"),
            id="the address of a Service that is there",
        ),
        pytest.param(
            workload("web", value("A", "http://auth:81")) + service("auth"),
            _service("env A", ports=_FILL_IN_PORTS + "the pods' port (port 81? Service auth has 80)"),
            id="a port that the Service does not have",
        ),
        pytest.param(
            workload("web", value("AUTH_HOST", "auth")) + service("auth", "[{port: 80}, {port: 81}]"),
            _service("env AUTH_HOST", ports=_FILL_IN_PORTS + "the pods' port (which port? Service auth has 80, 81)"),
            id="no port, and several to choose from",
        ),
        pytest.param(
            workload("web", value("A", "http://auth")) + service("auth", "[{port: 80, targetPort: web}]"),
            _service(
                "env A",
                ports=_FILL_IN_PORTS + "the number of the port that is named web in the pods of Service auth",
            ),
            id="a named port that no pod has",
        ),
        pytest.param(
            workload("web", value("A", "http://auth"))
            + service("auth", "[{port: 80, targetPort: web}]")
            + workload("auth", kind="StatefulSet").replace(
                "- name: main", "- name: main\n        ports: [{name: web, containerPort: 9}]"
            ),
            _service("env A", ports="[9]"),
            id="a named port, as the pods have it",
        ),
        pytest.param(
            workload("web", value("A", "postgres://db"))
            + service("db", "[{port: 5432, targetPort: pg}]")
            + workload("a", labels="{app: db}").replace("- name: main", f"- name: main\n        {_PORTS.format(5432)}")
            + workload("b", labels="{app: db}").replace("- name: main", f"- name: main\n        {_PORTS.format(5433)}"),
            _db("env A")
            + _db("env A", port=5433).replace("  databases:\n", "").replace(": db\n", ": db-from-web\n", 1),
            id="a database whose pods do not agree on the port",
        ),
        pytest.param(
            workload("web", value("A", "udp://auth:53")) + service("auth", "[{port: 53}, {port: 53, protocol: UDP}]"),
            _service("env A", ports="[{protocol: UDP, port: 53}]"),
            id="one number in two protocols",
        ),
        pytest.param(
            workload("web", value("A", "http://auth")) + service("auth", more=", selector: {}"),
            _service(
                "env A",
                labels=_NO_SELECTOR.format("auth"),
                ports="[80]",
            ),
            id="an empty selector selects nothing, and is never taken for everything",
        ),
        pytest.param(
            workload("web", value("A", "http://auth")) + service("auth", more=", selector: {app: auth, 'a b': c}"),
            _service(
                "env A",
                labels=_NO_SELECTOR.format("auth"),
                ports="[80]",
            ),
            id="a selector with a label that cannot be is not taken without it",
        ),
        pytest.param(
            workload("web", value("A", "http://auth:80")),
            _service("env A", labels=_unknown("auth", port=80), ports="[80]"),
            id="a Service that is not in the manifests",
        ),
        pytest.param(
            workload("web", value("API_URL", "https://api.stripe.com/v1/charges")),
            _https("env API_URL", "api-stripe-com"),
            id="a host outside, whose addresses nobody looks up",
        ),
        pytest.param(
            workload("web", value("A", "https://user:word@API.Stripe.com:8443")),
            _https("env A", "api-stripe-com", ports="[8443]"),
            id="userinfo and capitals go",
        ),
        pytest.param(
            workload("web", value("A", "amqps://mq.example.com")),
            _https("env A", "mq-example-com", ports="[5671]"),
            id="a queue outside, with the scheme's port",
        ),
        pytest.param(
            workload("web", value("SMTP_SERVER", "mail.example.com")),
            _https("env SMTP_SERVER", "mail-example-com", ports=_FILL_IN_PORTS + "the port of mail.example.com"),
            id="a host outside without a port",
        ),
        pytest.param(
            workload("web", value("A", "https://203.0.113.7")),
            _https("env A", '"203-0-113-7"', '["203.0.113.7/32"]'),
            id="an address is a block of one",
        ),
        pytest.param(
            workload("web", value("A", "https://[2001:db8::7]:8443")),
            _https("env A", '"2001-db8-7"', '["2001:db8::7/128"]', "[8443]"),
            id="IPv6",
        ),
        pytest.param(
            workload("web", value("A", "http://pay"))
            + service("pay", "[]", more=", type: ExternalName, externalName: pay.example.com"),
            _https("env A", "pay-example-com", ports="[80]"),
            id="an ExternalName is a host outside",
        ),
        pytest.param(
            workload("web", value("A", "http://a"))
            + service("a", "[]", more=", type: ExternalName, externalName: auth.identity.svc.cluster.local")
            + service("auth", namespace="identity"),
            _service("env A", namespace="identity"),
            id="an ExternalName that leads back into the cluster",
        ),
        pytest.param(
            workload("web", value("A", "http://a"))
            + service("a", "[]", more=", type: ExternalName, externalName: a.shop.svc.cluster.local"),
            _service(
                "env A",
                "a",
                labels=_NO_SELECTOR.format("a"),
                ports="[80]",
            ),
            id="an ExternalName that leads to itself",
        ),
        pytest.param(
            workload("web", _KEY.format(kind="configMap", name="c")) + config("c", url="postgres://db") + _POSTGRES,
            _db("env URL from ConfigMap c, key url"),
            id="from a ConfigMap",
        ),
        pytest.param(
            workload("web", _KEY.format(kind="secret", name="s"))
            + config("s", "Secret", url="cG9zdGdyZXM6Ly91OnBAZGI=")
            + _POSTGRES,
            _db("env URL from Secret s, key url"),
            id="from a Secret",
        ),
        pytest.param(
            workload("web", _KEY.format(kind="secret", name="s"))
            + config("s", "Secret", "stringData", url="postgres://u:p@db")
            + _POSTGRES,
            _db("env URL from Secret s, key url"),
            id="from a Secret as text",
        ),
        pytest.param(
            workload("web", "name: DATABASE_URL, valueFrom: {secretKeyRef: {name: s, key: url}}"),
            "  databases:\n"
            "    # from shop.yaml:12, Deployment web, env DATABASE_URL from Secret s, key url\n"
            "    - name: database-url\n"
            '      port: "TO FILL IN"   # TO FILL IN: the port of DATABASE_URL\n'
            '      cidrs: ["TO FILL IN"]   # TO FILL IN: where it is: Secret s is not in the manifests; '
            "or its namespace and labels\n"
            "      from: {app: web}\n",
            id="a database whose Secret is not in the manifests",
        ),
        pytest.param(
            workload("web", value("H", "db"), value("URL", "postgres://u:$(PW)@$(H):5432/x")) + _POSTGRES,
            _db("env URL").replace(":12,", ":13,"),
            id="references to earlier variables are filled in",
        ),
        pytest.param(
            workload(
                "web",
                value("HOST", "0.0.0.0"),  # noqa: S104  # it is not bound to
                value("A", "http://localhost:8080"),
                value("B_URL", "http://127.0.0.1"),
                value("LISTEN_ADDR", "shop.example.com:80"),
                value("C_URL", "http://[::1]:9"),
            ),
            "",
            id="where a process listens is no destination",
        ),
        pytest.param(
            workload(
                "web",
                value("DEBUG_SERVER", "false"),
                value("A_HOST", "none"),
                value("B_HOST", "12"),
                value("C_URL", ""),
            ),
            "",
            id="words that are no host",
        ),
        pytest.param(
            workload("web", value("API_TOKEN", "https://token.example.com"), value("DB_PASSWORD", "db:5432"))
            + _POSTGRES,
            "",
            id="what is a secret by its name is not looked at",
        ),
        pytest.param(
            workload("web", value("MONGO", "mongodb://u:p@m-0.m,m-1.m:27018/x"))
            + service("m", "[]", more=", clusterIP: None"),
            "  databases:\n"
            "    # from shop.yaml:12, Deployment web, env MONGO\n"
            "    - name: m\n"
            "      port: 27017\n"
            "      namespace: shop\n"
            "      labels: {app: m}\n"
            "      from: {app: web}\n"
            "    # from shop.yaml:12, Deployment web, env MONGO\n"
            "    - name: m-from-web\n"
            "      port: 27018\n"
            "      namespace: shop\n"
            "      labels: {app: m}\n"
            "      from: {app: web}\n",
            id="several hosts, of an engine that a model does not know",
        ),
        pytest.param(
            workload("web", value("A_URLS", "http://auth,http://auth.shop:80/x , https://api.example.com"))
            + service("auth"),
            _https("env A_URLS", "api-example-com") + _service("env A_URLS"),
            id="a list of URLs",
        ),
        pytest.param(
            workload("web", value("A", "postgres://db.example.com/x"), value("B", "postgres://db.example.com:5433/x")),
            "  databases:\n"
            "    # from shop.yaml:12, Deployment web, env A\n"
            "    - name: db-example-com\n"
            "      engine: postgresql\n"
            '      cidrs: ["TO FILL IN"]   # TO FILL IN: addresses of db.example.com\n'
            "      from: {app: web}\n"
            "    # from shop.yaml:13, Deployment web, env B\n"
            "    - name: db-example-com-from-web\n"
            "      engine: postgresql\n"
            "      port: 5433\n"
            '      cidrs: ["TO FILL IN"]   # TO FILL IN: addresses of db.example.com\n'
            "      from: {app: web}\n",
            id="a database outside, on two ports",
        ),
    ],
)
def test_variables(entries: Callable[[str], str], manifests: str, expected: str) -> None:
    assert entries(manifests) == expected


@pytest.mark.parametrize(
    ("more", "others", "expected"),
    [
        pytest.param(
            "        envFrom: [{configMapRef: {name: c}}]\n",
            config("c", AUTH_URL="http://auth"),
            "env AUTH_URL from ConfigMap c",
            id="a whole ConfigMap",
        ),
        pytest.param(
            "        envFrom: [{secretRef: {name: s}, prefix: P_}]\n",
            config("s", "Secret", "stringData", URL="http://auth"),
            "env P_URL from Secret s",
            id="a whole Secret with a prefix",
        ),
        pytest.param("        args: ['--auth=http://auth:80']\n", "", "args[0]", id="an argument"),
        pytest.param("        args: ['--auth-server', 'auth']\n", "", "args[1]", id="an argument after its flag"),
        pytest.param("        command: [sh, -c, 'wget -q auth:80/x || exit 1']\n", "", "command[2]", id="a script"),
        pytest.param(
            "        command: [sh, -c, 'wget http://$A:80']\n", "", "command[2]", id="a script with a variable"
        ),
        pytest.param(
            "      volumes: [{name: c, configMap: {name: c}}]\n",
            config("c", app__yaml="url: http://auth/ # here"),
            "file app.yaml of ConfigMap c",
            id="a file",
        ),
        pytest.param(
            "      volumes: [{name: c, projected: {sources: [{secret: {name: c}}]}}]\n",
            config("c", "Secret", "stringData", app="url: http://u:p@auth/"),
            "file app of Secret c",
            id="a projected Secret",
        ),
        pytest.param(
            "      volumes: [{name: c, secret: {secretName: c}}]\n",
            config("c", "Secret", "stringData", secrets__yaml="url: http://auth/", password="https://pw.example.com"),  # noqa: S106
            "file secrets.yaml of Secret c",
            id="a file of secrets, but not one that is a secret",
        ),
    ],
)
def test_other_settings(entries: Callable[[str], str], more: str, others: str, expected: str) -> None:
    manifests = workload("web", "name: A, value: auth", extra=more) + service("auth") + others
    assert entries(manifests) == _service(expected).replace(":12,", ":13,")


@pytest.mark.parametrize(
    ("manifests", "expected"),
    [
        pytest.param(
            workload("web", value("A", "postgres://user:12/34@db:5432/x")),
            f"{_NOT_KNOWN}env A: its user and password hold characters that must be percent-encoded, "
            "so that the host cannot be told safely",
            id="a password that looks like a port",
        ),
        pytest.param(
            workload("web", value("A_URL", "http://$(GONE):80")),
            f"{_NOT_KNOWN}env A_URL: its host is filled in only when it runs",
            id="a host to come",
        ),
        pytest.param(
            workload("web", value("CONNECTION_STRING", "host=db password=pw.example")),
            f"{_NOT_KNOWN}env CONNECTION_STRING: it is neither a URL nor a list of hosts",
            id="keys and values are not read: one of them is a password",
        ),
        pytest.param(
            workload("web", "name: A_URL, valueFrom: {configMapKeyRef: {name: c, key: url}}"),
            f"{_NOT_KNOWN}env A_URL from ConfigMap c, key url: ConfigMap c is not in the manifests",
            id="a ConfigMap that is not there",
        ),
        pytest.param(
            workload("web", "name: A_URL, valueFrom: {secretKeyRef: {name: s, key: url}}")
            + config("s", "Secret", url="%%"),
            f"{_NOT_KNOWN}env A_URL from Secret s, key url: Secret s has no text under the key url",
            id="a Secret that is no base64",
        ),
        pytest.param(
            workload("web", extra="        envFrom: [{secretRef: {name: s}}]\n"),
            "Not known:\nshop.yaml:13, Deployment web, envFrom: Secret s is not in the manifests",
            id="a whole Secret that is not there",
        ),
        pytest.param(
            workload("web", "name: AGENT_HOST, valueFrom: {fieldRef: {fieldPath: status.hostIP}}"),
            f"{_NOT_KNOWN}env AGENT_HOST: it is known only when the pod runs (valueFrom)",
            id="the node's address",
        ),
        pytest.param(
            workload("web", value("A", "http://169.254.169.254/latest")),
            "Left out:\nshop.yaml:12, Deployment web, env A: 169.254.169.254 is the node's own, such as cloud metadata",
            id="cloud metadata is never proposed",
        ),
        pytest.param(
            workload("web", value("A", "http://auth"), extra="      hostNetwork: true\n"),
            "Left out:\nshop.yaml:1, Deployment web: is on the host's network, which no NetworkPolicy holds",
            id="pods on the host's network",
        ),
        pytest.param(workload("web", value("MAIL", "shop@example.com")), "", id="an e-mail address is no riddle"),
    ],
)
def test_notes(notes: Callable[[str], str], manifests: str, expected: str) -> None:
    assert notes(manifests) == expected
