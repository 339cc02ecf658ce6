"""How a process obeys: JSON lines on stdin, each an operation of an object; JSON lines as replies.

Request: {"op": name, "arguments": [...], "names": {...}}
Reply:   {"value": ...} or {"error": {"kind": ..., "message": ...}}

Old clients run it, too, so it must be read by Python 3.8.
"""

import json
import os
import sys


def obey(client):
    """Does what it is told until stdin ends."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever Anki prints is not a reply
    for line in sys.stdin:
        request = json.loads(line)
        try:
            operation = getattr(client, request["op"])
            reply = {"value": operation(*request["arguments"], **request["names"])}
        except Exception as error:  # whatever it is, the test decides
            reply = {"error": failure(error)}
        replies.write(json.dumps(reply, default=as_json) + "\n")
        replies.flush()


def failure(error):
    kind = getattr(error, "kind", type(error).__name__)
    return {"kind": str(kind() if callable(kind) else kind), "type": type(error).__name__, "message": str(error)}


def as_json(value):
    """Bytes cannot travel; they only come with queries for looking."""
    return value.hex() if isinstance(value, bytes) else str(value)
