"""What the documents print for a reader to run: fenced blocks, and commands within the text.

    python tests/documents.py docs/cython.md "From Cython"

prints what a reader of a section types, as a shell script.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
DOCUMENTS = ["README.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]
PART = re.compile(r"^#+ (?P<title>.+)$|^```(?P<kind>.*)\n(?P<block>(?:.*\n)*?)```$|`(?P<span>[^`]+)`", re.MULTILINE)
PROGRAMS = ("python", "python3", "pip", "pytest", "pre-commit", "make", "cc", "c++", "sh", "bash")
SPAN = "span"  # the kind of what is no block


class Part(NamedTuple):
    """A block, or what is set as code within the text, and the heading above it."""

    title: str
    kind: str
    text: str


def read(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def parts(document: str) -> Iterator[Part]:
    title = ""
    for found in PART.finditer(read(document)):
        if found["title"]:
            title = found["title"]
        elif found["span"]:
            yield Part(title, SPAN, " ".join(found["span"].split()))
        else:
            yield Part(title, found["kind"], found["block"])


def blocks(document: str) -> list[Part]:
    return [part for part in parts(document) if part.kind != SPAN]


def is_doctest(block: Part) -> bool:
    return block.kind == "python" and block.text.startswith(">>> ")


def is_command(part: Part) -> bool:
    """Whether a part of the text is a program with arguments, or a script of the repository."""
    program, *arguments = re.sub(r"^(\w+=\S* )+", "", part.text).split()
    return part.kind == SPAN and (
        (program in PROGRAMS and bool(arguments)) or ((ROOT / program).is_file() and os.access(ROOT / program, os.X_OK))
    )


def commands(document: str) -> list[tuple[str, str]]:
    """Return the commands within the text, each with the heading above it."""
    return [(part.title, part.text) for part in parts(document) if is_command(part)]


def saved(name: str, text: str) -> str:
    return f"cat > {name} << 'EOF'\n{text}EOF\n"


def as_printed(command: str) -> str:
    return command


def typed(block: Part, change: Callable[[str], str]) -> str:
    """Return what a reader does with a block, for a shell: a program in Python is saved and run, one in C saved."""
    if block.kind == "sh":
        return change(block.text)
    if block.kind == "c":
        return saved("program.c", block.text)
    if block.kind == "python" and not is_doctest(block):
        return saved("recipe.py", block.text) + "python recipe.py\n"
    return ""


def scripts(document: str, change: Callable[[str], str] = as_printed) -> dict[str, str]:
    """Return what a reader types in each section, in one terminal, with the commands as `change` has them.

    A section with a program in C and no command compiles it by the first command of the document that compiles one,
    and a section with such a command alone compiles the last program before it.
    """
    sections: dict[str, list[Part]] = {}
    for block in blocks(document):
        sections.setdefault(block.title, []).append(block)
    found = {}
    program = command = None
    for title, section in sections.items():
        programs = [block for block in section if block.kind == "c"]
        commands = [block for block in section if block.kind == "sh" and "program.c" in block.text]
        if commands and not programs and program:
            section.insert(0, program)
        if programs and not commands and command:
            section.append(command)
        program = programs[-1] if programs else program
        command = command or (commands[0] if commands else None)
        found[title] = "".join(typed(block, change) for block in section)
    return {title: script for title, script in found.items() if script}


if __name__ == "__main__":
    print(scripts(sys.argv[1])[sys.argv[2]], end="")
