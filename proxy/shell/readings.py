"""Where bash reads a text otherwise than the grammar does: what of a tree nobody may believe. Pure.

The grammar was made to colour programs, bash to run them. What is known to part them is refused here, or read again as
bash reads it; it never guesses which of two readings was meant.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from tree_sitter import Node

from proxy.shell.commands import after_redirects
from proxy.shell.options import split_words
from proxy.syntax.bash import nodes, parse, source

# Bash separates by space, tab and newline only; the grammar also by these, so that the two would read different words.
# A lone dollar at a line's end makes the grammar swallow the next line.
_CHARACTERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]|\$(?:\\\n)*\n")
# In GBK, BIG5 or SJIS, which a line can switch to itself, the last byte of a character of UTF-8 is one with any of
# these behind it: then a backslash quotes nothing.
_JOINED = re.compile(r"[^\x00-\x7f][\\`|{}\[\]~^@]")
#: The grammar takes the square of their number in a here-document.
MAX_EXPANSIONS = 3_000
#: And of these where it cannot read the line (`a|a|a|` of 60 KB takes half a minute), in which no other thread runs.
MAX_OPERATORS = 3_000
_OPERATORS = (*"|&;()<>[", "=~", "${")
#: Without any of these a quotation ends at the next quote.
_NESTS = re.compile(r"[\\$`#]|<<")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_ESCAPED = re.compile(r"\\[\s\S]")
# Unquoted, these end a word for bash. The grammar takes a newline before a backslash into one: `echo a⏎\reboot`.
_ENDS_A_WORD = frozenset(" \t\n;|&<>()'\"")
# What may stand between two parts of a tree: to the grammar more than that is blank.
_BLANK = re.compile(rb"(?:[ \t]|\\\n)*")
_BLANK_LINES = re.compile(rb"(?:[ \t\n]|\\\n)*")
_CONTINUES = re.compile(rb"(?:\\\n)+")
_KEEPS_LINES = frozenset({"string", "heredoc_body", "heredoc_redirect", "comment"})
#: To bash a newline ends these; in two of them something may follow in a line of its own.
_OF_ONE_LINE = split_words(
    """
    command declaration_command unset_command redirected_statement file_redirect herestring_redirect heredoc_redirect
    for_statement
    """
)
#: In a word nothing is blank; the grammar makes one of what an empty pair of backquotes parts.
_WITHOUT_BLANKS = frozenset({"concatenation", "simple_expansion", "translated_string", "variable_assignment"})
_FOLLOWS_A_NEWLINE = frozenset({"do_group", "compound_statement", "heredoc_body", "heredoc_end"})
# Bash ends a word where one of these begins or ends, and nowhere else without a blank.
_PARTS_WORDS = frozenset(";&|()<>\n")
#: Where a closing parenthesis ends a word; behind any other (`x=(a)`, `$(a)`, `<(a)`) it may go on.
_PARENTHESES = frozenset(
    {"subshell", "compound_statement", "c_style_for_statement", "function_definition", "case_item"}
)
#: Of one word, of one expression, or looked at by a rule of its own: their parts need not be apart.
_UNDIVIDED = split_words(
    """
    concatenation string translated_string expansion simple_expansion brace_expression variable_assignment subscript
    arithmetic_expansion command_substitution binary_expression unary_expression postfix_expression ternary_expression
    parenthesized_expression heredoc_redirect heredoc_body
    """
)
_COMPUTED_BESIDE = frozenset({"command", "declaration_command", "file_redirect", "for_statement", "array"})
_PROCESS = re.compile(r"[<>]\(")
_ANSI_C = re.compile(r"\$'(?:[^'\\]|\\[\s\S])*'")
# What is no quotation between double quotes may end there, or expand.
_NOT_QUOTED = frozenset('$`\\"}')
# What quotes in a pattern, and what no pattern then has left: to the grammar a brace in it opens one that must be
# closed, and a quote quotes nothing.
_QUOTED_OR_ESCAPED = re.compile(r"\\[\s\S]|'[^']*'|\"(?:[^\"\\]|\\[\s\S])*\"|\$\{\w+\}")
_ENDS_A_COMMAND = frozenset("<>&|;")
_NOT_OF_A_PATTERN = frozenset("{}'\"")
_VARIABLE = re.compile(r"\$(?:\w+|[*@#?$!_-])")
_DESCRIPTOR_NAME = re.compile(rb"\{\w+(?:\[.*\])?\}", re.DOTALL)
_EXPANSIONS = frozenset(
    {"command_substitution", "expansion", "simple_expansion", "arithmetic_expansion", "translated_string"}
)
_EXPANDING = re.compile(rb"`|\$[({\[]")
_ESCAPED_BYTES = re.compile(rb"\\[\s\S]")
_QUOTES = frozenset("'\"\\")
_BORDERS = b" \t\n;|&()<>"
_BESIDE_WORDS = frozenset({b"", *(bytes((each,)) for each in _BORDERS)})
_MARKER = re.compile(r"\\?[\w.%+-]+|'[\w .%+-]*'|\"[\w .%+-]*\"")
# POSIX 2.6.3: inside backquotes a backslash is taken away before these, between double quotes also before those.
_BACKSLASH = re.compile(r"\\([$`\\])")
_BACKSLASH_IN_QUOTES = re.compile(r"\\([$`\\\"])")


def is_unfit(line: str) -> bool:
    """Whether the grammar cannot be asked about the line: for characters that bash reads otherwise, or for hours."""
    too_many = "<<" in line and line.count("$") + line.count("`") > MAX_EXPANSIONS
    bare = line if _NESTS.search(line) else _QUOTED.sub("", line)
    too_many |= sum(map(bare.count, _OPERATORS)) > MAX_OPERATORS
    return too_many or _CHARACTERS.search(line) is not None or _JOINED.search(bare) is not None


def is_read_whole(root: Node, line: str) -> bool:
    """Whether bash, too, finds nothing before and behind the tree's parts, and comments where the tree has them."""
    data, parts = line.encode(), root.children
    start, end = (parts[0].start_byte, parts[-1].end_byte) if parts else (len(data), len(data))
    if not (_BLANK_LINES.fullmatch(data, 0, start) and _BLANK_LINES.fullmatch(data, end)):
        return False
    return "#" not in line or all(_begins(node, root, data) for node in nodes(root) if node.type == "comment")


