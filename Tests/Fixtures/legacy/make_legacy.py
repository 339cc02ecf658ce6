"""Captures legacy JSON of the real client: python make_legacy.py FOLDER (needs the package `anki`).

Writes collection.json: the five texts of a schema 11 file, in which unknown keys stand at every level, and the schema 18
blobs of the same collection.
"""

import json
import os
import sqlite3
import sys
import tempfile

from anki.collection import Collection


def own_notetype(models):
    """Leaves one notetype, with texts of our own."""
    model = models.by_name("Basic")
    model.update({"name": "Own", "css": ".card {\n}", "latexPre": "pre\n", "latexPost": "post"})
    model["tmpls"][0]["afmt"] = "{{Back}}"
    for other in models.all_names_and_ids():
        if other.id != model["id"]:
            models.remove(other.id)
    return model


def enrich(col):
    """Makes one object of each kind, with values that tell fields apart."""
    decks, models = col.decks, col.models
    config_id = decks.add_config_returning_id("my conf")
    config = decks.get_config(config_id)
    config["new"].update(
        {"initialFactor": 2010, "delays": [0.5, 1.0, 15.0], "ints": [2, 5, 0], "order": 0, "perDay": 33, "mystery": {"a": 1}}
    )
    config["rev"].update({"ease4": 1.35, "ivlFct": 0.95, "maxIvl": 400, "perDay": 150, "hardFactor": 1.15, "odd": [1.5, None]})
    config["lapse"].update({"delays": [], "leechAction": 0, "leechFails": 6, "minInt": 2, "mult": 0.7, "strange": "é"})
    config.update(
        {"maxTaken": 90, "autoplay": False, "timer": 1, "replayq": False, "newMix": 2, "newPerDayMinimum": 3,
         "interdayLearningMix": 1, "reviewOrder": 7, "newSortOrder": 4, "newGatherPriority": 5, "buryInterdayLearning": True,
         "fsrsParams6": [0.212, 1.2931, 2.3065, 8.2956, 6.4133, 0.8334], "desiredRetention": 0.87, "sm2Retention": 0.83,
         "ignoreRevlogsBeforeDate": "2020-01-01", "easyDaysPercentages": [1.0, 0.5, 0.0, 1.0, 1.0, 1.0, 1.0],
         "stopTimerOnAnswer": True, "secondsToShowQuestion": 2.5, "secondsToShowAnswer": 3.0, "questionAction": 1,
         "answerAction": 3, "waitForAudio": False, "weightSearch": "deck:x", "addon": {"deep": [True, 1, 1.0, None]}}
    )
    decks.update_config(config)

    deck = decks.get(decks.id("Top::Sub deck é"))
    deck.update(
        {"desc": "descr\nline", "md": True, "conf": config_id, "extendNew": 3, "extendRev": 4, "reviewLimit": 50,
         "newLimit": 0, "reviewLimitToday": {"limit": 7, "today": 12}, "newLimitToday": {"limit": 0, "today": 12},
         "desiredRetention": 85, "lrnToday": [12, 1], "revToday": [12, 2], "newToday": [12, 3], "timeToday": [12, 4567],
         "collapsed": False, "browserCollapsed": False, "mid": 1795219441495, "addon": {"x": 1.50, "y": -1}}
    )
    decks.save(deck)
    filtered = decks.get(decks.new_filtered("Filt"))
    filtered.update(
        {"resched": False, "terms": [["is:due", 20, 6], ["tag:a \"b\"", 5, 1]], "delays": [1.0, 2.5], "previewDelay": 5,
         "previewAgainSecs": 61, "previewHardSecs": 601, "previewGoodSecs": 3, "surprise": [[]]}
    )
    decks.save(filtered)

    model = own_notetype(models)
    model.update({"tags": ["a"], "vers": [], "did": deck["id"], "latexsvg": True, "sortf": 1, "addon": {"n": 9007199254740993}})
    model["flds"][0].update(
        {"sticky": True, "rtl": True, "font": "Noto é", "size": 33, "description": "hint", "plainText": True,
         "collapsed": True, "excludeFromSearch": True, "tag": 0, "preventDeletion": True, "media": [], "mine": {"k": 0.1}}
    )
    model["tmpls"][0].update({"bqfmt": "q", "bafmt": "a", "did": 1, "bfont": "Arial", "bsize": 14, "mine": False})
    models.update_dict(model)

    col.set_config("custom", {"int": 1, "float": 1.0, "big": -4027478032341552798, "text": "a/b\"\\\n\u2028", "none": None})
    col.tags.set_collapsed("zeta::Älpha", False)
    note = col.new_note(model)
    note["Front"], note["Back"], note.tags = "f", "b", ["zeta::Älpha", "plain"]
    col.add_note(note, 1)


def blobs(path):
    """The rows of schema 18 that hold messages, as hex digits."""
    database = sqlite3.connect(path)
    rows = {}
    queries = {
        "decks": "select id, name, mtime_secs, usn, hex(common), hex(kind) from decks",
        "deck_config": "select id, name, mtime_secs, usn, hex(config) from deck_config",
        "notetypes": "select id, name, mtime_secs, usn, hex(config) from notetypes",
        "fields": "select ntid, ord, name, hex(config) from fields",
        "templates": "select ntid, ord, name, hex(config) from templates",
    }
    for table, query in queries.items():
        rows[table] = sorted(database.execute(query).fetchall(), key=lambda row: row[:2])
    rows["config"] = dict(database.execute("select key, cast(val as text) from config").fetchall())
    database.close()
    return rows


def legacy(path):
    """The five texts of schema 11, verbatim."""
    database = sqlite3.connect(path)
    names = ["conf", "models", "decks", "dconf", "tags"]
    texts = database.execute("select conf, models, decks, dconf, tags from col").fetchone()
    database.close()
    return dict(zip(names, texts))


def main(folder):
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "collection.anki2")
        col = Collection(path)
        enrich(col)
        col.close()
        rows = blobs(path)
        Collection(path).close(downgrade=True)
        captured = {"schema11": legacy(path), "schema18": rows}
    with open(os.path.join(folder, "collection.json"), "w", encoding="utf-8") as file:
        json.dump(captured, file, ensure_ascii=False, indent=1, sort_keys=True)
        file.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
