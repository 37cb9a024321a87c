"""What is named for a secret: names, and options that have such a name, of any program. Pure."""

import re
from collections.abc import Iterator, Sequence

from proxy.showing.bash.changes import Change

#: What a name says that holds a secret.
LABELS = r"password|passwd|passphrase|[-_]pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?"
#: Ends of such a name that say that the secret is elsewhere.
NO_SECRET = re.compile(r"(?i)[-_](?:stdin|file|path|name|ttl|fd)$")
#: Options with such a name that take no secret as the next word.
_NO_VALUE = r"(?!.*[-_](?:stdin|file|path|name|id|ttl|fd)$)(?!--?(?:no|ask|prompt|use)-)"
#: `--password`, by itself: its value is the next word. What ends a name is looked at first: else it would be looked for
#: behind each label in it.
_NAMED_OPTION = re.compile(rf"(?i){_NO_VALUE}(?=[\w-]*+\Z)--?[\w-]*(?:{LABELS}|\bcvv2?|\bcvc2?)[\w-]*")
_NAMED_VALUE = re.compile(rf"(?i)(?=[\w.-]*+=.)(?:--?)?[\w.-]*(?:{LABELS}|\bcvv2?|\bcvc2?)[\w.-]*=")


def named_values(words: Sequence[str]) -> Iterator[tuple[int, Change]]:
    """Values of options that are named for a secret, of a program that reads its words as options.

    That says nothing of what the program does with them: it may act on such a word.
    """
    for at, word in enumerate(words):
        found = _NAMED_VALUE.match(word)
        if found and not NO_SECRET.search(word[: found.end() - 1]):
            yield at, Change(found.end(), len(word))
        follows = words[at + 1] if at + 1 < len(words) else ""
        if follows and follows[:1] != "-" and _NAMED_OPTION.fullmatch(word):
            yield at + 1, Change(0, len(follows))
