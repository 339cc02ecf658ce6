"""What a person sees who opens the address of the server in a real browser."""

import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

pytestmark = pytest.mark.any_engine
SIZES = {"desktop": (1280, 900), "phone": (375, 740)}


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for word in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "host-resolver-rules=MAP *.test 127.0.0.1"):
        options.add_argument("--" + word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    yield driver
    driver.quit()


@pytest.fixture(params=SIZES)
def window(browser, request):
    """A browser as large as a device; what it complained about must be nothing."""
    width, height = SIZES[request.param]
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": request.param == "phone"}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get_log("browser")
    yield browser
    assert [line["message"] for line in browser.get_log("browser")] == []


@pytest.fixture
def front(server):
    """A proxy that hides from the server by what address it was reached: host, and a part of the path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path = self.path.removeprefix("/anki")
            request = Request(server.url.rstrip("/") + (path or "/"), headers={"Accept": self.headers["Accept"]})
            with urlopen(request) as answer:
                body = answer.read()
                self.send_response(answer.status)
                for name in ("content-type", "content-security-policy"):
                    self.send_header(name, answer.headers[name])
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            pass

    front = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=front.serve_forever, daemon=True).start()
    yield f"http://anki.test:{front.server_port}/anki/"
    front.shutdown()


def own(window):
    """The addresses that the page tells to type, in its order."""
    return [code.text for code in window.find_elements(By.CSS_SELECTOR, "code[data-own]")]


def expected(base):
    return [base, base, base, base, base + "msync", base + "sync/", base + "msync/", base]


def notes(window):
    shown = [note for note in window.find_elements(By.CSS_SELECTOR, "[data-if]") if note.is_displayed()]
    return [note.text.split(".")[0] for note in shown]


@pytest.mark.parametrize("path", ["", "sync/", "msync", "djs/", "djs/sync/", "a/b/"])
def test_the_page_tells_the_address_by_which_it_was_opened(window, server, path):
    window.get(server.url + path)
    base = server.url + path.removesuffix("sync/").removesuffix("msync")
    assert own(window) == expected(base)
    assert notes(window) == ["Only from this machine"]


def test_another_name_is_told_as_it_is(window, server):
    base = f"http://anki.test:{server.port}/"
    window.get(base)
    assert own(window) == expected(base)
    assert notes(window) == ["Not encrypted"]


def is_answered(window):
    """Whether the page that answers the form is there, as a whole."""
    return "?address=" in window.current_url and window.execute_script("return document.readyState") == "complete"


@pytest.mark.parametrize("path", ["", "sync/"])
def test_what_a_proxy_hides_from_the_server_the_browser_knows(window, front, path):
    window.get(front + path)
    assert own(window) == expected(front)
    assert notes(window) == ["Not encrypted"]


def test_a_typed_address_is_judged_for_each_client(window, server):
    window.get(server.url + "djs/")
    window.find_element(By.ID, "typed").send_keys(server.url + "djs\n")
    WebDriverWait(window, 30).until(is_answered)
    marks = [mark.text for mark in window.find_elements(By.CLASS_NAME, "mark")]
    assert marks == ["fails", "works", "works", "fails", "works"]
    assert window.find_element(By.ID, "typed").get_attribute("value") == server.url + "djs"
    assert own(window) == expected(server.url + "djs/")


def test_the_page_fits_and_can_be_read(window, server):
    window.get(server.url + "a-rather-long/path/below/which/the/server/was/put/?address=" + server.url + "long/" * 40)
    assert window.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    assert window.find_element(By.TAG_NAME, "html").get_attribute("lang") == "en"
    for scheme in ("light", "dark"):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        assert window.execute_script(CONTRAST) == []
    assert window.execute_script("return document.querySelector('#typed').labels.length") == 1


def test_the_page_is_whole_without_script(window, server):
    window.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        window.get(server.url + "djs/sync/")
        assert own(window) == expected(server.url + "djs/")
        assert notes(window) == ["Only from this machine"]
    finally:
        window.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


# Texts whose contrast with what is behind them is below 4.5, by the formula of WCAG 2.
CONTRAST = """
const linear = c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
const light = colour => colour.slice(0, 3).map(c => linear(c / 255))
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const numbers = colour => colour.match(/[0-9.]+/g).map(Number);
const behind = element => {
  for (; element; element = element.parentElement) {
    const colour = numbers(getComputedStyle(element).backgroundColor);
    if (colour.length < 4 || colour[3] > 0) return colour;
  }
  return [255, 255, 255];
};
const low = [];
for (const element of document.querySelectorAll("main *")) {
  if (![...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()) || !element.offsetParent) continue;
  const [a, b] = [light(numbers(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
  const ratio = (a + 0.05) / (b + 0.05);
  if (ratio < 4.5) low.push(`${element.tagName} ${element.textContent.slice(0, 30)} ${ratio}`);
}
return low;
"""