def is_read_otherwise(node: Node) -> bool:
    """Whether bash reads another thing where this node stands."""
    if node.child_count > 1 and not all(_is_blank(node, *pair) for pair in pairwise(node.children)):
        return True
    match node.type:
        case "word":
            if _is_alternative(node):
                # `${x:-((a}`: the grammar has a word end with the parentheses that it begins with.
                return "}" in _ESCAPED.sub("", source(node))
            return not _ENDS_A_WORD.isdisjoint(_ESCAPED.sub("", source(node)))
        case "comment":
            # A comment does not continue, though its last character says so; the two readings differ.
            return source(node).endswith("\\")
        case "redirected_statement":
            body = node.child_by_field_name("body")
            return (body is None or body.type != "command") and bool(after_redirects(node))
        case "file_descriptor":
            # `ls -l2>x` writes standard output: digits are a descriptor where nothing stands before them.
            return not source(node).isdecimal() or not _stands_alone(node)
        case "file_redirect":
            return _closes_more(node) or _is_named(node)
        case "herestring_redirect":
            return _is_named(node)
        case "heredoc_redirect":
            return _is_named(node) or not _is_delimited(node)
        case "heredoc_body":
            # Before its first expansion the grammar has no part of it.
            return bool(node.children) and _is_expanded(node) and _expands_more(node)
        case "string":
            return _expands_more(node)
        case "binary_expression":
            # `[[ a[<(reboot) ]]`: what compares to the grammar is a substitution to bash.
            return any(
                before.type in {"<", ">"} and before.end_byte == after.start_byte and source(after).startswith("(")
                for before, after in pairwise(node.children)
            )
        case "simple_expansion":
            # Between double quotes the grammar takes `$ $` for one, and what follows for text.
            return _VARIABLE.fullmatch(source(node)) is None
        case "expansion":
            # A substitution of a process in it is plain text to the grammar.
            return _PROCESS.search(source(node)) is not None
        case "ansi_c_string" if _ANSI_C.fullmatch(source(node)) is None:
            return True
        case "regex":
            return _ends_elsewhere(node) or _ends_a_command(node)
        case "extglob_pattern":
            return _ends_a_command(node)
        case "raw_string" | "ansi_c_string":
            return not _NOT_QUOTED.isdisjoint(source(node)[1:-1]) and _is_between_double_quotes(node)
        case "command_substitution" if _is_backquoted(node):
            # It ends at the first backquote that has no backslash, in whatever quotes that stands.
            return "`" in _ESCAPED.sub("", _between(node))
        case _:
            return False


def backquoted(node: Node) -> Iterator[str]:
    """The scripts that bash may make of a substitution in backquotes with backslashes, which it takes away first."""
    if node.type == "command_substitution" and _is_backquoted(node) and "\\" in (text := _between(node)):
        yield from dict.fromkeys(form.sub(r"\1", text) for form in (_BACKSLASH, _BACKSLASH_IN_QUOTES))


