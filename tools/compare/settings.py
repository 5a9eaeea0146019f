"""A config of nnactor with what `--set` changes, see configs/README.md."""

import pathlib
import tomllib


class Unsupported(Exception):
    """The config asks for something that is not compared."""


class Settings:
    def __init__(self, path, changes):
        self.tables = tomllib.loads(pathlib.Path(path).read_text())
        for change in changes:
            key, _, value = change.partition("=")
            self._set(key.split("."), value)

    def _set(self, words, value):
        into = self.tables
        for word in words[:-1]:
            into = into.setdefault(word, {})
        try:
            into[words[-1]] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            into[words[-1]] = value

    def get(self, key, default):
        table, name = key.split(".")
        return self.tables.get(table, {}).get(name, default)

    @property
    def layers(self):
        return self.tables.get("network", {}).get("layers", [])


def need(condition, what):
    if not condition:
        raise Unsupported(f"{what} is not part of the comparison")


def take_known(layer, known):
    """Refuses a layer with keys that the comparison would pass over."""
    for key in layer:
        need(key in known, f"'{key}' of a layer of kind '{layer['kind']}'")
