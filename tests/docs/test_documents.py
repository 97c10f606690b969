"""The documents: every block and every command in them is run as a reader runs it, or in a shortened form."""

import doctest
import re
import tomllib

import pytest
from documents import DOCUMENTS, ROOT, blocks, commands, is_doctest, read, scripts
from reader import anywhere, beside, built_clone, clone, clone_with_libraries, run, skip_without

PLACES = {  # where the reader of a document, or of a section of it, is; elsewhere it does not matter
    ("README.md", "Set-up"): clone,
    "CONTRIBUTING.md": built_clone,
    "docs/accuracy.md": built_clone,
    ("docs/c.md", "Without Python"): clone_with_libraries,
    ("docs/c.md", "JAX"): beside("jax_ffi"),
    ("docs/cython.md", "From Cython"): clone,
    "docs/pipelines.md": built_clone,
    "docs/reliability.md": built_clone,
    "docs/speed.md": built_clone,
}
PICTURES = {("docs/architecture.md", "text")}  # blocks whose names test_architecture.py looks up
EXCERPTS = {"cython": ".pyx", "toml": ".toml"}  # blocks that stand in a file of docs/examples, which is built and run


def with_option(command, option, value):
    """Return a command in which an option is given once, with this value."""
    return re.sub(rf" {option}(?![\w-])( [^-\s]\S*)*", "", command).rstrip() + f" {option} {value}"


def shorter_race(printed):
    command = printed[0].replace("--from-json FILE", "--from-json docs/speed.json")
    if "--from-json" in command:
        return command
    if "--shapes" in command:
        command = with_option(command, "--shapes", "mobilenet_hard_swish")
    else:
        command = with_option(command, "--sizes", "16 32")
        command += " --function tanh" * ("--function" not in command)
    options = {"--between": "matmul"} if "--between" in command else {"--threads": 1}  # PyTorch need not be there
    options |= {"--rounds": 1, "--milliseconds": 0.1, "--peers": ""}
    for option, value in options.items():
        command = with_option(command, option, value)
    return command


def shorter_measurement(printed):
    command = printed[0]
    kept = {"from-json": "docs/accuracy.json", "climbs": "docs/climbs.json", "proofs": "csrc/proof/bounds.json"}
    for option, path in kept.items():
        command = command.replace(f"--{option} FILE", f"--{option} {path}")
    if "--from-json" in command:
        return command
    if "--climb " in command:
        command = with_option(command, "--climb", 0.1)
    command = re.sub(r" --exhaustive| --isa( \w+)+| --add \S+", "", command)
    command = re.sub(r"--json docs/\w+.json", "--json FILE", command)
    return with_option(command, "--function", "relu")


TRY = "pip install --dry-run --no-deps --no-build-isolation "
SOME_TESTS = "tests/threads/test_stress.py tests/memory/test_out_of_memory.py"  # of every marker, and of none
COLLECT = f"python -P -m pytest --collect-only -q -o 'testpaths={SOME_TESTS}'"
MADE = "make -o build/libfastact.a -o build/libfastact.so "
SHORTER = [  # what is printed, what runs instead, and why
    (r'pip install (?=(-e )?"?\.([\["\s]|$))', TRY, "the network is needed, and minutes to compile"),
    (r"^(\S*/)?pytest\b", rf"\1{COLLECT}", "the tests would run themselves"),
    (r"^pre-commit (install|run)\b.*", "pre-commit validate-config", "a repository is needed, and files change"),
    (r"^(bash )?(\.ci/[\w-]+|tests/fuzz/run\.sh).*", r"bash -n \2", "an hour, the network and Clang are needed"),
    (r"python -m fastact bench\b[^#\n]*", shorter_race, "an hour, and peers that need not be there"),
    (r"python bench/pipelines\.py\b[^#\n]*", "python bench/pipelines.py --only silu_mlp --rounds 1 ", "minutes"),
    (r"python -m fastact accuracy\b[^#\n]*", shorter_measurement, "hours, on instruction sets that need not be there"),
    (r"^make (?=.*\binstall\b)", MADE, "a minute; test_c_interface.py does compile them"),
    (r"tests/leaks\.py \d+", "tests/leaks.py 10", "an hour"),
    (r"tests/worst_cases\.py .*", "tests/worst_cases.py --help", "the file of a search is needed"),
    (r"csrc/proof/prove\.py$", "csrc/proof/prove.py --help", "half an hour of two cores"),
]


