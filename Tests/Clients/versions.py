"""The versions of Anki that tests run besides the current one, each in a virtual environment of its own.

    python versions.py quick|all|VERSION...   installs those that are missing, and prints what cannot be
"""

import glob
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = Path(os.environ.get("CLIENTS_FOLDER", HERE.parent.parent / ".venv" / "clients"))
CURRENT = "26.9.3"

# Those before 2.1.57 speak protocol 10 (sync-protocol.md 11). 2.1.28 is not among them: whatever a server does, it
# ignores what changes about a card without a new `mod`, such as a flag.
ALL = [
    "2.1.26", "2.1.35", "2.1.40", "2.1.44", "2.1.49", "2.1.54", "2.1.56", "2.1.58", "2.1.66",
    "23.10.1", "24.06.3", "25.02.7", "25.09", "26.05", CURRENT,
]  # fmt: skip
QUICK = ["2.1.49", "2.1.66"]
# Those that also run with all their windows, for the add-on: the last one that has the address of AnkiWeb in a
# constant, and one that reads its environment; each with the newest Qt that it knows.
WITH_WINDOWS = {
    "2.1.26": ["PyQt5==5.14.2", "PyQtWebEngine==5.14.0"],
    "2.1.49": ["PyQt5==5.15.11", "PyQtWebEngine==5.15.7"],
}
# Their wheels are for no other Python, or fail on later ones.
NEED_PYTHON_38 = {"2.1.26", "2.1.35"}
# Their generated code is refused by later releases.
NEED_OLD_PROTOBUF = {version for version in ALL if version.startswith("2.1.") and version < "2.1.56"}


def protocol(version):
    return 10 if version.startswith("2.1.") and int(version.split(".")[2]) < 57 else 11


def wanted():
    """The versions that CLIENTS names: "quick" unless set, "all", or a list."""
    named = os.environ.get("CLIENTS", "quick")
    return {"quick": QUICK, "all": installable()}.get(named) or named.split(",")


def installable():
    return [version for version in ALL if interpreter(version)]


def with_windows():
    return [version for version in WITH_WINDOWS if interpreter(version)]


def python(version, windows=False):
    """The Python that runs a version; it exists once that is installed."""
    if version == CURRENT:
        return sys.executable
    return str(FOLDER / (version + "-windows" * windows) / "bin" / "python")


def interpreter(version):
    """The Python that a version is installed with; None where there is none."""
    if version not in NEED_PYTHON_38:
        return sys.executable
    known = [shutil.which("python3.8"), *glob.glob(os.path.expanduser("~/.pyenv/versions/3.8*/bin/python"))]
    return next((path for path in known if path and _runs(path)), None)


def _runs(path):
    return subprocess.run([path, "-c", ""], capture_output=True).returncode == 0


def install(version, windows=False):
    if version == CURRENT or _is_installed(version, windows):
        return
    base = interpreter(version)
    if base is None:
        print(f"Anki {version} is left out: it needs CPython 3.8")
        return
    place = python(version, windows)
    subprocess.run([base, "-m", "venv", "--clear", Path(place).parent.parent], check=True)
    packages = [f"aqt=={version}", *WITH_WINDOWS[version]] if windows else [f"anki=={version}"]
    packages += ["protobuf<3.21"] if version in NEED_OLD_PROTOBUF else []
    subprocess.run([place, "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages], check=True)


def _is_installed(version, windows):
    check = [python(version, windows), "-c", "import anki.sync" + ", aqt.qt" * windows]
    return os.access(check[0], os.X_OK) and subprocess.run(check, capture_output=True).returncode == 0


def main(words):
    sets = {"quick": QUICK, "all": ALL}
    for version in sets.get(words[0]) or words:
        install(version)
    for version in WITH_WINDOWS:
        install(version, windows=True)


if __name__ == "__main__":
    main(sys.argv[1:] or ["quick"])
