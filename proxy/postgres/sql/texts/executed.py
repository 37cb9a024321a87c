"""Executed: what an EXECUTE runs, by what its name may stand for. Pure.

A name may have been given more than once, by Parse and by PREPARE, so there may be several candidates: what runs is
judged as all of them together.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from access.policy.labels import UNPARSEABLE
from proxy.postgres.protocol.copy_format import CopyOut
from proxy.postgres.sql.texts.query import QueryAnalysis, QueryStatement
from proxy.statements import StatementFacts

#: What runs when nobody knows what stands behind a name.
UNKNOWN = QueryAnalysis(
    (QueryStatement(StatementFacts("(unknown statement)", "other", frozenset({UNPARSEABLE})), None, None, None),)
)


def together(candidates: Sequence[QueryAnalysis]) -> QueryAnalysis:
    """What may run if any of these may: all of it. Nothing known is UNKNOWN."""
    if not candidates:
        return UNKNOWN
    if len(candidates) == 1:
        return candidates[0]
    statements = tuple(statement for analysis in candidates for statement in analysis.statements)
    refusal = next((analysis.refusal for analysis in candidates if analysis.refusal), None)
    return QueryAnalysis(statements, refusal, turn=min(analysis.turn for analysis in candidates))


def expand(analysis: QueryAnalysis, prepared: Callable[[str], Sequence[QueryAnalysis]]) -> QueryAnalysis:
    """Add to every EXECUTE what the prepared statement it names asks for, and the text of that.

    `prepared` gives the candidates behind a name. An unknown one could be anything.
    """
    if not analysis.runs_prepared:
        return analysis
    refusal = analysis.refusal
    statements: list[QueryStatement] = []
    for statement in analysis.statements:
        if statement.executes is None:
            statements.append(statement)
            continue
        candidates = _reached(statement.executes, prepared)
        refusal = refusal or next((each.refusal for each in candidates if each.refusal), None)
        facts = _with_prepared(statement, candidates)
        inner = [one for each in candidates for one in each.statements]
        copies_in, shapes = any(one.copies_in for one in inner), _shapes(inner)
        if len(shapes) > 1:
            refusal = refusal or SEVERAL_COPIES
        shape = shapes.pop() if len(shapes) == 1 and UNPARSEABLE not in facts.labels else None
        counts, moves = any(one.counts_columns for one in inner), any(one.moves_columns for one in inner)
        runs = replace(statement, facts=facts, copies_in=copies_in, copy_out=shape)
        statements.append(replace(runs, counts_columns=counts, moves_columns=moves))
    return replace(analysis, statements=tuple(statements), refusal=refusal)


def _shapes(statements: Iterable[QueryStatement]) -> set[CopyOut]:
    """How the rows may look that one of these sends: only Parse prepares a COPY."""
    return {each.copy_out for each in statements if each.copy_out is not None}


def _reached(name: str, prepared: Callable[[str], Sequence[QueryAnalysis]]) -> Sequence[QueryAnalysis]:
    """What an EXECUTE of this name may run, by EXECUTEs that Parse has prepared as well: as one, if that is certain."""
    found: list[QueryAnalysis] = []
    names, is_certain = [name], True
    for each in names:
        candidates = prepared(each)
        is_certain = is_certain and len(candidates) < 2
        found += candidates or ([UNKNOWN] if found else [])
        if any(
            one.prepares is not None and not _is_made_by(candidate, each)
            for candidate in candidates
            for one in candidate.statements
        ):
            found.append(UNKNOWN)  # Parse has prepared a PREPARE: what a name stands for afterwards is not known here.
        # What stands beside a PREPARE in SQL is not what that prepares, and SQL prepares no EXECUTE.
        runs = {one.executes for candidate in candidates if not candidate.prepares for one in candidate.statements}
        names += (one for one in runs if one is not None and one not in names)
    return [together(found)] if is_certain and found else found


def _is_made_by(candidate: QueryAnalysis, name: str) -> bool:
    """Whether SQL that PREPAREs this name is why it is known."""
    return any(one.prepares == name for one in candidate.statements)


def _with_prepared(execute: QueryStatement, candidates: Sequence[QueryAnalysis]) -> StatementFacts:
    """The facts of an EXECUTE and of what it may run: all of it as one, and in the parts of each."""
    inner = [each for candidate in candidates for each in candidate.statements]
    each = (execute.facts, *(one.facts for one in inner))
    runs = [one.facts for one in inner if one.prepares in {None, execute.executes}]
    hidden = next((one.unreviewable for one in [execute.facts, *runs] if one.unreviewable), "")
    if len(candidates) > 1:
        hidden = hidden or SEVERAL
    unknown = frozenset[str]() if candidates else frozenset({UNPARSEABLE})
    whole = unknown.union(*(one.parts[0] if one.parts else one.labels for one in each))
    return replace(
        execute.facts,
        text="\n".join([execute.facts.text, *(f"runs: {one.text}" for one in runs)]),
        labels=unknown.union(*(one.labels for one in each)),
        parts=tuple(dict.fromkeys((whole, *(part for one in each for part in one.parts[1:])))),
        unreviewable=hidden,
        unqualified=execute.facts.unqualified.union(*(one.facts.unqualified for one in inner)),
    )


#: Why not to run a name that was given to a COPY more than once.
SEVERAL_COPIES = (
    "The name in this EXECUTE has stood for several COPY statements in this session, and Gatepass cannot tell which of "
    "them would run, so it cannot mask the rows. Prepare the COPY under a name of its own, or send it by itself."
)
#: What cannot be shown of a name that was given more than once.
SEVERAL = (
    "Its name has stood for several prepared statements in this session, and which of them would run is not certain. "
    "Prepare it under a name of its own."
)
