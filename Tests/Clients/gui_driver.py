"""A whole old Anki with its windows, on a screen that nobody sees, and a person who works it (obeying.py).

Runs with the Python of a version that has `aqt`, and must be read by Python 3.8.
"""

import os
import sys
import time
from pathlib import Path

os.environ.update(
    QT_QPA_PLATFORM="offscreen", QTWEBENGINE_DISABLE_SANDBOX="1", QT_QUICK_BACKEND="software", LANG="C.UTF-8"
)

import aqt
import aqt.main
import aqt.profiles
from aqt.qt import QLineEdit, QMessageBox, QTextEdit, QTimer
from obeying import obey

PATIENCE = 60


class Person:
    """Answers whatever window stands in front of everything else."""

    def __init__(self):
        self.texts = []  # what to type into a window with one field
        self.account = ("", "")
        self.direction = "Upload"
        self.shown = []

    def answer(self):
        window = aqt.mw.app.activeModalWidget()
        if window is None or not window.isVisible():
            return
        fields = window.findChildren(QLineEdit)
        if isinstance(window, QMessageBox):
            self.shown.append(window.text())
            buttons = QMessageBox.buttons(window)  # some of Anki's windows have a list of that name
            chosen = [one for one in buttons if one.text().replace("&", "").startswith(self.direction)]
            (chosen or buttons)[0].click()
        elif len(fields) == 2:
            for field, text in zip(fields, self.account):
                field.setText(text)
            window.accept()
        elif len(fields) == 1:
            if self.texts:
                fields[0].setText(self.texts.pop(0))
                window.accept()
            else:
                window.reject()
        elif window.findChildren(QTextEdit):
            self.shown.append(window.findChildren(QTextEdit)[0].toPlainText())
            window.reject()


class Client:
    def start(self, base):
        """Starts Anki with the add-ons in its folder, and opens its first profile."""
        os.environ["XDG_RUNTIME_DIR"] = base
        aqt.AnkiApp.KEY = "anki" + str(os.getpid())  # else a second one only wakes up the first
        aqt.main.AnkiQt.setupAutoUpdate = lambda mw: None
        aqt.profiles.ProfileManager.setDefaultLang = lambda pm, *number: pm.setLang("en_US")
        self.app = aqt._run(["anki", "-b", base, "-p", "User 1", "-l", "en_US"], exec=False)
        # A window that was answered stays the active one here, and would take with it those that Anki hangs on it.
        self.app.activeWindow = lambda: aqt.mw
        self.person = Person()
        self.timer = QTimer()
        self.timer.timeout.connect(self.person.answer)
        self.timer.start(50)
        self._wait(lambda: aqt.mw.state == "deckBrowser")

    def _wait(self, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError("%s %s" % (aqt.mw.state, self.person.shown))
            self.app.processEvents()
            time.sleep(0.01)

    def install(self, path):
        """What "Install from file" does: whether the add-on was taken."""
        return type(aqt.mw.addonManager.install(path)).__name__

    def choose(self, *texts):
        """Opens the add-on's question and types these, one after the other; what was shown meanwhile."""
        self.person.texts, self.person.shown = list(texts), []
        entries = [one for one in aqt.mw.form.menuTools.actions() if one.text() == "Sync server..."]
        entries[0].trigger()
        return self.person.shown

    def sync(self, name, password, direction="Upload"):
        """Presses the button; what was shown."""
        self.person.account, self.person.direction, self.person.shown = (name, password), direction, []
        aqt.mw.onSync()
        self._wait(lambda: aqt.mw.state == "deckBrowser" and not aqt.mw.progress.busy() and self._is_quiet())
        return self.person.shown

    def _is_quiet(self):
        """Whether nothing goes on for a second, media included."""
        if aqt.mw.media_syncer.is_syncing() or aqt.mw.app.activeModalWidget() is not None:
            self.quiet_since = time.monotonic()
        started = getattr(self, "quiet_since", None)
        if started is None or time.monotonic() - started > 5:
            self.quiet_since = started = time.monotonic()
        return time.monotonic() - started > 1

    def profile(self):
        """What is kept with the profile about syncing."""
        kept = aqt.mw.pm.profile
        return {key: kept.get(key) for key in ("djankiservAddress", "syncKey", "syncUser")}

    def add_note(self, front):
        from anki.notes import Note

        col = aqt.mw.col
        kind = [one for one in col.models.all() if one["name"].split("-")[0] == "Basic"][0]
        note = Note(col, kind)
        note.fields = [front, "back"]
        kind["did"] = 1
        col.addNote(note)
        if hasattr(col, "setMod"):
            col.setMod()
        col.save()

    def fronts(self):
        return sorted(row[0].split("\x1f")[0] for row in aqt.mw.col.db.all("select flds from notes"))

    def write_file(self, name, text):
        Path(aqt.mw.col.media.dir(), name).write_text(text)

    def files(self):
        return sorted(os.listdir(aqt.mw.col.media.dir()))

    def end(self):
        aqt.mw.pm.save()
        sys.stdout.flush()


if __name__ == "__main__":
    obey(Client())
