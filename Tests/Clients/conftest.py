"""Which servers are tested, and what every test can ask for.

DJANKISERV_BIN  the built program; without it every test fails
ENGINES         the engines to test, "sqlite" unless set, for example "sqlite,memory"; those that are a
                server need scripts/databases around the tests
TARGET          "official" judges the official server instead: a check of these tests themselves
"""

import os
import shutil
import subprocess
from datetime import datetime, timedelta

import pytest

pytest.register_assert_rewrite("device", "hand", "world")

import dump
from device import ClientError, Devices
from hand import Hand
from model import InsaneServer, OneWaySync
from places import scratch
from proxy import Proxy
from server import WITHOUT_SERVER, Djankiserv, Official
from wire import Refused
from world import World

TARGET = os.environ.get("TARGET", "djankiserv")
ENGINES = [name for name in os.environ.get("ENGINES", "sqlite").split(",") if name]
FAILURES = (AssertionError, pytest.fail.Exception, Refused, ClientError, InsaneServer, OneWaySync)
NOT_DURABLE = {"memory"}


def pytest_generate_tests(metafunc):
    if "engine" in metafunc.fixturenames:
        engines = ENGINES if TARGET != "official" else ["official"]
        if metafunc.definition.get_closest_marker("durable"):
            engines = [name for name in engines if name not in NOT_DURABLE]
        if metafunc.definition.get_closest_marker("many_servers"):
            engines = [name for name in engines if name not in WITHOUT_SERVER | {"official"}]
        if metafunc.definition.get_closest_marker("any_engine"):
            engines = engines[:1]
        metafunc.parametrize("engine", engines, scope="session")


def pytest_collection_modifyitems(items):
    if TARGET != "official":
        return
    for item in items:
        wrong = item.get_closest_marker("official_is_wrong")
        if wrong is not None:
            item.add_marker(pytest.mark.xfail(reason=wrong.args[0], raises=FAILURES, strict=not wrong.kwargs))
        if item.get_closest_marker("ours"):
            item.add_marker(pytest.mark.skip(reason="no such thing in the official server"))


def binary():
    path = os.environ.get("DJANKISERV_BIN", "")
    if not os.access(path, os.X_OK):
        pytest.fail(f"DJANKISERV_BIN={path!r} is not a program", pytrace=False)
    return os.path.abspath(path)


@pytest.fixture(scope="session")
def make_server(request):
    """Makes servers (not started) that end with the test run."""
    made = []

    def make(engine, kind=Djankiserv, **settings):
        if engine == "official":
            server = Official(scratch("server"))
        else:
            program = binary()
            server = kind(scratch("server"), program, engine, **settings)
        made.append(server)
        return server

    yield make
    for server in made:
        server.kill()
        shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def servers(make_server):
    """One running server per engine, for all tests that do not harm it."""
    running = {}

    def get(engine):
        server = running.get(engine)
        if server is None or not server.is_running() or server.is_used_up():
            running[engine] = make_server(engine).start()
        return running[engine]

    return get


@pytest.fixture
def server(servers, engine):
    server = servers(engine)
    yield server
    assert server.is_running(), f"the server ended: {server.log_tail()}"


@pytest.fixture
def own_server(make_server, engine):
    """A server for one test, which may stop and kill it."""
    server = make_server(engine).start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def devices():
    devices = Devices()
    yield devices
    devices.end()


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """The folder of an authority and its certificate for this machine, which `trusting` makes clients trust."""
    folder = tmp_path_factory.mktemp("authority")
    command = [binary(), "tls", "init", "--out", str(folder), "localhost", "127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return folder


@pytest.fixture(scope="module")
def trusting(authority):
    """Devices, and whatever else starts meanwhile, that trust the authority; and Python itself."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("SSL_CERT_FILE", "CURL_CA_BUNDLE"):
            patch.setenv(name, str(authority / "authority.pem"))
        devices = Devices()
        yield devices
        devices.end()


@pytest.fixture
def worlds(devices):
    """Makes the world of a new user on a server."""
    made = []

    def make(server):
        made.append(World(server, devices))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(worlds, server):
    return worlds(server)


def learning_day():
    """The day in which a learning step of ten minutes ends, as clients count days."""
    return (datetime.now() + timedelta(minutes=10) - timedelta(hours=4)).date()


@pytest.fixture
def compare(worlds, server, servers):
    """Tells a story on the server under test and on the official one: the outcomes must be equal."""

    def tell(story):
        while True:
            day = learning_day()
            ours = story(worlds(server))
            official = story(worlds(servers("official")))
            # Near the end of a day a learning step becomes one of a day: for both of them, or once more.
            if day == learning_day():
                break
        assert dump.difference(ours, official) == []
        return ours

    return tell


@pytest.fixture
def folder(tmp_path):
    return tmp_path


@pytest.fixture
def hand(world, folder):
    """A hand-made device whose small collection is on the server."""
    return Hand(world, folder)


@pytest.fixture
def proxied(server):
    """A proxy in front of the server under test."""
    proxy = Proxy(server.url)
    yield proxy
    proxy.close()
