"""Folders for what need not outlive the run: in memory if there is room, for nobody waits for a disk there."""

import os
import shutil
import tempfile

IN_MEMORY = "/dev/shm"
ROOM = 2 << 30


def scratch(prefix):
    """A new folder."""
    fits = os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free > ROOM
    return tempfile.mkdtemp(prefix=f"djankiserv-{prefix}-", dir=IN_MEMORY if fits else None)
