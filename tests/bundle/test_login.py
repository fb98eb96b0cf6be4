"""`egress bundle login`, and registries that ask who one is: by a password, or by tokens."""

from __future__ import annotations

import base64
import io
import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from egress_policy.bundle.places import PlaceError, login
from egress_policy.cli import main
from tests.bundle import registries
from tests.bundle.registries import PASSWORD, USER
from tests.bundle.signers import Pair
from tests.bundle.test_places import _publish, _pull, _repository, _signed


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where docker would keep it."""
    folder = tmp_path / "docker"
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    return folder


@pytest.fixture(params=["password", "tokens"])
def guarded(request: pytest.FixtureRequest, tool: Callable[[str], Path], tmp_path: Path) -> Iterator[str]:
    """A registry that asks who one is."""
    folder = tmp_path / "registry"
    folder.mkdir()
    if request.param == "password":
        with registries.registry(tool("registry"), folder, registries.password(folder)) as host:
            yield host
    else:
        with registries.tokens(folder) as asks, registries.registry(tool("registry"), folder, asks) as host:
            yield host


def _login(host: str, password: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    return main(["bundle", "login", host, "--username", USER, "--password-stdin"])


def test_once_logged_in_one_publishes_and_pulls(
    guarded: str,
    home: Path,
    es256: Pair,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    where, signed = _repository(guarded, tmp_path), _signed(tmp_path, es256)
    assert _publish(signed, where, es256) == 2
    assert f"egress bundle login {guarded}" in capsys.readouterr().err
    assert _login(guarded, PASSWORD, monkeypatch) == 0
    assert f"{guarded}: {USER} is known; kept in {home / 'config.json'}" in capsys.readouterr().out
    assert stat.S_IMODE((home / "config.json").stat().st_mode) == 0o600
    assert _publish(signed, where, es256) == 0
    assert _pull(where, es256, tmp_path / "got") == 0


def test_without_logging_in_the_password_may_be_in_a_file(
    guarded: str, home: Path, es256: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    where, signed = _repository(guarded, tmp_path), _signed(tmp_path, es256)
    (tmp_path / "token").write_text(f"{USER}:{PASSWORD}\n")
    assert _publish(signed, where, es256, "--token", str(tmp_path / "token")) == 0
    monkeypatch.setenv("TOKEN", f"{USER}:{PASSWORD}")
    assert _pull(where, es256, tmp_path / "got", "--token", "env:TOKEN") == 0
    assert not home.exists()
    for token, why in (("a-bearer-token", "a registry asks for user:password"), (f"{USER}:wrong", "refuses")):
        monkeypatch.setenv("TOKEN", token)
        assert _pull(where, es256, tmp_path / "got", "--token", "env:TOKEN") == 2
        assert why in capsys.readouterr().err


def test_a_wrong_password_is_not_kept(
    guarded: str, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _login(guarded, "wrong", monkeypatch) == 2
    assert f"{guarded}: refuses" in capsys.readouterr().err
    assert not home.exists()


def test_what_docker_keeps_stays(home: Path) -> None:
    home.mkdir()
    kept = {"auths": {"a.example.com": {"auth": "eDp5"}, "b.example.com": {}}, "HttpHeaders": {"X": "y"}}
    (home / "config.json").write_text(json.dumps(kept))
    login.store("b.example.com", USER, PASSWORD)
    auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    assert json.loads((home / "config.json").read_text()) == {
        **kept, "auths": {"a.example.com": {"auth": "eDp5"}, "b.example.com": {"auth": auth}},
    }  # fmt: skip
    assert login.credentials("b.example.com") == (USER, PASSWORD)
    assert login.credentials("a.example.com") == ("x", "y")
    assert login.credentials("c.example.com") is None


def test_dockers_own_registry_has_its_old_name(home: Path) -> None:
    login.store("docker.io", USER, PASSWORD)
    assert list(json.loads((home / "config.json").read_text())["auths"]) == ["https://index.docker.io/v1/"]
    assert login.credentials("registry-1.docker.io") == (USER, PASSWORD)


_HELPER = """\
#!/bin/sh
cd "$(dirname "$0")"
case $1 in
  store) cat > kept ;;
  get) cat > asked; if [ -f kept ]; then cat kept; else echo "credentials not found in native keychain"; exit 1; fi ;;
esac
"""


@pytest.mark.parametrize("how", [{"credsStore": "test"}, {"credHelpers": {"r.example.com": "test"}}])
def test_a_helper_keeps_it_where_docker_is_told_so(
    how: object, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    (home / "config.json").write_text(json.dumps(how))
    program = tmp_path / "docker-credential-test"
    program.write_text(_HELPER)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert login.credentials("r.example.com") is None
    assert login.store("r.example.com", USER, PASSWORD) == "test"
    assert login.credentials("r.example.com") == (USER, PASSWORD)
    assert (tmp_path / "asked").read_text() == "r.example.com"
    assert json.loads((home / "config.json").read_text()) == how


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "Expecting property name"),
        ("[]", "must be an object"),
        ('{"credsStore": "../../bin/sh"}', "is no name of a credential helper"),
        ('{"credsStore": "not-there-at-all"}', "docker-credential-not-there-at-all"),
        ('{"credsStore": 7}', "is no name of a credential helper"),
        ('{"auths": {"r.example.com": {"auth": "no base64"}}}', "not base64 of user:password"),
        ('{"auths": {"r.example.com": {"auth": "eHh4"}}}', "not base64 of user:password"),
    ],
    ids=["broken", "a list", "a path", "one that is not there", "a number", "no base64", "no colon"],
)
def test_what_cannot_be_read_is_told(text: str, why: str, home: Path) -> None:
    home.mkdir()
    (home / "config.json").write_text(text)
    with pytest.raises(PlaceError, match=r"config\.json|docker-credential") as told:
        login.credentials("r.example.com")
    assert why in str(told.value)


@pytest.mark.parametrize(
    "text", ['{"auths": null}', '{"auths": {"r.example.com": null}}', '{"auths": {"r.example.com": {"auth": 7}}}', "{}"]
)
def test_where_nothing_is_kept(text: str, home: Path) -> None:
    home.mkdir()
    (home / "config.json").write_text(text)
    assert login.credentials("r.example.com") is None


def test_a_password_needs_somebody_to_type_it(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("x\n"))
    assert main(["bundle", "login", "127.0.0.1:1", "--username", USER]) == 2
    assert "no terminal to ask for the password: --password-stdin" in capsys.readouterr().err
    assert _login("127.0.0.1:1", "", monkeypatch) == 2
    assert "the password is empty" in capsys.readouterr().err
    assert not home.exists()
