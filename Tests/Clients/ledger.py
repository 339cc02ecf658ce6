"""What everybody did in a history, and what must have become of it in the end.

Deletion wins, else the newest `mod`; every `mod` is used once, except that a flag keeps the `mod`
of its card. Reviews and tags are never lost.
"""


class Ledger:
    def __init__(self):
        self.versions = {}  # (table, id) -> {mod: the contents that were given that mod}
        self.removed = set()
        self.reviews = set()
        self.tags = set()

    def wrote(self, table, id, mod, contents):
        self.versions.setdefault((table, id), {}).setdefault(mod, set()).add(contents)

    def remove(self, table, id):
        self.removed.add((table, id))

    def complaints(self, state):
        """How the state in the end (table -> id -> (mod, contents)) breaks the rules."""
        found = []
        for (table, id), versions in self.versions.items():
            kept = state[table].get(id)
            if (table, id) in self.removed:
                if kept is not None:
                    found.append(f"{table} {id} was deleted and is there: {kept}")
            elif kept is None:
                found.append(f"{table} {id} is missing")
            elif kept[0] != max(versions) or kept[1] not in versions[kept[0]]:
                found.append(f"{table} {id} is {kept}, newest is {max(versions)}: {versions[max(versions)]}")
        if lost := self.reviews - state["reviews"].keys():
            found.append(f"reviews are missing: {sorted(lost)}")
        if lost := self.tags - state["tags"].keys():
            found.append(f"tags are missing: {sorted(lost)}")
        return found
