"""Where the shell reads a string a second time: arithmetic, subscripts, tests, prompts. Pure.

A subscript inside an arithmetic value is expanded when the value is used (`a='x[$(rm y)]'; echo $((a))`), so that any
name or string there may run anything. Only plain integers are believed; it never tries to follow a variable's value.
"""

import re
from collections.abc import Iterator, Sequence

from tree_sitter import Node

from proxy.shell.handed_on import Word
from proxy.syntax.bash import literal, source

_PLAIN = re.compile(r"[\d\s+\-*/%<>=!&|^~?:,()]*")
_INTEGER = re.compile(r"[+-]?\d+")
_COMPARES = frozenset({"-eq", "-ne", "-lt", "-le", "-gt", "-ge"})
_NAMES_A_VARIABLE = frozenset({"-v", "-R"})
_BINARY = _COMPARES | {"=", "==", "!=", "<", ">", "-nt", "-ot", "-ef"}
_INTEGERS_COMPARED = re.compile(
    r"""(?<=[\s(])(["']?)[+-]?\d+\1\s+-(?:eq|ne|lt|le|gt|ge)\s+(["']?)[+-]?\d+\2(?=[\s)])"""
)
_COMPARED = re.compile(r"(?<![^\s(&|!])-(?:eq|ne|lt|le|gt|ge|v|R)(?![^\s)<>&|;])")
# What the grammar may leave inside a word, a pattern or a document although bash expands it.
_EXPANDS = re.compile(r"(?<!\\)(?:\\\\)*(?:\$[\[({]|`)")
_PROCESS = re.compile(r"(?<!\\)(?:\\\\)*[<>]\(")
_UNREAD_LEAVES = frozenset(
    {"word", "string_content", "heredoc_content", "heredoc_body", "regex", "extglob_pattern", "variable_name"}
)
#: Where programs are found, what shells and programs run before or beside their work, how the shell splits words, and
#: variables whose value bash itself evaluates as arithmetic.
LOADING = re.compile(
    r"(?:PATH|F?PATH|ENV|IFS|SHELL|SHELLOPTS|BASHOPTS|BASH_\w+|BASH_FUNC_.*|PS[0-4]|PROMPT_COMMAND|LD_\w+|DYLD_\w+"
    r"|PERL\w*|PYTHON\w+|RUBY\w+|NODE_\w+|PHPRC|PHP_INI_SCAN_DIR|LUA_\w+|GEM_\w+|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS"
    r"|JDK_JAVA_OPTIONS|GIT_(?:SSH\w*|ASKPASS|EXTERNAL_DIFF|PROXY_COMMAND|CONFIG\w*|EXEC_PATH|TEMPLATE_DIR|DIR)"
    r"|\w*PAGER|\w*EDITOR|VISUAL|FCEDIT|BROWSER|LESS\w*|\w+_ASKPASS|TAR_OPTIONS|\w+_(?:RSH|SSH|SHELL|PROG|PROGRAM|CMD|COMMAND|HELPER|PROVIDER|HOOK|OPTS|OPTIONS)|ZIPOPT|CDPATH|EXECIGNORE"
    r"|WGETRC|SYSTEM_WGETRC|CURL_HOME|APT_CONFIG|RIPGREP_CONFIG_PATH|XTABLES_LIBDIR|TC_LIB_DIR|KRB5_CONFIG|SASL_(?:CONF_)?PATH"
    r"|LDAP(?:CONF|RC)|LIBMYSQL_PLUGIN\w*|GNUPGHOME|SCREENRC|HGRCPATH|XDG_CONFIG_DIRS|TCLLIBPATH|CLASSPATH|R_PROFILE\w*|MAKEFLAGS|MAKEFILES"
    r"|GCONV_PATH|GLIBC_TUNABLES|HOME|ZDOTDIR|XDG_CONFIG_HOME|VIMINIT|EXINIT|INPUTRC|AWKPATH|AWKLIBPATH|KUBECONFIG"
    r"|DOCKER_\w+|MTR_PACKET|\w+_WRAPPER|ANSIBLE_\w+|CARGO_\w+|RUSTC\w*|(?:npm|NPM)_\w+|MYSQL_HOME|TERMINFO\w*|OPENSSL_\w+|PSQLRC|HISTFILE|RANDOM|SRANDOM|SECONDS|LINENO|HISTCMD|OPTIND|FUNCNEST)"
)


def plain_arithmetic(text: str) -> bool:
    """Whether an expression is made of integers and operators only."""
    return _PLAIN.fullmatch(text) is not None


def arithmetic(node: Node) -> str | None:
    """The expression of `$((…))`, `$[…]`, `((…))` or `for ((…))`; None if the node is none of these."""
    text = source(node)
    match node.type:
        case "arithmetic_expansion":
            return text[2:-1] if text.startswith("$[") else text[3:-2]
        case "compound_statement" if text.startswith("(("):
            return text[2:-2]
        case "c_style_for_statement":
            types = [child.type for child in node.children]
            inside = node.children[types.index("((") + 1 : types.index("))")] if {"((", "))"} <= set(types) else [node]
            return " ".join(source(child) for child in inside).replace(";", ",")
        case _:
            return None


