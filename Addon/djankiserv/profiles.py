"""Where the address is kept: with the profile itself, so that it goes with a profile that is renamed or deleted."""

KEY = "djankiservAddress"


def address(profile):
    """The server's address; "" where the profile syncs with AnkiWeb, and while no profile is open."""
    found = (profile or {}).get(KEY)
    return found if isinstance(found, str) else ""


def set_address(profile, chosen):
    """Keeps another address, and logs out of where the profile was logged in before.

    The key of one server is nothing that another one should see; and it would refuse it.
    """
    if chosen == address(profile):
        return False
    if chosen:
        profile[KEY] = chosen
    else:
        profile.pop(KEY, None)
    profile["syncKey"] = None
    profile.pop("hostNum", None)
    return True
