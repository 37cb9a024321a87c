"""Completion for shells: commands and options from the table, resources from what was asked about last. Pure."""

from client.commands import COMMANDS
from client.errors import usage
from client.options import Command

#: Commands whose first word is a resource.
_OF_RESOURCES = ("request", "extend", "done", "psql", "ssh", "sftp", "exec", "proxy")


def script(shell: str) -> str:
    """Raises Failed."""
    made = {"bash": _bash, "zsh": _zsh, "fish": _fish}.get(shell)
    if made is None:
        raise usage("It is `gatepass completion bash`, `zsh` or `fish`.")
    return made([each for each in COMMANDS if not each.hidden])


def _bash(commands: list[Command]) -> str:
    names = " ".join(each.name for each in commands)
    options = "\n".join(f"    {each.name}) options='{_options(each)}' ;;" for each in commands)
    return f"""# bash completion of gatepass: eval "$(gatepass completion bash)"
_gatepass() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} options=
  if [ "$COMP_CWORD" = 1 ]; then
    COMPREPLY=($(compgen -W '{names}' -- "$word"))
    return
  fi
  case ${{COMP_WORDS[1]}} in
{options}
  esac
  case $word in
    -*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;
    *)
      COMPREPLY=()
      case ${{COMP_WORDS[1]}} in
        {"|".join(_OF_RESOURCES)}) COMPREPLY=($(compgen -W "$(gatepass resources 2>/dev/null)" -- "$word")) ;;
        config) COMPREPLY=($(compgen -W 'ssh psql' -- "$word")) ;;
        keys) [ "$COMP_CWORD" -gt 2 ] || COMPREPLY=($(compgen -W 'list add remove' -- "$word")) ;;
      esac
      [ ${{#COMPREPLY[@]}} -gt 0 ] || COMPREPLY=($(compgen -f -- "$word")) ;;
  esac
}}
complete -F _gatepass gatepass
"""


def _zsh(commands: list[Command]) -> str:
    names = "\n".join(f"    '{each.name}:{_plain(each.about)}'" for each in commands)
    options = "\n".join(f"    {each.name}) compadd -- {_options(each)} ;;" for each in commands)
    return f"""#compdef gatepass
# zsh completion of gatepass: eval "$(gatepass completion zsh)"
_gatepass() {{
  local -a commands=(
{names}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  if [[ $words[CURRENT] == -* ]]; then
    case $words[2] in
{options}
    esac
    return
  fi
  case $words[2] in
    {"|".join(_OF_RESOURCES)}) compadd -- ${{(f)"$(gatepass resources 2>/dev/null)"}}; _files ;;
    config) compadd -- ssh psql ;;
    keys) compadd -- list add remove; _files ;;
    *) _files ;;
  esac
}}
compdef _gatepass gatepass
"""


def _fish(commands: list[Command]) -> str:
    lines = ["# fish completion of gatepass: gatepass completion fish | source"]
    for each in commands:
        lines.append(f"complete -c gatepass -n __fish_use_subcommand -a {each.name} -d '{_plain(each.about)}'")
        lines += [
            f"complete -c gatepass -n '__fish_seen_subcommand_from {each.name}' -l {option.name[2:]}"
            f"{' -r' if option.value else ''} -d '{_plain(option.about)}'"
            for option in each.options
        ]
    seen = " ".join(_OF_RESOURCES)
    lines.append(f"complete -c gatepass -n '__fish_seen_subcommand_from {seen}' -a '(gatepass resources 2>/dev/null)'")
    return "\n".join(lines) + "\n"


def _options(command: Command) -> str:
    return " ".join(["--help", *(each.name for each in command.options)])


def _plain(text: str) -> str:
    return text.replace("'", "").replace(":", ",")
