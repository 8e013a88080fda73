"""What a bench says, in words: who was right how often, what it took, and what picking could gain.

Reads and extends the audit file beside OUT, whose labels decide which rows tell about the models.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bot.analysis.audit import AUDIT_LABELS, audit_queue, set_aside
from bot.analysis.cofailure import ceiling_of_grades
from bot.analysis.estimates import Estimate, outwards
from bot.analysis.outcomes import Outcomes
from bot.bench.audit_file import Entry, offer, read_labels
from bot.bench.graded import (
    Comparison,
    Contender,
    Line,
    compared,
    contenders,
    graded,
    outcomes,
    ways,
)
from bot.document import Block, Document, Heading, Leaf, Note, Table, Text
from bot.errors import InvalidInput
from bot.language import N_, _, n_
from bot.pages.ceiling import curve, diagnostics, limits, made_real, what_to_do

# Which of the rows that one member alone got right are sampled does not change with every look.
_SAMPLE_SEED = 0

# Of each answer, so that a row fits a spreadsheet's cell: its end, where a cut would show.
_TAIL_CHARS = 500


def bench_page(lines: Sequence[Line], audit: Path) -> Document:
    """Raises `InvalidInput` where the audit file cannot be used; OUT is not touched."""
    total = Text(_total(lines))
    rows = graded(lines)
    if not rows:
        return Document(
            (total, Note(_("No question with a reference was answered, so nothing was graded.")))
        )
    matrix = outcomes(rows)
    labels = read_labels(audit)
    known = {row: label for row, label in labels.items() if row in set(matrix.rows)}
    aside = set_aside(matrix, known)
    kept = [line for line, away in zip(rows, aside, strict=True) if not away]
    comparison = compared(kept)
    accuracy = _accuracy(kept, set_aside=len(rows) - len(kept))
    blocks: list[Block]
    try:
        ceiling = ceiling_of_grades(
            matrix,
            known,
            ways(rows),
            verdict_is_better=comparison is not None and comparison.better,
        )
    except InvalidInput as error:
        blocks = [total, *accuracy, Note(str(error))]
    else:
        blocks = [*what_to_do(ceiling), total, *accuracy, *made_real(ceiling), *limits(ceiling, "")]
        blocks += [diagnostics(ceiling), curve(ceiling)]
    blocks += _audit(rows, matrix, known, audit)
    if len(known) < len(labels):
        blocks.append(
            Note(
                _(
                    "{labels} labels are of rows that are not in OUT.",
                    labels=len(labels) - len(known),
                )
            )
        )
    if comparison:
        blocks.append(Text(_carries(comparison)))
    return Document(tuple(blocks))


def _carries(found: Comparison) -> str:
    """What the numbers carry, in one sentence."""
    if found.better:
        told = N_(
            "Verdict {verdict} of {rows:,}, best member ({best}) {right} of {rows:,}: the verdict "
            "is right more often than any member."
        )
    elif found.worse_than:
        told = N_(
            "Verdict {verdict} of {rows:,}, best member ({best}) {right} of {rows:,}: {better} "
            "alone is right more often than the verdict."
        )
    else:
        told = N_(
            "Verdict {verdict} of {rows:,}, best member ({best}) {right} of {rows:,}: no "
            "difference can be told."
        )
    return _(
        told,
        verdict=found.verdict,
        rows=found.rows,
        best=_best(found.best),
        right=found.best_right,
        better=found.worse_than,
    )


def _best(models: Sequence[str]) -> str:
    first, *others = models
    if not others:
        return first
    return n_("{first} and {n} other", "{first} and {n} others", len(others), first=first)


def unanswered(reasons: Mapping[str, int], total: int) -> str:
    """How many questions have no answer, and why, the commonest reason first."""
    by_count = sorted(reasons.items(), key=lambda each: -each[1])
    return _(
        "{silent} of {total} questions have no answer: {reasons}. The same command asks them again.",
        silent=sum(reasons.values()),
        total=total,
        reasons=", ".join(f"{reason} ({count})" for reason, count in by_count),
    )


def _total(lines: Sequence[Line]) -> str:
    cost = sum(line["cost_usd"] + line.get("grading_usd", 0.0) for line in lines)
    questions = n_("1 question", "{n:,} questions", len(lines))
    silent = sum(not line["answers"] for line in lines)
    degraded = sum(line["degraded"] for line in lines)
    if not silent:
        return _(
            "{questions}, {degraded} degraded, ${usd:,.4f}.",
            questions=questions,
            degraded=degraded,
            usd=cost,
        )
    return _(
        "{questions}, {degraded} degraded, {silent} without any answer, ${usd:,.4f}.",
        questions=questions,
        degraded=degraded,
        silent=silent,
        usd=cost,
    )


def _accuracy(lines: Sequence[Line], *, set_aside: int) -> list[Leaf]:
    if not lines:
        return [
            Note(
                _(
                    "All {questions} graded questions were set aside by the audit.",
                    questions=set_aside,
                )
            )
        ]
    heading = n_(
        "Correct, of {n} graded question", "Correct, of {n:,} graded questions", len(lines)
    )
    if set_aside:
        heading = _(
            "{correct} ({aside} more were set aside by the audit)",
            correct=heading,
            aside=set_aside,
        )
    blocks: list[Leaf] = [
        Heading(heading),
        Table(
            (_("Who"), _("Right"), _("Accuracy"), _("Seconds"), _("Cost")),
            tuple(_row(each) for each in contenders(lines)),
        ),
        Note(
            _(
                "With 95 % intervals: of accuracy exact, of seconds and cost by question "
                "normal ones, from two questions on. A member that failed is not counted as "
                "wrong."
            )
        ),
    ]
    versions = sorted({str(line["grader_version"]) for line in lines})
    if len(versions) > 1:
        blocks.append(
            Note(
                _(
                    "Graded by different versions of the graders: {versions}. Start anew.",
                    versions=", ".join(versions),
                )
            )
        )
    return blocks


def _row(each: Contender) -> tuple[str, ...]:
    accuracy = each.accuracy
    low, high = outwards(100 * accuracy.low, 100 * accuracy.high, 1)
    return (
        each.name,
        _("{right} of {total}", right=each.right, total=accuracy.n),
        _(
            "{percent:.1f} % ({low:.1f}-{high:.1f})",
            percent=100 * accuracy.value,
            low=low,
            high=high,
        ),
        _mean(each.seconds, "", 1),
        _mean(each.cost_usd, "$", 4),
    )


def _mean(value: Estimate | None, unit: str, digits: int) -> str:
    if value is None:
        return "-"
    low, high = outwards(max(0.0, value.low), value.high, digits)
    return f"{unit}{value.value:.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


def _audit(
    rows: Sequence[Line], matrix: Outcomes, labels: dict[str, str], path: Path
) -> Iterable[Block]:
    suspects = audit_queue(matrix, seed=_SAMPLE_SEED)
    if not suspects:
        return
    by_id = {str(line["id"]): line for line in rows}
    waiting = offer(path, [_entry(by_id[suspect.row]) for suspect in suspects])
    all_wrong = matrix.all_wrong
    graded_k = int(all_wrong.sum())
    audited_k = int((all_wrong & ~set_aside(matrix, labels)).sum())
    yield Heading(_("The audit"))
    wrong = _(
        "All members wrong: {graded} as graded, {audited} after the audit",
        graded=graded_k,
        audited=audited_k,
    )
    labelled = _(
        "Rows labelled: {labelled}; waiting for a label: {waiting}",
        labelled=len(labels),
        waiting=waiting,
    )
    yield Text(f"- {wrong}\n- {labelled}")
    if waiting:
        yield Note(
            _(
                "Look at the rows in {path}: those that every member got wrong, and a sample "
                "of those that one alone got right. Write {labels} or {last} into the column "
                "label; the same command counts again and asks nobody.",
                path=path,
                labels=", ".join(AUDIT_LABELS[:-1]),
                last=AUDIT_LABELS[-1],
            )
        )


def _entry(line: Line) -> Entry:
    return Entry(
        id=str(line["id"]),
        question=line["question"],
        reference=line["reference"],
        answers="\n".join(_answers(line)),
    )


def _answers(line: Line) -> Iterable[str]:
    grades = line["grades"]["members"]
    for answer in line["answers"]:
        grade = grades[answer["label"]]
        right = _("right") if grade["correct"] else _("wrong")
        extracted = _("nothing") if grade["extracted"] is None else f"`{grade['extracted']}`"
        text = answer["text"].strip()
        tail = text if len(text) <= _TAIL_CHARS else f"… {text[-_TAIL_CHARS:]}"
        yield _(
            "{model}, {right}, read as {extracted}: {answer}",
            model=answer["model"],
            right=right,
            extracted=extracted,
            answer=tail,
        )
