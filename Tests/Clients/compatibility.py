"""Runs the stories of test_versions.py with every version that installs here, and writes the README's table from
their results.

    DJANKISERV_BIN=... python compatibility.py [--workers 2]
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
from pathlib import Path

import versions

README = Path(__file__).parent.parent.parent / "README.md"
BEGIN, END = "<!-- made by Tests/Clients/compatibility.py -->", "<!-- end -->"
COLUMNS = {
    "collection, alone": ["test_alone"],
    f"with {versions.CURRENT}": ["test_with_the_current_version", "test_joining_the_current_version"],
    "media": ["test_media", "test_media_with_the_current_version"],
    "messages": ["test_messages"],
    "cut connections": ["test_interruptions"],
}


def run(workers):
    """The outcome of every test: {(test, version): whether it passed}."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        here = Path(__file__).parent
        command = [sys.executable, "-m", "pytest", "-q", "-n", str(workers), f"--junitxml={report}", "test_versions.py"]
        subprocess.run(command, cwd=here, env={**os.environ, "CLIENTS": "all"})
        return dict(outcomes(xml.parse(report)))


def outcomes(report):
    for case in report.iter("testcase"):
        name = re.fullmatch(r"(\w+)\[([\d.]+)-\w+\]", case.get("name"))
        if name:
            bad = any(case.find(kind) is not None for kind in ("failure", "error", "skipped"))
            yield name.groups(), not bad


def table(results):
    titles = ["Anki desktop", "protocol", *COLUMNS]
    lines = ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles)]
    for version in versions.ALL:
        cells = [cell([results.get((test, version)) for test in tests]) for tests in COLUMNS.values()]
        lines.append(f"| {version} | {versions.protocol(version)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def cell(results):
    return "not run" if None in results else "yes" if all(results) else "**no**"


def write(text):
    before, _, rest = README.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    results = run(parser.parse_args().workers)
    write(table(results))
    sys.exit(0 if results and all(results.values()) else 1)


if __name__ == "__main__":
    main()
