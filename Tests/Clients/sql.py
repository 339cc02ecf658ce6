"""An owner with psql, mariadb or sqlite3 open: what these tools answer."""

import csv
import io
import os
import subprocess
from urllib.parse import unquote, urlsplit

NULL = "(null)"


class Refused(Exception):
    """What the tool says is wrong."""


class Prompt:
    """The tool of an engine, at the views of one user."""

    def __init__(self, server, user, login=None):
        self.server = server
        self.place = place(server, user)
        self.login = login  # name and password of somebody else

    def ask(self, sql):
        """The rows of an answer, each a dictionary of texts; None for NULL."""
        rows = list(csv.reader(io.StringIO(self._run(sql)), **self._dialect()))
        return [dict(zip(rows[0], [None if text in (NULL, "NULL") else text for text in row])) for row in rows[1:]]

    def header(self, sql):
        """The names of the columns. There must be a row: some tools tell nothing of none."""
        return next(csv.reader(io.StringIO(self._run(sql)), **self._dialect()))

    def column(self, sql):
        return [next(iter(row.values())) for row in self.ask(sql)]

    def one(self, sql):
        [row] = self.ask(sql)
        return row

    def _run(self, sql):
        arguments, environment = getattr(self, "_" + self.server.engine)()
        done = subprocess.run(
            arguments, input=sql, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60
        )
        if done.returncode != 0:
            raise Refused(done.stderr)
        return done.stdout

    def _dialect(self):
        # mariadb knows no CSV; nothing that is asked for holds a tab or a newline.
        return {"delimiter": "\t", "quoting": csv.QUOTE_NONE} if self.server.engine == "mariadb" else {}

    def _sqlite(self):
        return ["sqlite3", "-bail", "-csv", "-header", "-nullvalue", NULL, f"file:{self.place}?mode=ro"], {}

    def _postgres(self):
        url = self.server.database["DJANKISERV_USERDB_URL"]
        if self.login:
            parts = urlsplit(url)
            url = f"postgresql://{self.login[0]}:{self.login[1]}@{parts.hostname}:{parts.port}{parts.path}"
        options = f"-c search_path={self.place} -c timezone=UTC"
        arguments = ["psql", "-X", "-q", "--csv", "-v", "ON_ERROR_STOP=1", "-P", f"null={NULL}", url]
        return arguments, {"PGOPTIONS": options}

    def _mariadb(self):
        parts = urlsplit(self.server.database["DJANKISERV_USERDB_URL"])
        name, password = self.login or (parts.username, unquote(parts.password))
        arguments = ["mariadb", "--no-defaults", "-h", parts.hostname, "-P", str(parts.port), "-u", name]
        # It writes a NULL as the word.
        return [*arguments, "--default-character-set=utf8mb4", "--batch", "--raw", self.place], {"MYSQL_PWD": password}


def place(server, user):
    """Where SQL finds the user's collection, as the program says."""
    line = server.cli("views", user.name).stdout.strip()
    name, found = line.split("  ", 1)
    assert name == user.name
    return found


def administer(engine, sql, *arguments):
    """Runs SQL as the one who may do everything on the server."""
    command = os.environ[f"DJANKISERV_TEST_{engine.upper()}_ADMIN"]
    subprocess.run([command, *arguments], input=sql, check=True, capture_output=True, text=True)
