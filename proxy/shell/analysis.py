"""The analysis of a command line: every command in it, wherever it hides, as labels for the role's rules. Pure.

Each command is analysed by itself, so that an `allow` for one of them never lets another one by. Labels: `exec` on
all; `command:NAME` (a basename); `redirect_write`; `dynamic_command` when only the running shell knows what runs;
`unparseable` when the line is no shell that we can read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from access.policy.labels import ShellLabel
from proxy.shell import evaluations
from proxy.shell.programs import runs_unseen, writes
from proxy.shell.secrets import redact
from proxy.shell.wrappers import Word, runs
from proxy.statements import StatementFacts
from proxy.syntax.bash import literal, nodes, parse, source

#: OpenSSH sends longer ones, but nobody reviews them; they are not parsed.
MAX_COMMAND_CHARACTERS = 65_536
#: Command lines inside command lines: `sh -c "sh -c '…'"`.
MAX_DEPTH = 8

TEST = "command:test"

# Bash separates by space, tab and newline only; the grammar also by these, so that the two would read different words.
# A lone dollar at a line's end makes the grammar swallow the next line.
_READ_OTHERWISE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]|\$(?:\\\n)*\n")
# `0>x rm` and `{fd}>x rm` are redirections before a name, where the grammar sees a name; zsh looks up =NAME in PATH.
_NO_NAME = re.compile(r"^\d+$|[{}]|^=")
_WRITES = frozenset({">", ">>", ">|", "&>", "&>>", "<>"})
_HARMLESS_TARGETS = frozenset({"/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty"})
_LOADED_BY_ARGUMENT = re.compile(rf"{evaluations.LOADING.pattern}=")
_SUBSCRIPT_OF_DESCRIPTOR = re.compile(r"\{\w+\[")
_APPENDS = frozenset({"xargs", "parallel"})


def analyse(command: str) -> list[StatementFacts]:
    """The facts of one exec request: one statement, whose parts are the commands and findings in it."""
    labels = dict.fromkeys(_labels(command, MAX_DEPTH))
    parts = tuple(frozenset({ShellLabel.EXEC, label}) for label in labels)
    found = frozenset({ShellLabel.EXEC, *labels})
    return [StatementFacts(text=redact(command), kind=ShellLabel.EXEC.value, labels=found, parts=parts)]


def _labels(line: str, depth: int) -> Iterator[str]:
    if depth == 0 or len(line) > MAX_COMMAND_CHARACTERS or _READ_OTHERWISE.search(line):
        yield ShellLabel.UNPARSEABLE
        return
    yield from _parsed(line, depth)
    if "\\\n" in line:
        # The shell joins continued lines before it makes words of them, the grammar only between words.
        yield from _parsed(re.sub(r"\\([\s\S])", lambda found: "" if found[1] == "\n" else found[0], line), depth)


def _parsed(line: str, depth: int) -> Iterator[str]:
    try:
        root = parse(line)
    except UnicodeEncodeError:
        yield ShellLabel.UNPARSEABLE
        return
    if root.has_error:
        yield ShellLabel.UNPARSEABLE
    for node in nodes(root):
        yield from _found(node, depth)


def _found(node: Node, depth: int) -> Iterator[str]:
    expression = evaluations.arithmetic(node)
    if expression is not None:
        yield ShellLabel.ARITHMETIC if evaluations.plain_arithmetic(expression) else ShellLabel.DYNAMIC_COMMAND
    if evaluations.expands_again(node):
        yield ShellLabel.DYNAMIC_COMMAND
    match node.type:
        case "command":
            yield from _command(command_words(node), depth)
        case "declaration_command" | "unset_command":
            yield from _declaration(node)
        case "test_command":
            yield from _test(node)
        case "variable_assignment":
            yield _assigned(re.split(r"[+=\[]", source(node))[0])
        case "for_statement":
            variable = node.child_by_field_name("variable")
            if variable is not None and evaluations.LOADING.fullmatch(source(variable)):
                yield ShellLabel.DYNAMIC_COMMAND
        case "expansion" if found := re.match(r"\$\{(\w+)(?:\[[^]]*\])?:?=", source(node)):
            yield _assigned(found[1])
        case "file_redirect":
            if _writes(node):
                yield ShellLabel.REDIRECT_WRITE
        case "redirected_statement":
            body = node.child_by_field_name("body")
            if (body is None or body.type != "command") and _after_redirects(node):
                yield ShellLabel.UNPARSEABLE
        case "comment":
            # A comment does not continue, though its last character says so; the two readings differ.
            if source(node).endswith("\\"):
                yield ShellLabel.UNPARSEABLE
        case _:
            pass


def _assigned(variable: str) -> ShellLabel:
    """Some variables are code to the programs that read them."""
    return ShellLabel.DYNAMIC_COMMAND if evaluations.LOADING.fullmatch(variable) else ShellLabel.ASSIGNMENT


def _declaration(node: Node) -> Iterator[str]:
    name, *words = node.children
    yield f"command:{source(name)}"
    spoken = [literal(word) for word in words if word.type != "variable_assignment"]
    if evaluations.builtin_evaluates(source(name), spoken):
        yield ShellLabel.DYNAMIC_COMMAND


def _test(node: Node) -> Iterator[str]:
    text = source(node)
    yield TEST
    if text.startswith("[["):
        if evaluations.double_bracket_evaluates(text):
            yield ShellLabel.DYNAMIC_COMMAND
        return
    words = list(evaluations.test_words(node))
    operators = {word.type for word in words if not word.is_named}
    # To bash it is a command like any other: these end it, or redirect it.
    if "\n" in text or operators - {"=", "==", "!=", "!"} or not text.endswith("]"):
        yield ShellLabel.UNPARSEABLE
    if evaluations.test_evaluates([literal(word) for word in words]) or any(map(evaluations.splits, words)):
        yield ShellLabel.DYNAMIC_COMMAND


@dataclass(frozen=True)
class Argument:
    """A word of a command: what it says (None: computed) and where it stands in the text."""

    word: Word
    node: Node


def command_words(node: Node) -> list[Argument]:
    """The words of a simple command, its name first, without assignments before it and redirections."""
    words: list[Argument] = []
    for index, child in enumerate(node.children):
        if child.type == "command_name":
            words.append(Argument(_name(child), child))
        elif node.field_name_for_child(index) == "argument":
            words.append(Argument(literal(child), child))
    body = node.parent
    if body is not None and body.type == "redirected_statement":
        words += [Argument(literal(word), word) for word in _after_redirects(body)]
    return words


def _after_redirects(statement: Node) -> list[Node]:
    """Words behind a redirection (`sudo >log rm x`): arguments for the shell, more targets for the grammar."""
    words: list[Node] = []
    for redirect in nodes(statement, into=frozenset({"redirected_statement", "file_redirect", "heredoc_redirect"})):
        if redirect.type == "file_redirect":
            words += redirect.children_by_field_name("destination")[1:]
        elif redirect.type == "heredoc_redirect":
            words += redirect.children_by_field_name("argument")
    return words


def _name(node: Node) -> Word:
    parts = node.children
    return literal(parts[0]) if len(parts) == 1 else None


def _command(words: list[Argument], depth: int) -> Iterator[str]:
    waiting = [words]
    while waiting:
        command = waiting.pop()
        if not command:
            continue
        name = command[0].word
        if not name or _NO_NAME.search(name):
            yield ShellLabel.DYNAMIC_COMMAND
            continue
        basename = name.rpartition("/")[2]
        yield f"command:{'source' if basename == '.' else basename}"
        arguments = command[1:]
        if any(argument.word and _LOADED_BY_ARGUMENT.match(argument.word) for argument in arguments):
            yield ShellLabel.DYNAMIC_COMMAND
        spoken = [argument.word for argument in arguments]
        handed_on = runs(basename, spoken)
        if handed_on.unknown or runs_unseen(basename, spoken) or _evaluates(basename, arguments):
            yield ShellLabel.DYNAMIC_COMMAND
        if writes(basename, spoken):
            yield ShellLabel.REDIRECT_WRITE
        # What comes from a pipe stands behind the words that are seen.
        appended = [Argument(None, command[0].node)] if basename in _APPENDS else []
        waiting += [arguments[start:end] + appended for start, end in handed_on.commands]
        for start, end in handed_on.scripts:
            yield from _script([argument.word for argument in arguments[start:end]], depth)


def _evaluates(name: str, arguments: list[Argument]) -> bool:
    words = [argument.word for argument in arguments]
    if name == "[":
        words = words[:-1]
    if any(_SUBSCRIPT_OF_DESCRIPTOR.match(source(argument.node)) for argument in arguments):
        return True
    if name in {"[", "test"} and any(evaluations.splits(argument.node) for argument in arguments):
        return True
    return evaluations.builtin_evaluates(name, words)


def _script(words: list[Word], depth: int) -> Iterator[str]:
    known = [word for word in words if word is not None]
    if len(known) < len(words):
        yield ShellLabel.DYNAMIC_COMMAND
    else:
        yield from _labels(" ".join(known), depth - 1)


def _writes(node: Node) -> bool:
    operator = next((child.type for child in node.children if not child.is_named), "")
    target = node.child_by_field_name("destination")
    if operator == ">&":
        # Without a number or a dash it is the old spelling of &>.
        return target is not None and not re.fullmatch(r"\d+-?|-", source(target))
    return operator in _WRITES and (target is None or literal(target) not in _HARMLESS_TARGETS)