def expands_again(node: Node) -> bool:
    """Whether an expansion, a subscript, an array or a leaf makes the shell evaluate what it cannot be seen to hold."""
    text = source(node)
    match node.type:
        case "expansion":
            return text.startswith("${!") or bool(re.search(r"@[A-Za-z]+\}$", text)) or _slices(node)
        case "subscript":
            inside = text[text.find("[") + 1 : text.rfind("]")]
            return inside not in {"@", "*"} and not plain_arithmetic(inside)
        case "command_substitution" | "subshell":
            # Inside documents the grammar takes `$((a))` for a command.
            return text.startswith(("$((", "(("))
        case "file_redirect":
            return _expands_target(node)
        case "array":
            elements = [source(child) for child in node.named_children]
            return any(word[:1] == "[" and not re.match(r"\[\d+\]\+?=", word) for word in elements)
        case "heredoc_body" if node.parent is not None:
            start = next((child for child in node.parent.children if child.type == "heredoc_start"), None)
            quoted = start is not None and not {"'", '"', "\\"}.isdisjoint(source(start))
            return not quoted and not node.children and bool(_EXPANDS.search(text))
        case "regex" | "extglob_pattern" if _PROCESS.search(text):
            return True
        case kind if kind in _UNREAD_LEAVES and not node.children:
            # The parent of a node among thousands is slow to find.
            return bool(_EXPANDS.search(text)) and not _quoted_document(node)
        case _:
            return False


def _quoted_document(node: Node) -> bool:
    body = node.parent
    if node.type != "heredoc_content" or body is None or body.parent is None:
        return False
    start = next((child for child in body.parent.children if child.type == "heredoc_start"), None)
    return start is not None and not {"'", '"', "\\"}.isdisjoint(source(start))


def _expands_target(redirect: Node) -> bool:
    """`>&'$(reboot)'`: where the target is no descriptor, bash expands it once more as that of `&>`."""
    children = {child.type: child for child in redirect.children}
    target = redirect.child_by_field_name("destination")
    if ">&" not in children or target is None:
        return False
    descriptor = children.get("file_descriptor")
    said = literal(target)
    return (descriptor is None or source(descriptor) == "1") and (said is None or not {"$", "`"}.isdisjoint(said))


def _slices(node: Node) -> bool:
    """`${x:1:$y}`: offset and length are arithmetic."""
    children = node.children
    colon = next((at for at, child in enumerate(children) if child.type == ":"), None)
    if colon is None:
        return False
    return not plain_arithmetic("".join(source(child) for child in children[colon + 1 : -1]))


def double_bracket_evaluates(text: str) -> bool:
    """Whether `[[ … ]]` compares anything but integers as numbers, or asks for a variable by name."""
    return _COMPARED.search(_INTEGERS_COMPARED.sub(" ", text)) is not None


def test_words(node: Node) -> Iterator[Node]:
    """The words of `[ … ]`, which bash reads as a command's, out of the expression that the grammar reads."""
    for child in node.children:
        if child.type in {"binary_expression", "unary_expression", "parenthesized_expression"}:
            yield from test_words(child)
        elif child.type not in {"[", "]"}:
            yield child


def test_evaluates(words: Sequence[Word]) -> bool:
    """Whether the arguments of `test` (without `]`) may make it evaluate one; operators must be seen."""
    group: list[Word] = []
    groups = [group]
    for at, word in enumerate(words):
        if word in {"-a", "-o"} and 0 < at < len(words) - 1 and group:
            groups.append(group := [])
        elif word not in {"!", "(", ")"}:
            group.append(word)
    return any(_group_evaluates(each) for each in groups)


def _group_evaluates(words: Sequence[Word]) -> bool:
    match words:
        case [] | [_]:
            return False
        case [operator, _]:
            return operator is None or operator in _NAMES_A_VARIABLE or not re.fullmatch(r"-[a-zA-Z]", operator)
        case [left, operator, right]:
            if operator in _COMPARES:
                return not all(word is not None and _INTEGER.fullmatch(word) for word in (left, right))
            return operator not in _BINARY
        case _:
            return True


def splits(node: Node) -> bool:
    """Whether an unquoted expansion may become several words."""
    if node.type in {"simple_expansion", "expansion", "command_substitution"}:
        return True
    return node.type == "concatenation" and any(splits(child) for child in node.children)


def builtin_evaluates(name: str, words: Sequence[Word]) -> bool:
    """Whether one of bash's own commands evaluates an argument: names with subscripts, attributes, callbacks."""
    match name:
        case "read" | "mapfile" | "readarray" | "getopts" | "unset" | "wait":
            # mapfile's callback may stand behind other letters: `-tCreboot`.
            return any(word is None or _names_more(word) or (word[:1] == "-" and "C" in word) for word in words)
        case "printf":
            return bool(words) and (words[0] is None or words[0].startswith("-v"))
        case "declare" | "typeset" | "local" | "export" | "readonly":
            options = "".join(word for word in words if word is not None and word[:1] == "-")
            risky = not {"i", "n"}.isdisjoint(options)
            return risky or any(word is None or _names_more(word.partition("=")[0]) or "=(" in word for word in words)
        case "test" | "[":
            return test_evaluates(words)
        case _:
            return False


def compound_evaluates(name: str, words: Sequence[Word], assignment: Node) -> bool:
    """Whether `declare a='([$(reboot)]=1)'` may read the value as an array's elements, once more than it is written.

    Which names are arrays already only the shell knows; `export` and `readonly` must be told that theirs are.
    """
    value = assignment.child_by_field_name("value")
    if value is None or value.type == "array":
        return False
    told = any(word is not None and word[:1] == "-" and not {"a", "A"}.isdisjoint(word) for word in words)
    if name in {"export", "readonly"} and not told:
        return False
    said = literal(value)
    return said is None or said.startswith("(")


def _names_more(word: str) -> bool:
    return "[" in word or "$(" in word or "`" in word or LOADING.fullmatch(word) is not None