def is_of_bash_alone(node: Node) -> bool:
    """Whether another shell runs what stands in it as a command: `[[ x || reboot ]]`, `echo &>x reboot`, `$'\\'…`."""
    match node.type:
        case "test_command" | "compound_statement":
            return source(node).startswith(("[[", "(("))
        case "file_redirect":
            return any(child.type in {"&>", "&>>"} for child in node.children)
        case kind:
            return kind == "ansi_c_string"


def joined(line: str) -> str:
    """The line with the words put together that a backslash at a line's end parts: the grammar reads two of them."""
    try:
        data, root = line.encode(), parse(line)
    except UnicodeEncodeError:
        return line
    kept, at = bytearray(), 0
    for start, end in sorted(_continuations(root)):
        kept += data[at:start]
        at = end
    return (kept + data[at:]).decode() if at else line


def _continuations(root: Node) -> Iterator[tuple[int, int]]:
    for node in nodes(root):
        text, start = node.text or b"", node.start_byte
        if b"\\\n" in text and node.type not in _KEEPS_LINES:
            for before, after in pairwise(node.children):
                if _CONTINUES.fullmatch(text, before.end_byte - start, after.start_byte - start):
                    yield before.end_byte, after.start_byte


def _is_backquoted(node: Node) -> bool:
    return source(node).lstrip("$")[:1] == "`"


def _between(node: Node) -> str:
    """What stands between backquotes; the grammar takes a dollar before them along."""
    return source(node).lstrip("$")[1:-1]


def _is_blank(node: Node, before: Node, after: Node) -> bool:
    """Whether bash, too, reads nothing between two parts of a node."""
    if before.end_byte == after.start_byte:
        return node.type in _UNDIVIDED or _are_apart(node, before, after)
    gap = (node.text or b"")[before.end_byte - node.start_byte : after.start_byte - node.start_byte]
    if node.type in _WITHOUT_BLANKS and not _is_alternative(node):
        return _CONTINUES.fullmatch(gap) is not None
    if node.type in _OF_ONE_LINE and after.type not in _FOLLOWS_A_NEWLINE:
        return _BLANK.fullmatch(gap) is not None
    return node.type == "heredoc_body" or _BLANK_LINES.fullmatch(gap) is not None


def _closes_more(redirect: Node) -> bool:
    """`>& -rm`: behind a blank, too, bash takes the dash by itself, and begins a word behind it."""
    target = redirect.child_by_field_name("destination")
    duplicates = any(child.type in {">&", "<&"} for child in redirect.children)
    return duplicates and target is not None and source(target).startswith("-") and source(target) != "-"


def _before(node: Node) -> bytes:
    """All that stands before a node."""
    root = node
    while root.parent is not None:
        root = root.parent
    return (root.text or b"")[: node.start_byte - root.start_byte]


def _stands_alone(node: Node) -> bool:
    """Whether no word goes on where the node begins."""
    return _before(node)[-1:] in _BESIDE_WORDS


def _is_named(redirect: Node) -> bool:
    """`{fd}>x`: bash opens a descriptor and names it, and takes none of it for a word of the command."""
    before = _before(redirect)
    if not before.endswith(b"}"):
        return False
    begun = max(before.rfind(border) for border in _BORDERS) + 1
    return _DESCRIPTOR_NAME.fullmatch(before, begun) is not None


def _is_expanded(body: Node) -> bool:
    """Whether bash expands a document: no part of its marker is quoted."""
    beside = body.parent.children if body.parent is not None else []
    return not any(child.type == "heredoc_start" and not _QUOTES.isdisjoint(source(child)) for child in beside)


def _expands_more(node: Node) -> bool:
    """Whether bash expands something in it that is mere text to the grammar."""
    data, at, rest = node.text or b"", node.start_byte, bytearray()
    for child in node.children:
        if child.type in _EXPANSIONS:
            rest += data[at - node.start_byte : child.start_byte - node.start_byte] + b" "
            at = child.end_byte
    rest += data[at - node.start_byte :]
    return _EXPANDING.search(_ESCAPED_BYTES.sub(b"", bytes(rest))) is not None


def _are_apart(node: Node, before: Node, after: Node) -> bool:
    """Whether two parts without a blank between them are two words for bash: `'ls'\\;rm` is one.

    Beside a backquote what is of one word is known to be computed, whatever the grammar makes of it: ``a-`date`.log``.
    """
    if after.type == "comment":
        return True
    while after.child_count:
        after = after.children[0]
    if not after.is_named and after.type[:1] in _PARTS_WORDS:
        return True
    while before.child_count:
        before = before.children[-1]
    return _ends_words(before) or (node.type in _COMPUTED_BESIDE and "`" in {before.type, after.type})


def _ends_words(leaf: Node) -> bool:
    """Whether bash begins another word behind this leaf of the tree, as behind an operator."""
    if leaf.is_named or leaf.type[-1:] not in _PARTS_WORDS:
        return False
    return leaf.type[-1:] != ")" or (leaf.parent is not None and leaf.parent.type in _PARENTHESES)


