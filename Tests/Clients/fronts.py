"""Real proxies in front of a server, set up as docs/PROXIES.md says: its very lines, on ports and in folders of ours."""

import os
import re
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from places import scratch
from server import START_SECONDS, free_port

PAGE = Path(__file__).parents[2] / "docs" / "PROXIES.md"
UPSTREAM = "127.0.0.1:27701"
NAME = "anki.example.org"
CERTIFICATES = "/etc/ssl/anki/"
BELOW = "/anki/"
MODULES = ["mpm_event", "authz_core", "headers", "proxy", "proxy_http", "reqtimeout", "socache_shmcb", "ssl"]


def lines_of(language):
    """The one block of that language on the page."""
    (block,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return block


def below_a_path(title, text):
    """With the change that the page's table names for a path."""
    row = next(line for line in PAGE.read_text().splitlines() if line.startswith(f"| {title} |"))
    before, after = re.findall(r"`([^`]*)`", row)
    return replaced(text, before, after)


def replaced(text, before, after):
    assert before in text, f"the page has no {before!r}"
    return text.replace(before, after)


class Front:
    """A proxy process; a subclass says how its lines are put to use."""

    language = title = program = None

    def __init__(self, upstream, certificates=None, below=False):
        self.folder = Path(scratch("front"))
        self.port = free_port()
        self.certificates = certificates and self._given(certificates)
        scheme = "https" if certificates else "http"
        self.url = f"{scheme}://localhost:{self.port}{BELOW if below else '/'}"
        text = replaced(lines_of(self.language), UPSTREAM, f"127.0.0.1:{upstream}")
        if below:
            text = below_a_path(self.title, text)
        self.configuration = self.folder / "configuration"
        self.configuration.write_text(self.whole(self.placed(text)))
        self._start()

    def placed(self, text):
        """The lines with our port and our certificates, or none."""
        raise NotImplementedError

    def whole(self, text):
        """The configuration file around the lines."""
        raise NotImplementedError

    def command(self):
        raise NotImplementedError

    def _given(self, certificates):
        """The files, where and as the page names them."""
        place = self.folder / "certificates"
        place.mkdir()
        shutil.copy(certificates / "server.pem", place / "fullchain.pem")
        shutil.copy(certificates / "server.key", place / "key.pem")
        return f"{place}/"

    def _start(self):
        (self.folder / "log").touch()
        unprivileged = {}
        if os.getuid() == 0:
            unprivileged = {"user": "nobody", "group": "nogroup", "extra_groups": []}
            for path in [self.folder, *self.folder.rglob("*")]:
                shutil.chown(path, "nobody", "nogroup")
        home = {"HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder)}
        path = f"{os.environ['PATH']}:/usr/sbin"
        if shutil.which(self.program, path=path) is None:
            raise RuntimeError(f"{self.program} is not installed")
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, env={**os.environ, **home, "PATH": path}, **unprivileged
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(self.url + "health", timeout=5):
                    return
            except urllib.error.HTTPError:
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        self.close()
        raise RuntimeError(f"{self.program} does not answer: {self.said}")

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.said = (self.folder / "log").read_text(errors="replace")[-2000:]
        shutil.rmtree(self.folder, ignore_errors=True)


class Nginx(Front):
    language, title, program = "nginx", "nginx", "nginx"

    def placed(self, text):
        if self.certificates is None:
            text = replaced(text, "listen 443 ssl;", f"listen {self.port};")
            return re.sub(r" *ssl_.*\n", "", text)
        text = replaced(text, "listen 443 ssl;", f"listen {self.port} ssl;")
        return replaced(text, CERTIFICATES, self.certificates)

    def whole(self, text):
        kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        places = "\n".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in kinds)
        return f"pid {self.folder}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{places}\n{text}}}\n"

    def command(self):
        own = ["-p", self.folder, "-c", self.configuration, "-e", "stderr"]
        return [self.program, *own, "-g", "daemon off;"]


class Apache(Front):
    language, title, program = "apache", "Apache", "apache2"

    def placed(self, text):
        text = replaced(text, "*:443", f"*:{self.port}")
        if self.certificates is None:
            return re.sub(r" *SSL.*\n", "", text)
        return replaced(text, CERTIFICATES, self.certificates)

    def whole(self, text):
        modules = [f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in MODULES]
        own = [f"PidFile {self.folder}/pid", f"DefaultRuntimeDir {self.folder}", "ErrorLog /dev/stderr"]
        return "\n".join([*modules, *own, f"Listen {self.port}", "ServerName localhost", text])

    def command(self):
        return [self.program, "-d", self.folder, "-f", self.configuration, "-D", "FOREGROUND"]


class Caddy(Front):
    language, title, program = "caddy", "Caddy", "caddy"

    def placed(self, text):
        if self.certificates is None:
            return replaced(text, NAME, f"http://localhost:{self.port}")
        own = f"tls {self.certificates}fullchain.pem {self.certificates}key.pem"
        return replaced(text, f"{NAME} {{", f"https://localhost:{self.port} {{\n  {own}")

    def whole(self, text):
        return f"{{\n  admin off\n  auto_https disable_redirects\n}}\n{text}"

    def command(self):
        return [self.program, "run", "--adapter", "caddyfile", "--config", self.configuration]


FRONTS = {front.title: front for front in (Nginx, Apache, Caddy)}
