"""The add-on for Anki 2.1.0 to 2.1.56: its parts, its archive, and whole old Ankis that sync by it."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import versions
from device import Worker
from places import scratch

pytestmark = pytest.mark.any_engine
ADDON = Path(__file__).parents[2] / "Addon"
sys.path.insert(0, str(ADDON))
sys.dont_write_bytecode = True

import build
from djankiserv import addresses, profiles, redirection

NORMAL = {
    "": "",
    "  ": "",
    "http://h": "http://h/",
    " http://h/ ": "http://h/",
    "HTTP://h:27701": "http://h:27701/",
    "https://h/sync": "https://h/",
    "https://h/sync/": "https://h/",
    "http://h/msync/": "http://h/",
    "http://h//sync//msync/": "http://h/",
    "http://h/djs": "http://h/djs/",
    "http://h/a//b/sync/?x=1#y": "http://h/a/b/",
    "http://h/synchronised": "http://h/synchronised/",
    "http://[::1]:27701": "http://[::1]:27701/",
    "https://user:pass@h/": "https://user:pass@h/",
    "http://h/100%25": "http://h/100%25/",
    "http://müller.example": "http://müller.example/",
}
WRONG = [
    "h", "h:27701", "localhost:27701", "ftp://h", "http:h", "http://", "http:///sync/", "http://:27701", "http://h:0",
    "http://h:port", "http://h:65536", "http://[::1", "http://h h", "http://h\\sync", "javascript:alert(1)",
]  # fmt: skip


@pytest.mark.parametrize("typed", NORMAL)
def test_an_address_gets_its_normal_form_once_and_for_all(typed):
    normal = addresses.normalise(typed)
    assert normal == NORMAL[typed]
    assert addresses.normalise(normal) == normal


@pytest.mark.parametrize("typed", WRONG)
def test_what_cannot_be_an_address_is_refused_with_a_reason(typed):
    with pytest.raises(addresses.AddressError, match="[a-z]{3}"):
        addresses.normalise(typed)


def test_the_environment_names_both_groups():
    assert addresses.variables("http://h/djs/") == {
        "SYNC_ENDPOINT": "http://h/djs/sync/",
        "SYNC_ENDPOINT_MEDIA": "http://h/djs/msync/",
    }


def test_another_address_logs_the_profile_out_and_the_same_one_does_not():
    profile = {"syncKey": "key", "hostNum": 7, "other": 1}
    assert profiles.address(profile) == profiles.address(None) == profiles.address({}) == ""
    assert profiles.set_address(profile, "http://h/")
    assert profile == {"syncKey": None, "other": 1, profiles.KEY: "http://h/"}
    profile["syncKey"] = "another"
    assert not profiles.set_address(profile, "http://h/")
    assert profile["syncKey"] == "another"
    assert profiles.set_address(profile, "")
    assert profile == {"syncKey": None, "other": 1}


def test_the_constant_is_the_address_of_the_profile_that_is_open():
    profile = {}
    base = redirection.Base("https://sync%s.example/", lambda: profiles.address(profile))
    assert (base % "", f"{base % 5}msync/") == ("https://sync.example/", "https://sync5.example/msync/")
    profile[profiles.KEY] = "http://h/100%25/"
    assert (base % "", f"{base % 5}msync/") == ("http://h/100%25/", "http://h/100%25/msync/")


def test_the_environment_goes_back_to_what_it_was(monkeypatch):
    monkeypatch.setenv("SYNC_ENDPOINT", "http://own/sync/")
    monkeypatch.delenv("SYNC_ENDPOINT_MEDIA", raising=False)
    profile = {profiles.KEY: "http://h/"}
    redirected = redirection.Environment(lambda: profiles.address(profile))
    redirected.update()
    assert (os.environ["SYNC_ENDPOINT"], os.environ["SYNC_ENDPOINT_MEDIA"]) == ("http://h/sync/", "http://h/msync/")
    profile.clear()
    redirected.update()
    assert os.environ["SYNC_ENDPOINT"] == "http://own/sync/" and "SYNC_ENDPOINT_MEDIA" not in os.environ


def test_the_archive_is_the_same_each_time_and_holds_sources_alone(folder):
    build.build(folder / "one.ankiaddon")
    subprocess.run([sys.executable, ADDON / "build.py", folder / "two.ankiaddon"], check=True)
    assert (folder / "one.ankiaddon").read_bytes() == (folder / "two.ankiaddon").read_bytes()
    with zipfile.ZipFile(folder / "one.ankiaddon") as archive:
        names = archive.namelist()
        manifest = json.loads(archive.read("manifest.json"))
    assert {"LICENSE", "__init__.py", "manifest.json"} < set(names)
    assert all("/" not in name and Path(name).suffix in ("", ".py", ".json") for name in names)
    assert manifest["package"] == "djankiserv" and manifest["max_point_version"] == -56


class Desktop:
    """An old Anki with the add-on in a base folder of its own."""

    def __init__(self, version, addon):
        self.version, self.base, self.worker = version, scratch("desktop"), None
        os.chmod(self.base, 0o700)
        self.start()
        assert self("install", str(addon)) == "InstallOk"
        self.restart()

    def start(self):
        self.worker = Worker("gui_driver.py", versions.python(self.version, windows=True))
        self("start", self.base)

    def restart(self):
        self("end")
        self.worker.end()
        self.start()

    def __call__(self, operation, *arguments):
        return self.worker.call(operation, arguments, {})


@pytest.fixture
def desktop(folder):
    addon = folder / "djankiserv.ankiaddon"
    build.build(addon)
    made = []

    def make(version):
        made.append(Desktop(version, addon))
        return made[-1]

    yield make
    for one in made:
        one.worker.end()
        shutil.rmtree(one.base, ignore_errors=True)


@pytest.mark.parametrize("version", versions.with_windows())
def test_an_old_anki_syncs_through_the_address_that_the_addon_sets(version, server, desktop):
    user = server.add_user()
    a = desktop(version)
    shown = a("choose", "localhost:27701", server.url.rstrip("/") + "/sync")
    assert any("http://" in text for text in shown)
    assert a("profile")["djankiservAddress"] == server.url
    a("add_note", "by the desktop")
    a("write_file", "one.txt", "1")
    shown = a("sync", user.name, user.password)
    assert a("profile")["syncKey"], shown
    b = desktop(version)
    b("choose", server.url)
    b("sync", user.name, user.password, "Download")
    assert b("fronts") == ["by the desktop"]
    b("sync", user.name, user.password)
    assert b("files") == ["one.txt"]
    # Started again it needs no telling.
    b("add_note", "by the other one")
    b.restart()
    b("sync", user.name, user.password)
    a("sync", user.name, user.password)
    assert a("fronts") == ["by the desktop", "by the other one"]
    # Back to AnkiWeb: the key of this server stays here.
    a("choose", "")
    assert a("profile") == {"djankiservAddress": None, "syncKey": None, "syncUser": user.name}
