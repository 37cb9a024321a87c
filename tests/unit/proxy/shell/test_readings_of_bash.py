"""Lines of an attack that bash reads otherwise than the grammar does: nothing in them goes unjudged."""

import pytest

from proxy.shell.analysis import judge
from proxy.ssh.channels.asked import is_chosen_word


@pytest.mark.parametrize(
    "line",
    [
        # The marker is the whole word (Ex), so that the document goes on to the end, and bash runs it.
        "bash <<'E'x\nreboot\nE",
        "bash <<'E'local\nreboot\nE",
        'bash <<"E"x\nreboot\nE',
        "bash <<'E'\"x\"\nreboot\nE",
        # An option that ends in a digit is no descriptor: the target is that of `&>`, which bash expands once more.
        "ls -l2>&'$(reboot)'",
        "ls -1>&a'[$(reboot)]'",
        # ... and the option is left out of the words that are judged.
        "tar xf a -Ipython3>&2",
        "rsync -er1>&2 a b",
        "awk -fx1>&2 y",
        "perl -e1>&2 x",
        "ssh -Fx1>&2 host ls",
        "scp -S1>&2 a b:",
        # Between double quotes the grammar takes the blank into the name of $$, and the rest is text.
        'echo "$ $(reboot)"',
        '[[ a = "$ $(reboot)" ]]',
        'x="$\t$(reboot)"',
        # The grammar has no node for what begins a document's body before its first expansion.
        "cat <<E\n`reboot`$x\nE",
        "cat <<E\na`reboot`$x\nE",
        "cat <<E\n\t$(reboot)$x\nE",
        # `{fd}>` is no word of the command: bash takes the one behind it for the option's value.
        "env -u {fd}>&1 cat reboot",
        f"env -u {{{'d' * 5000}}}>&1 cat reboot",
        "env -u {fd[0]}>&1 cat reboot",
        "flock {fd}>&1 ls reboot",
        "echo reboot | bash {fd}>&1",
        "bash {fd}>&1 <<'E'\nreboot\nE",
        # What compares to the grammar is a substitution to bash.
        "[[ a[<(reboot) ]]",
        "[[ {a,b}<(reboot) ]]",
        "[[ a>(reboot) ]]",
        # ... and in a pattern.
        "[[ x == @(<(reboot)) ]]",
        "[[ x != +(a|>(reboot)) ]]",
        "[[ x == [<(reboot)] ]]",
        "case x in [<(reboot)]) ;; esac",
        # A pattern ends at the first brace that is not quoted; the grammar closes those first that stand in it.
        "echo ${x#{}|reboot }",
        "echo ${x%%{a}; reboot; }",
        "echo ${x/{a,b}& reboot }",
        "echo ${x^^{}|reboot }",
        "echo ${x[0]#a{}\nreboot\n}",
        'echo "${x#{}"; reboot; echo "}"',
        "x=${x#{} reboot }",
        "echo ${x:-(( a}\nreboot\n))}",
        # ... and no quotes quote in it.
        'echo ${x#a"}"}; reboot #"',
        'echo "${x#a"}"}"; reboot #"',
        "echo ${x#a'{'$'\\''}|reboot '} #'",
        # `==` is a word of a command, and what stands behind it, too, whatever brackets follow.
        "ls == a|reboot ]]",
        "ls [[ x =~ {\nreboot\n} ]]",
        "ls <<<[[ a == b|reboot ]]",
        "[ a == a[;reboot ]",
        "[ a == a[|reboot\t ]",
    ],
)
def test_what_bash_runs_is_forbidden(line: str) -> None:
    assert not judge(line).labels.isdisjoint({"command:reboot", "dynamic_command", "unparseable"})


@pytest.mark.parametrize("line", ["[ a == b>f ]", "[ a == b&>f ]", "[ a == b[>f ]"])
def test_what_single_brackets_write_is_not_believed(line: str) -> None:
    assert "unparseable" in judge(line).labels


@pytest.mark.parametrize("line", ["sed -i1>&2 s/a/b/ f", "sort -of1>&2 a", "curl -of1>&2 http://x", "wget -i1<a -O1"])
def test_what_writes_files_says_so(line: str) -> None:
    assert not judge(line).labels.isdisjoint({"redirect_write", "unparseable"})


@pytest.mark.parametrize(
    "line",
    [
        "echo ${x#*/} ${x%.*} ${x//\\//_} ${x/a b/c} ${x%%[!0-9]*}",
        'echo "${x//[^a-z]/-}" "${x%\\}}" "${x#"$y"}" ${x#\\{} ${x#?(a|b)}',
        "[[ $x =~ ^[0-9]{1,3}$ || $x == a* ]] && test a == b && [ a == 'b>c' ] && [ a != b\\>c ]",
    ],
)
def test_patterns_that_both_end_alike_are_believed(line: str) -> None:
    assert "unparseable" not in judge(line).labels


@pytest.mark.parametrize(
    "line",
    [
        "rm -rf $TE{RM,ST}",
        "rm -rf $(env | tail -1)",
        "rm -rf $(printenv | grep ^TE | cut -d= -f2)",
        "rm $(set | sed -n 's/^TE.M=//p')",
        "rm -rf $(tput longname)",
    ],
)
def test_no_client_chooses_a_word(line: str) -> None:
    assert is_chosen_word(b"TERM", line) or "dynamic_command" in judge(line).labels
