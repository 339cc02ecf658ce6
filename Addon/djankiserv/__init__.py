"""Lets Anki 2.1.0 to 2.1.56 sync with a server of one's own; newer versions have a field for its address.

Apache-2.0, part of djankiserv.
"""

try:
    from aqt import mw
except ImportError:
    mw = None  # not within Anki

if mw is not None:
    from . import gui

    gui.install(mw)
