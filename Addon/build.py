"""Packs the add-on into one file that Anki installs: python3 Addon/build.py OUT.ankiaddon

The same sources make the same bytes: the files in order, uncompressed, without a date.
"""

import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
KINDS = {".py", ".json"}


def contents():
    """Names within the archive, and their bytes."""
    sources = sorted(path for path in (HERE / "djankiserv").iterdir() if path.suffix in KINDS)
    return [(path.name, path.read_bytes()) for path in [HERE.parent / "LICENSE", *sources]]


def build(out):
    with zipfile.ZipFile(str(out), "w", zipfile.ZIP_STORED) as archive:
        for name, content in contents():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content)


if __name__ == "__main__":
    Path(sys.argv[1]).parent.mkdir(parents=True, exist_ok=True)
    build(sys.argv[1])
    print(sys.argv[1])