def _begins(comment: Node, root: Node, data: bytes) -> bool:
    """Whether the comment is one to bash as well: a hash that continues a word begins none."""
    at = comment.start_byte
    while data[at - 1 : at] == b"\n" and _is_escaped(data, at - 1):
        at -= 2
    if at == 0 or data[at - 1] in b" \t\n":
        return at == 0 or not _is_escaped(data, at - 1)
    leaf = root.descendant_for_byte_range(at - 1, at)
    return leaf is not None and _ends_words(leaf)


def _is_escaped(data: bytes, at: int) -> bool:
    start = at
    while start and data[start - 1] == ord("\\"):
        start -= 1
    return (at - start) % 2 == 1


def _is_alternative(word: Node) -> bool:
    """Whether it is of the text inside `${x:-a b}`, which has blanks of its own."""
    parent = word.parent
    while parent is not None and parent.type == "concatenation":
        parent = parent.parent
    return parent is not None and parent.type == "expansion"


def _is_between_double_quotes(node: Node) -> bool:
    """Whether it stands in an expansion in double quotes (`"${x:-'$(reboot)'}"`), where single quotes quote nothing."""
    parent = node.parent
    while parent is not None and parent.type in {"expansion", "concatenation"}:
        parent = parent.parent
    return parent is not None and parent.type in {"string", "heredoc_body"} and parent != node.parent


def _ends_elsewhere(pattern: Node) -> bool:
    """Whether bash ends a pattern before or behind where the grammar does: `${x#{}|rm }`, `ls == a|rm ]]`."""
    parent, text = pattern.parent, source(pattern)
    if parent is None or parent.type == "command":
        # What stands behind `==` in a command is a word like any other.
        return True
    if parent.type != "expansion":
        return False
    if "$'" in text or ("'" in text and _is_in_double_quotes(parent)):
        return True
    return not _NOT_OF_A_PATTERN.isdisjoint(_QUOTED_OR_ESCAPED.sub("", text))


def _ends_a_command(pattern: Node) -> bool:
    """Whether it stands in `[ … ]`, which is a command like any other, and has what ends or redirects one: `a[;rm`."""
    if _ENDS_A_COMMAND.isdisjoint(_ESCAPED.sub("", source(pattern))):
        return False
    around: Node | None = pattern
    while around is not None and around.type != "test_command":
        around = around.parent
    return around is not None and not source(around).startswith("[[")


def _is_in_double_quotes(expansion: Node) -> bool:
    around: Node | None = expansion
    while around is not None and around.type in {"expansion", "concatenation"}:
        around = around.parent
    return around is not None and around.type in {"string", "heredoc_body"}


def _is_delimited(redirect: Node) -> bool:
    """Whether a here-document begins and ends with a word that is plain, or quoted as a whole, where bash sees it end.

    Only `<<-` takes tabs away before its end; a backslash at a line's end puts the next line to it; and inside `$(…)`
    a line that only begins with the word may be the end as well.
    """
    parts = {child.type: child for child in redirect.children}
    start, end = (source(parts[kind]) if kind in parts else "" for kind in ("heredoc_start", "heredoc_end"))
    marker = start.lstrip("\\").strip("'\"")
    if start and not _is_whole(redirect, parts["heredoc_start"]):
        return False
    if _MARKER.fullmatch(start) is None or end.strip("\t\n") != marker or not _ends_its_line(parts["heredoc_end"]):
        return False
    # What is not of the document, on its first line, is of no interest: the marker stands there too.
    before = (redirect.text or b"")[: parts["heredoc_end"].start_byte - redirect.start_byte].decode().split("\n")[1:]
    lines = [line.lstrip("\t") for line in before] if "<<-" in parts else before
    if not lines or lines[-1] or marker in lines[:-1]:
        return False
    if start == marker and lines[:-1] and (len(lines[-2]) - len(lines[-2].rstrip("\\"))) % 2:
        return False
    return not (any(line.startswith(marker) for line in lines) and _is_substituted(redirect))


def _is_whole(redirect: Node, start: Node) -> bool:
    """Whether the marker ends where the grammar says: of `<<'E'x` it is `Ex`."""
    return (redirect.text or b"")[start.end_byte - redirect.start_byte :][:1] in _BESIDE_WORDS


def _ends_its_line(node: Node) -> bool:
    root = node
    while root.parent is not None:
        root = root.parent
    return (root.text or b"")[node.end_byte - root.start_byte :][:1] in {b"", b"\n"}


def _is_substituted(node: Node) -> bool:
    parent = node.parent
    while parent is not None and parent.type not in {"command_substitution", "process_substitution"}:
        parent = parent.parent
    return parent is not None