def shortened(command):
    command = command.replace(" && ", "\n")  # a shell with -e goes on after a failure within such a list
    for printed, instead, _ in SHORTER:
        command = re.sub(printed, instead, command, flags=re.MULTILINE)
    return command


def place(document, title):
    return PLACES.get((document, title), PLACES.get(document, anywhere))


SECTIONS = [(document, title) for document in DOCUMENTS for title in scripts(document)]
COMMANDS = {
    (place(document, title), text): (document, text) for document in DOCUMENTS for title, text in commands(document)
}


@pytest.mark.compiles
@pytest.mark.parametrize(("document", "title"), SECTIONS)
def test_sections(document, title, tmp_path):
    """What a section prints works, when it is typed from above to below."""
    run(scripts(document, shortened)[title], place(document, title), tmp_path)


@pytest.mark.compiles
@pytest.mark.parametrize(("place", "command"), COMMANDS, ids=[": ".join(ids) for ids in COMMANDS.values()])
def test_commands_in_the_text(place, command, tmp_path):
    run(shortened(command), place, tmp_path)


WITH_EXAMPLES = {document: [block.text for block in blocks(document) if is_doctest(block)] for document in DOCUMENTS}


@pytest.mark.parametrize("document", [document for document, examples in WITH_EXAMPLES.items() if examples])
def test_examples(document, tmp_path, monkeypatch):
    """What stands after >>> gives what stands below it; one document is one session."""
    skip_without("".join(WITH_EXAMPLES[document]))
    monkeypatch.chdir(tmp_path)
    results = doctest.testfile(str(ROOT / document), module_relative=False)
    assert results.attempted == len(re.findall(r"^>>> ", read(document), re.MULTILINE))
    assert results.failed == 0


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_block_is_of_a_kind_that_is_run(document):
    for title, kind, text in blocks(document):
        where = f"{document}, {title}: "
        is_picture = (document, kind) in PICTURES
        assert is_picture or kind in ("sh", "c", "python", *EXCERPTS), f"{where}nothing runs a block of kind {kind!r}"
        if kind in EXCERPTS:
            files = [path.read_text(encoding="utf-8") for path in (ROOT / "docs/examples").rglob(f"*{EXCERPTS[kind]}")]
            assert any(text in file for file in files), f"{where}no file of docs/examples has this block:\n{text}"
        if kind == "python" and not text.startswith(">>> "):
            assert ">>> " not in text, f"{where}a program has no >>>, and an example begins with it"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_block_is_found(document):
    """A block that is fenced in another way, or indented, would be no block to the tests."""
    text = read(document)
    assert len(re.findall(r"^[ \t>]*(?:```|~~~|<pre)", text, re.MULTILINE)) == 2 * len(blocks(document))
    for block in blocks(document):
        text = text.replace(block.text, "")
    assert re.findall(r"\n\n(?: {4}|\t).*", text) == []


def test_every_shorter_form_and_place_is_of_use():
    printed = "\n".join([*("\n".join(scripts(d).values()) for d in DOCUMENTS), *(text for _, text in COMMANDS)])
    printed = printed.replace(" && ", "\n")
    assert [pattern for pattern, *_ in SHORTER if not re.search(pattern, printed, re.MULTILINE)] == []
    used = {*SECTIONS, *(document for document, _ in SECTIONS), *(document for document, _ in COMMANDS.values())}
    assert set(PLACES) <= used


def test_every_extra_is_there():
    """What pip would only warn of."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    asked = re.findall(r'"\.\[(.+?)\]"', "".join(map(read, DOCUMENTS)))
    assert {extra for names in asked for extra in names.split(",")} <= set(extras)
    assert asked
