"""What PostgreSQL itself takes for a collection: `psql \\copy` of the same rows, out of their tables into files, and
from there into new tables with the same indexes."""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

PLACE = "floor"


class Floor:
    """The newest collection in a database."""

    def __init__(self, url):
        self.url = url
        [self.schema] = self._ask(
            "SELECT nspname FROM pg_namespace WHERE nspname ~ '_collection_' ORDER BY oid DESC LIMIT 1"
        )
        self.tables = self._ask(f"SELECT tablename FROM pg_tables WHERE schemaname = '{self.schema}'")
        self.indexes = self._ask(f"SELECT indexdef FROM pg_indexes WHERE schemaname = '{self.schema}'")

    def seconds(self):
        """Of reading everything, and of writing it."""
        folder = Path(tempfile.mkdtemp(prefix="djankiserv-floor-"))
        try:
            files = {table: folder / table for table in self.tables}
            out = self._time(
                rf"\copy {self.schema}.{table} TO '{file}' (FORMAT binary)" for table, file in files.items()
            )
            into = self._time(self._filling(files))
            self._run([f"DROP SCHEMA {PLACE} CASCADE"])
        finally:
            shutil.rmtree(folder)
        return out, into

    def _filling(self, files):
        """Rows first, indexes behind them, in one transaction: as they are loaded."""
        yield "BEGIN"
        yield f"CREATE SCHEMA {PLACE}"
        for table, file in files.items():
            yield f"CREATE TABLE {PLACE}.{table} (LIKE {self.schema}.{table})"
            yield rf"\copy {PLACE}.{table} FROM '{file}' (FORMAT binary)"
        yield from (index.replace(f" ON {self.schema}.", f" ON {PLACE}.") for index in self.indexes)
        yield "COMMIT"

    def _time(self, commands):
        commands = list(commands)
        start = time.monotonic()
        self._run(commands)
        return time.monotonic() - start

    def _ask(self, sql):
        return self._run([sql]).splitlines()

    def _run(self, commands):
        script = "".join(line + ("\n" if line.startswith("\\") else ";\n") for line in commands)
        psql = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", self.url]
        return subprocess.run(psql, input=script, check=True, capture_output=True, text=True).stdout
