"""What a person types as the address of the server, made into the one form that every version of Anki can use.

Knows nothing of Anki, and is read by Python 3.6.
"""

import re
from urllib.parse import urlsplit, urlunsplit

# What people carry over from the fields of other clients; Anki appends it itself.
GROUPS = ("sync", "msync")


class AddressError(ValueError):
    """The address cannot work; the text says why, to the person who typed it."""


def normalise(text):
    """The address with one slash at its end, such as `http://192.168.1.5:27701/`; "" for nothing typed, or AnkiWeb."""
    text = text.strip()
    if not text:
        return ""
    # A host may be followed by a port, so what looks like a scheme counts as one only in front of two slashes.
    if not re.match(r"(?i)https?://", text):
        raise AddressError("The address must begin with http:// or https://, like http://192.168.1.5:27701/")
    if re.search(r"[\s\\<>\"\x00-\x1f]", text):
        raise AddressError("The address must not contain spaces or any of \\ < > \"")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise AddressError("The port or the brackets in this address are wrong; a port is a number up to 65535")
    if not host:
        raise AddressError("The address must name the server after http:// or https://")
    if port == 0:
        raise AddressError("Port 0 is no port")
    names = [name for name in parts.path.split("/") if name]
    while names and names[-1] in GROUPS:
        names.pop()
    path = "".join(name + "/" for name in names)
    return urlunsplit((parts.scheme.lower(), parts.netloc, "/" + path, "", ""))


def variables(address):
    """What Anki 2.1.28 to 2.1.56 reads from its environment: both end in a slash, a method is appended as it is."""
    return {"SYNC_ENDPOINT": address + "sync/", "SYNC_ENDPOINT_MEDIA": address + "msync/"}
