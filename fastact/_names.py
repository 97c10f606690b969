"""Help with names that were not found."""


def nearest(text: str, names) -> str:
    """Return the end of a message: the name that was meant, or all that there are."""
    from difflib import get_close_matches  # which is slower to import than all of fastact's own modules but one

    matches = get_close_matches(text.lower(), names, n=1, cutoff=0.5)
    return f"; did you mean {matches[0]!r}?" if matches else f"; there are: {', '.join(names)}"
