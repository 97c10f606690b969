"""Fuzzers: for each entry point a property that takes bytes, for tests to replay and for run.sh to have fuzzed."""

from . import commands, corpus, exporters, layers, ufuncs

ENTRIES = {
    "ufuncs": ufuncs.any_call,
    "fast_path": ufuncs.plain_call,
    "views": exporters.call,
    "layers": layers.call,
    "commands": commands.call,
}
__all__ = ["ENTRIES", "corpus"]
