"""The menu entry, the question, and the moments at which Anki must know the address."""

from . import addresses, profiles, redirection

TITLE = "Sync server"
QUESTION = """The address of your sync server, for this profile, like http://192.168.1.5:27701/

Leave it empty to sync with AnkiWeb. Changing it logs this profile out."""


def install(mw):
    if hasattr(mw.pm, "custom_sync_url"):
        return  # 2.1.57 and newer have a field for it: Preferences, Syncing
    redirected = redirection.of_this_version(lambda: profiles.address(mw.pm.profile))
    try:
        from aqt import gui_hooks
    except ImportError:
        pass  # those that are too old for it look at each request
    else:
        # Before the deck list is drawn, which asks the server for news.
        gui_hooks.collection_did_load.append(lambda col: redirected.update())
    add_menu_entry(mw, lambda: ask(mw, redirected))


def add_menu_entry(mw, action):
    from aqt.qt import QAction

    entry = QAction("%s..." % TITLE, mw)
    entry.triggered.connect(lambda checked=False: action())
    mw.form.menuTools.addAction(entry)
    mw.addonManager.setConfigAction(__name__, action)


def ask(mw, redirected):
    from aqt.utils import getText, showWarning, tooltip

    text = profiles.address(mw.pm.profile)
    while True:
        text, agreed = getText(QUESTION, parent=mw, default=text, title=TITLE)
        if not agreed:
            return
        try:
            address = addresses.normalise(text)
            break
        except addresses.AddressError as error:
            showWarning(str(error), parent=mw)
    if profiles.set_address(mw.pm.profile, address):
        mw.pm.save()
        redirected.update()
    tooltip("This profile syncs with %s" % (address or "AnkiWeb"), parent=mw)
