"""Decisions drawn from bytes: a fuzzer that changes the bytes changes the decisions, one at a time."""


class Source:
    """Bytes to decide by. When they are used up, every decision is the first choice, which is the plainest."""

    def __init__(self, data):
        self.data, self.at = bytes(data), 0

    def take(self, count):
        """Return the next bytes."""
        taken = self.data[self.at : self.at + count]
        self.at += count
        return taken.ljust(count, b"\0")

    def below(self, end):
        """Return a number from 0 to before `end`."""
        return int.from_bytes(self.take(((end - 1).bit_length() + 7) // 8), "little") % end

    def choose(self, options):
        """Return one of a sequence."""
        return options[self.below(len(options))]

    def one_in(self, count):
        """Return whether something rare happens."""
        return self.below(count) == count - 1

    def rest(self):
        """Return all bytes that are left."""
        return self.take(max(len(self.data) - self.at, 0))
