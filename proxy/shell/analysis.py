"""The analysis of a command line: every command in it, wherever it hides, as labels for the role's rules. Pure.

Each command is analysed by itself, so that an `allow` for one of them never lets another one by. Labels: `exec` on
all; `command:NAME` (a basename); `redirect_write`; `dynamic_command` when only the running shell knows what runs;
`unparseable` when the line is no shell that we can read.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from access.policy.labels import ShellLabel
from proxy.shell import evaluations
from proxy.shell.commands import Argument, Command, command_words, commands, target
from proxy.shell.documents import fed_script
from proxy.shell.handed_on import Word
from proxy.shell.known import is_known, runs_unknown
from proxy.shell.programs import runs_file, runs_unseen, writes
from proxy.shell.readings import backquoted, is_of_bash_alone, is_read_otherwise, is_read_whole, is_unfit
from proxy.shell.tables.transfers import transfers
from proxy.shell.wrappers import FILE_RUNNERS, SHELLS_BESIDE_BASH, file_run
from proxy.syntax.bash import is_deeper_than, literal, nodes, parse, source

#: OpenSSH sends longer ones, but nobody reviews them; they are not parsed.
MAX_COMMAND_CHARACTERS = 65_536
#: Command lines inside command lines: `sh -c "sh -c '…'"`.
MAX_DEPTH = 8
#: Levels of a line's tree: some 300 substitutions one inside the other, or 1,000 commands joined by `&&`.
MAX_LEVELS = 1_000

TEST = "command:test"

# `0>x rm` and `{fd}>x rm` are redirections before a name, where the grammar sees a name; zsh looks up =NAME in PATH.
# GNU parallel's marks stand where no command was given.
_NO_NAME = re.compile(r"^\d+$|[{}]|^=|^:::")
_WRITES = frozenset({">", ">>", ">|", "&>", "&>>", "<>"})
_HARMLESS_TARGETS = frozenset({"/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty"})
_LOADED_BY_ARGUMENT = re.compile(rf"{evaluations.LOADING.pattern}=")
_SUBSCRIPT_OF_DESCRIPTOR = re.compile(r"\{\w+\[")


@dataclass(frozen=True)
class Part:
    """Labels that a rule must let by together."""

    labels: frozenset[str]
    #: The shell itself reads as code what is not seen here.
    evaluates: bool = False
    #: A file of the host is run, which nobody sees here.
    runs_file: bool = False


@dataclass(frozen=True)
class Judgement:
    """What was found out about one command line."""

    labels: frozenset[str]
    #: The labels of each command and finding; every one of them must pass the rules by itself.
    parts: tuple[frozenset[str], ...]
    #: The shell itself reads as code what is not seen in the line: `$x` as a command, `eval`, `… | sh`.
    evaluates: bool
    #: A file of the host is run: `sh x.sh`, `. x`, `./x`, `python3 x.py`. What is in it is not judged.
    runs_file: bool


def judge(line: str) -> Judgement:
    """The labels of one exec request: of the line as one, and of the commands and findings in it."""
    parts = list(dict.fromkeys(_parts(line, MAX_DEPTH)))
    labels = frozenset[str]().union(*(part.labels for part in parts))
    return Judgement(
        labels=labels | {ShellLabel.EXEC},
        parts=tuple(dict.fromkeys(part.labels | {ShellLabel.EXEC} for part in parts)),
        evaluates=any(part.evaluates for part in parts),
        runs_file=any(part.runs_file for part in parts),
    )


def _part(*labels: str) -> Part:
    return Part(frozenset(labels))


_UNPARSEABLE = _part(ShellLabel.UNPARSEABLE)
#: A program runs what its arguments do not plainly say.
_UNSEEN = _part(ShellLabel.DYNAMIC_COMMAND)
_EVALUATED = Part(frozenset({ShellLabel.DYNAMIC_COMMAND}), evaluates=True)


def _parts(line: str, depth: int, *, of_bash: bool = True) -> Iterator[Part]:
    """The parts of one line; `of_bash`: it is bash that reads it, as far as anybody can tell."""
    if depth == 0 or len(line) > MAX_COMMAND_CHARACTERS or is_unfit(line):
        yield _UNPARSEABLE
        return
    yield from _parsed(line, depth, of_bash=of_bash)
    if "\\\n" in line:
        # The shell joins continued lines before it makes words of them, the grammar only between words.
        one = re.sub(r"\\([\s\S])", lambda found: "" if found[1] == "\n" else found[0], line)
        yield from _parsed(one, depth, of_bash=of_bash)


def _parsed(line: str, depth: int, *, of_bash: bool) -> Iterator[Part]:
    try:
        root = parse(line)
    except UnicodeEncodeError:
        yield _UNPARSEABLE
        return
    if is_deeper_than(root, MAX_LEVELS):
        yield _UNPARSEABLE
        return
    if root.has_error or not is_read_whole(root, line):
        yield _UNPARSEABLE
    for node in nodes(root):
        yield from _found(node, depth, of_bash=of_bash)


def _found(node: Node, depth: int, *, of_bash: bool) -> Iterator[Part]:
    expression = evaluations.arithmetic(node)
    if expression is not None:
        yield _part(ShellLabel.ARITHMETIC) if evaluations.plain_arithmetic(expression) else _EVALUATED
    if evaluations.expands_again(node):
        yield _EVALUATED
    if is_read_otherwise(node):
        yield _UNPARSEABLE
    if not of_bash and is_of_bash_alone(node):
        yield _EVALUATED
    for script in backquoted(node):
        yield from _parts(script, depth - 1, of_bash=of_bash)
    match node.type:
        case "command":
            for command in commands(command_words(node)):
                yield from _command(command, depth, of_bash=of_bash)
        case "declaration_command" | "unset_command":
            yield from _declaration(node)
        case "test_command":
            yield from _test(node)
        case "variable_assignment":
            yield _assigned(re.split(r"[+=\[]", source(node))[0])
        case "for_statement":
            variable = node.child_by_field_name("variable")
            if variable is not None and evaluations.LOADING.fullmatch(source(variable)):
                yield _EVALUATED
        case "expansion" if found := re.match(r"\$\{(\w+)(?:\[[^]]*\])?:?=", source(node)):
            yield _assigned(found[1])
        case "heredoc_redirect" | "herestring_redirect":
            # The shell that reads it is dynamic as it is; this names what it will run.
            if (script := fed_script(node)) is not None:
                yield from _parts(script, depth - 1)
        case "file_redirect":
            if _writes(node):
                yield _part(ShellLabel.REDIRECT_WRITE)
        case _:
            pass


def _assigned(variable: str) -> Part:
    """Some variables are code to the programs that read them."""
    return _EVALUATED if evaluations.LOADING.fullmatch(variable) else _part(ShellLabel.ASSIGNMENT)


def _declaration(node: Node) -> Iterator[Part]:
    name, *words = node.children
    yield _part(f"command:{source(name)}")
    spoken = [literal(word) for word in words if word.type != "variable_assignment"]
    assigned = [word for word in words if word.type == "variable_assignment"]
    if evaluations.builtin_evaluates(source(name), spoken) or any(
        evaluations.compound_evaluates(source(name), spoken, each) for each in assigned
    ):
        yield _EVALUATED


def _test(node: Node) -> Iterator[Part]:
    text = source(node)
    yield _part(TEST)
    if text.startswith("[["):
        if evaluations.double_bracket_evaluates(text):
            yield _EVALUATED
        return
    words = list(evaluations.test_words(node))
    operators = {word.type for word in words if not word.is_named}
    # To bash it is a command like any other: these end it, or redirect it.
    if "\n" in text or operators - {"=", "==", "!=", "!"} or not text.endswith("]"):
        yield _UNPARSEABLE
    if evaluations.test_evaluates([literal(word) for word in words]) or any(map(evaluations.splits, words)):
        yield _EVALUATED


def _command(command: Command, depth: int, *, of_bash: bool) -> Iterator[Part]:
    name, words = command.basename, command.words
    if not command.name or _NO_NAME.search(command.name):
        yield _EVALUATED
        return
    named = f"command:{'source' if name == '.' else name}"
    yield Part(frozenset({named}), runs_file=not command.is_installed or runs_file(name, words, command.handed_on))
    if name in FILE_RUNNERS and (file := file_run(name, words)):
        # It may be a program of the host by its own name: `sh reboot`. Who allows `sh` allows its files.
        yield Part(frozenset({named, f"command:{file.rpartition('/')[2]}"}), runs_file=True)
    if runs_unknown(name, words, installed=command.is_installed):
        # Together with its name: whoever allows that one knows the program.
        yield _part(named, ShellLabel.DYNAMIC_COMMAND)
    if not command.is_installed and is_known(name):
        # A file of that name may be anything: who allows `ls` means the one of the host.
        yield _UNSEEN
    if transfers(name, words):
        # As with a program that is not known: a rule that allows it by its name knows what it does.
        yield _part(named, ShellLabel.TRANSFER)
    if command.handed_on.unknown or _evaluates(name, command.arguments):
        yield _EVALUATED
    if any(word and _LOADED_BY_ARGUMENT.match(word) for word in words):
        yield _EVALUATED
    if runs_unseen(name, words):
        yield _UNSEEN
    if writes(name, words):
        yield _part(ShellLabel.REDIRECT_WRITE)
    for script in command.scripts:
        same = name not in SHELLS_BESIDE_BASH and of_bash
        yield from _script([argument.word for argument in script], depth, of_bash=same or name == "bash")


def _evaluates(name: str, arguments: Sequence[Argument]) -> bool:
    words = [argument.word for argument in arguments]
    if name == "[":
        words = words[:-1]
    if any(_SUBSCRIPT_OF_DESCRIPTOR.match(source(argument.node)) for argument in arguments):
        return True
    if name in {"[", "test"} and any(evaluations.splits(argument.node) for argument in arguments):
        return True
    return evaluations.builtin_evaluates(name, words)


def _script(words: Sequence[Word], depth: int, *, of_bash: bool) -> Iterator[Part]:
    known = [word for word in words if word is not None]
    if len(known) < len(words):
        yield _EVALUATED
    else:
        yield from _parts(" ".join(known), depth - 1, of_bash=of_bash)


def _writes(node: Node) -> bool:
    operator = next((child.type for child in node.children if not child.is_named), "")
    file = target(node)
    if operator == ">&":
        # Without a number or a dash it is the old spelling of &>.
        return file is not None and not re.fullmatch(r"\d+-?|-", source(file))
    if file is None or literal(file) not in _HARMLESS_TARGETS:
        return operator in _WRITES
    # The grammar may end it at a backquote: ``>/dev/null`x` ``.
    return operator in _WRITES and any(other.start_byte == file.end_byte for other in node.children)
