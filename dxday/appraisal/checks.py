"""The appraisal rules: each finds what stands against a dossier, says it with names and dates, and names the mend."""

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Any

from flask_babel.speaklater import LazyString

from dxday.appraisal.facts import Alike, Dossier, HoldFacts, Other
from dxday.appraisal.rules import (
    ACTIVE,
    ALIKE_SOMEWHAT,
    HOLD_KIND_NAMES,
    LIKE_ENOUGH,
    Draft,
    Level,
    Sameness,
    is_same_name,
    rule,
)
from dxday.core.i18n import Words, lazy_gettext, lazy_pick
from dxday.core.i18n import gettext as _
from dxday.core.vietnamese import fold, words_of
from dxday.nominations.rules import STATE_NAMES, State
from dxday.schemes.rules import NomineeKind

ONCE = "Luật 06/2022/QH15, Chương I"
DECREE = "Nghị định 152/2025/NĐ-CP, Điều 4"

MOST = 10
"""So many dossiers are named by a rule that only warns, the likest first."""

_THEMATIC_WORDS = ("khen thuong chuyen de", "thi dua chuyen de", "thi dua theo chuyen de", "khen chuyen de")
"""How a report speaks of a thematic commendation, folded."""


def compare_nominees(dossier: Dossier, other: Other) -> Sameness:
    """Tell whether two dossiers are of one nominee.

    The same name is enough for a collective or a household of the same agency; a person's needs one thing more, since
    thousands share the common names: the same e-mail address, agency, or position.
    """
    if not is_same_name(dossier.nominee_name, other.nominee_name):
        return Sameness.OTHER
    told = dossier.nominee_email.strip().casefold()
    if (
        dossier.organisation_id == other.organisation_id
        or (told and told == other.nominee_email.strip().casefold())
        or (
            fold(dossier.nominee_position)
            and fold(dossier.nominee_position) == fold(other.nominee_position)
            and dossier.nominee_kind is NomineeKind.INDIVIDUAL
        )
    ):
        return Sameness.SAME
    return Sameness.NAMESAKE


def _active(dossier: Dossier) -> Iterator[tuple[Other, Sameness]]:
    for other in dossier.namesakes:
        if other.state in ACTIVE:
            yield other, compare_nominees(dossier, other)


@rule(
    "same-achievement",
    name=lazy_gettext("The same achievement twice"),
    article=ONCE,
    level=Level.BLOCK,
)
def find_same_achievement(dossier: Dossier) -> Iterator[Draft]:
    """Find dossiers of the same nominee whose text tells of the same."""
    for alike in _alike(dossier, least=LIKE_ENOUGH):
        if compare_nominees(dossier, alike.other) is Sameness.SAME:
            yield Draft(
                f"{alike.other.id}:{alike.digest}",
                lazy_gettext(
                    "%(share)d %% of the text also stands in dossier %(code)s of the same nominee: %(scheme)s,"
                    " %(edition)s, handed in on %(day)s by %(agency)s, now “%(state)s”. One achievement is not"
                    " commended twice.",
                    share=alike.share,
                    **_facts(alike.other),
                ),
                lazy_gettext(
                    "Compare the passages. Return the dossier so that the agency tells of another achievement,"
                    " or say why these are two."
                ),
                alike.other.id,
            )


@rule(
    "similar-text",
    name=lazy_gettext("Text of another nominee"),
    article=ONCE,
    level=Level.WARN,
)
def find_similar_text(dossier: Dossier) -> Iterator[Draft]:
    """Find dossiers of somebody else whose text tells of the same."""
    of_others = (
        alike
        for alike in _alike(dossier, least=LIKE_ENOUGH)
        if compare_nominees(dossier, alike.other) is not Sameness.SAME
    )
    for alike in islice(of_others, MOST):
        yield Draft(
            f"{alike.other.id}:{alike.digest}",
            lazy_gettext(
                "%(share)d %% of the text also stands in dossier %(code)s of %(nominee)s: %(scheme)s,"
                " %(edition)s, handed in on %(day)s by %(agency)s.",
                share=alike.share,
                **_facts(alike.other),
            ),
            lazy_gettext(
                "Compare the passages, and ask the agency whose achievement it is and who had which part in it."
            ),
            alike.other.id,
        )


@rule("similar-passages", name=lazy_gettext("Passages in common"), level=Level.NOTE)
def find_similar_passages(dossier: Dossier) -> Iterator[Draft]:
    """Find dossiers that share some passages."""
    somewhat = (alike for alike in _alike(dossier, least=ALIKE_SOMEWHAT) if alike.share < LIKE_ENOUGH)
    for alike in islice(somewhat, MOST):
        yield Draft(
            f"{alike.other.id}:{alike.digest}",
            lazy_gettext(
                "%(share)d %% of the text also stands in dossier %(code)s of %(nominee)s"
                " (%(scheme)s, %(edition)s).",
                share=alike.share,
                **_facts(alike.other),
            ),
            lazy_gettext("Look at the passages: turns of phrase are no matter, results and figures are."),
            alike.other.id,
        )


@rule(
    "same-file",
    name=lazy_gettext("The same file in another dossier"),
    article=ONCE,
    level=Level.WARN,
)
def find_same_files(dossier: Dossier) -> Iterator[Draft]:
    """Find files with the same content in dossiers of another agency, scheme or edition."""
    for same in dossier.files:
        if same.other.state in ACTIVE:
            yield Draft(
                f"{same.other.id}:{same.sha256[:16]}",
                lazy_gettext(
                    "The file “%(filename)s” is, byte for byte, “%(other_filename)s” in dossier %(code)s of"
                    " %(nominee)s: %(scheme)s, %(edition)s, handed in on %(day)s by %(agency)s.",
                    filename=same.filename,
                    other_filename=same.other_filename,
                    **_facts(same.other),
                ),
                lazy_gettext(
                    "Open both. Return the dossier if the report was written for another award or person."
                ),
                same.other.id,
            )


@rule("shared-file", name=lazy_gettext("A file for several dossiers"), level=Level.NOTE)
def find_shared_files(dossier: Dossier) -> Iterator[Draft]:
    """Find files that the agency put into several dossiers of the scheme, as it does with its submission (tờ trình)."""
    for shared in dossier.shared_files:
        yield Draft(
            shared.sha256[:16],
            lazy_gettext(
                "The agency put the file “%(filename)s” also into %(others)d of its other dossiers, such as %(code)s of"
                " %(nominee)s.",
                filename=shared.filename,
                others=shared.others,
                **_facts(shared.first),
            ),
            lazy_gettext("That is right for a submission (tờ trình) or minutes, and wrong for a report."),
            shared.first.id,
        )


@rule("nominated-twice", name=lazy_gettext("Nominated twice"), level=Level.BLOCK, article=ONCE)
def find_nominated_twice(dossier: Dossier) -> Iterator[Draft]:
    """Find the same nominee in the same scheme again."""
    for other, sameness in _active(dossier):
        if sameness is Sameness.SAME and other.scheme_id == dossier.scheme_id:
            yield Draft(
                str(other.id),
                lazy_gettext(
                    "%(nominee)s is nominated in this scheme a second time: dossier %(code)s, handed in on %(day)s"
                    " by %(agency)s, now “%(state)s”.",
                    **_facts(other),
                ),
                lazy_gettext(
                    "Ask the agencies which of the two stands, and let the other be withdrawn or declined."
                ),
                other.id,
            )


@rule("same-nominee", name=lazy_gettext("The same nominee in two schemes"), level=Level.WARN, article=ONCE)
def find_same_nominee(dossier: Dossier) -> Iterator[Draft]:
    """Find the same nominee in another scheme of the edition."""
    for other, sameness in _active(dossier):
        if (
            sameness is Sameness.SAME
            and other.edition_id == dossier.edition_id
            and other.scheme_id != dossier.scheme_id
        ):
            yield Draft(
                str(other.id),
                lazy_gettext(
                    "%(nominee)s is also nominated for “%(scheme)s”: dossier %(code)s, handed in on %(day)s by"
                    " %(agency)s, now “%(state)s”.",
                    **_facts(other),
                ),
                lazy_gettext(
                    "See that the two dossiers tell of two achievements. One achievement is commended in one form."
                ),
                other.id,
            )


@rule("awarded-before", name=lazy_gettext("Honoured before"), level=Level.NOTE, article=ONCE)
def find_awarded_before(dossier: Dossier) -> Iterator[Draft]:
    """Find what the nominee was honoured with in other editions."""
    for other, sameness in _active(dossier):
        if (
            sameness is Sameness.SAME
            and other.state is State.AWARDED
            and other.edition_id != dossier.edition_id
        ):
            yield Draft(
                str(other.id),
                LazyString(_say_award, other),
                lazy_gettext("The same form may be given again, for an achievement that came after it."),
                other.id,
            )


def _say_award(other: Other) -> Any:
    facts = _facts(other) | {"decision": other.decision, "day": _day(other.decided_on or other.submitted_on)}
    if other.decision:
        return _(
            "%(nominee)s received “%(scheme)s” by decision %(decision)s, %(day)s (%(edition)s).", **facts
        )
    return _("%(nominee)s received “%(scheme)s”, %(day)s (%(edition)s).", **facts)


@rule("namesake", name=lazy_gettext("Somebody of the same name"), level=Level.NOTE)
def find_namesakes(dossier: Dossier) -> Iterator[Draft]:
    """Find nominees of the same name of whom nobody can tell by the dossier whether they are the same."""
    namesakes = (other for other, sameness in _active(dossier) if sameness is Sameness.NAMESAKE)
    for other in islice(namesakes, MOST):
        yield Draft(
            str(other.id),
            lazy_gettext(
                "Dossier %(code)s (%(scheme)s, %(edition)s) is of somebody with the same name: %(nominee)s,"
                " %(position)s, of %(agency)s.",
                position=other.nominee_position or "–",
                **_facts(other),
            ),
            lazy_gettext("Ask the agency whether it is the same nominee."),
            other.id,
        )


@rule(
    "thematic-ground",
    name=lazy_gettext("Thematic award as a ground"),
    article=DECREE,
    level=Level.BLOCK,
)
def find_thematic_grounds(dossier: Dossier) -> Iterator[Draft]:
    """Find thematic awards of the nominee that the text rests on."""
    if dossier.thematic:
        return
    for other, sameness in _active(dossier):
        if sameness is Sameness.OTHER or not other.thematic or other.state is not State.AWARDED:
            continue
        named = [" ".join(words_of(name)) for name in (*other.scheme_name.values(), other.decision)]
        if any(name and f" {name} " in f" {dossier.words} " for name in named):
            yield Draft(
                str(other.id),
                lazy_gettext(
                    "The text counts “%(scheme)s” (dossier %(code)s, %(edition)s) among the merits. That was a thematic"
                    " commendation: its results are no ground for commendation of merit by a higher level.",
                    **_facts(other),
                ),
                lazy_gettext("Return the dossier, to be grounded on other achievements."),
                other.id,
            )


@rule(
    "thematic-mentioned",
    name=lazy_gettext("A thematic commendation in the text"),
    article=DECREE,
    level=Level.WARN,
)
def find_thematic_mentions(dossier: Dossier) -> Iterator[Draft]:
    """Find a text that speaks of thematic commendations, whoever gave them."""
    if dossier.thematic:
        return
    for turn in _THEMATIC_WORDS:
        if f" {turn} " in f" {dossier.words} ":
            yield Draft(
                turn.replace(" ", "-"),
                lazy_gettext(
                    "The text speaks of a thematic commendation or campaign. Results of these are no ground for"
                    " commendation of merit by a higher level."
                ),
                lazy_gettext("Read the passage: return the dossier if merit is grounded on it."),
            )
            return


@rule("hold", name=lazy_gettext("Hold"), article=DECREE, level=Level.BLOCK)
def find_holds(dossier: Dossier) -> Iterator[Draft]:
    """Find holds that hold today."""
    for hold in dossier.holds:
        if hold.holding:
            yield Draft(
                str(hold.id),
                LazyString(_say_hold, hold),
                lazy_gettext(
                    "Wait until the matter is settled, then lift the hold with the reason. After discipline the time"
                    " for which achievements count begins anew."
                ),
            )


def _say_hold(hold: HoldFacts) -> Any:
    facts = _hold_facts(hold)
    if hold.expires_on:
        return _(
            "%(kind)s, %(name)s: %(reason)s (opened by %(by)s on %(day)s, until %(expiry)s).",
            expiry=_day(hold.expires_on),
            **facts,
        )
    return _("%(kind)s, %(name)s: %(reason)s (opened by %(by)s on %(day)s).", **facts)


@rule("hold-over", name=lazy_gettext("A hold that is over"), article=DECREE, level=Level.NOTE)
def find_past_holds(dossier: Dossier) -> Iterator[Draft]:
    """Find holds that were lifted or have expired."""
    for hold in dossier.holds:
        if not hold.holding:
            yield Draft(
                str(hold.id),
                LazyString(_say_past_hold, hold),
                lazy_gettext(
                    "See that the achievement lies after it if there was discipline: the time begins anew."
                ),
            )


def _say_past_hold(hold: HoldFacts) -> Any:
    facts = _hold_facts(hold)
    if hold.lifted_on:
        return _(
            "%(kind)s, %(name)s: %(reason)s (opened by %(by)s on %(day)s). %(lifted_by)s lifted it on %(lifted_on)s:"
            " %(lift_reason)s",
            lifted_by=hold.lifted_by,
            lifted_on=_day(hold.lifted_on),
            lift_reason=hold.lift_reason,
            **facts,
        )
    return _(
        "%(kind)s, %(name)s: %(reason)s (opened by %(by)s on %(day)s). It expired on %(expiry)s.",
        expiry=_day(hold.expires_on) if hold.expires_on else "",
        **facts,
    )


@rule("agency-ended", name=lazy_gettext("Merged or dissolved agency"), level=Level.WARN)
def find_ended_agency(dossier: Dossier) -> Iterator[Draft]:
    """Find an agency that is no more."""
    if dossier.organisation_ended_on is None or dossier.organisation_ended_on >= dossier.today:
        return
    facts = {"agency": lazy_pick(dossier.organisation_now), "day": _day(dossier.organisation_ended_on)}
    key = dossier.organisation_ended_on.isoformat()
    if dossier.successor_name is None:
        yield Draft(
            key,
            lazy_gettext(
                "%(agency)s, which nominates, ended on %(day)s. Nobody is known to succeed it.", **facts
            ),
            lazy_gettext(
                "Find out who answers for the dossier, and enter the successor with the organisation."
            ),
        )
    else:
        yield Draft(
            key,
            lazy_gettext(
                "%(agency)s, which nominates, ended on %(day)s; %(successor)s succeeds it.",
                successor=lazy_pick(dossier.successor_name),
                **facts,
            ),
            lazy_gettext(
                "Let the successor confirm the dossier. The decision names the agency as it was then."
            ),
        )


@rule("agency-renamed", name=lazy_gettext("Renamed agency"), level=Level.NOTE)
def find_renamed_agency(dossier: Dossier) -> Iterator[Draft]:
    """Find an agency whose name changed since the nomination was begun."""
    if dossier.organisation_name != dossier.organisation_now:
        yield Draft(
            "name",
            lazy_gettext(
                "The dossier is of “%(then)s”, which is called “%(now)s” now.",
                then=lazy_pick(dossier.organisation_name),
                now=lazy_pick(dossier.organisation_now),
            ),
            lazy_gettext("Choose the name that the decision prints when it is recorded."),
        )


@rule("missing-item", name=lazy_gettext("Something is missing"), level=Level.BLOCK)
def find_missing_items(dossier: Dossier) -> Iterator[Draft]:
    """Find items that the scheme asks for and the dossier does not have."""
    for item in dossier.missing:
        yield Draft(
            item.code,
            lazy_gettext("“%(item)s” is missing (%(article)s).", item=item.name, article=item.article),
            lazy_gettext("Return the dossier for completion."),
        )


@rule("nominee-not-told", name=lazy_gettext("The nominee cannot be told"), level=Level.WARN)
def find_untold_nominee(dossier: Dossier) -> Iterator[Draft]:
    """Find a dossier that does not say where the nominee is told."""
    if not dossier.nominee_email.strip():
        yield Draft(
            "email",
            lazy_gettext(
                "There is no e-mail address for %(nominee)s: they can neither be told of the nomination nor get the"
                " certificate.",
                nominee=dossier.nominee_name,
            ),
            lazy_gettext("Ask the agency for an address, or tell the nominee by post."),
        )


@rule("quota-exceeded", name=lazy_gettext("More than the quota"), level=Level.BLOCK)
def find_exceeded_quotas(dossier: Dossier) -> Iterator[Draft]:
    """Find quotas that the agency went beyond with this dossier."""
    for quota in dossier.quotas:
        facts = {
            "agency": lazy_pick(dossier.organisation_name),
            "place": quota.place,
            "most": quota.most,
            "scope": lazy_pick(quota.category_name or dossier.scheme_name),
        }
        yield Draft(
            f"{quota.id}:{quota.most}",
            lazy_gettext(
                "This is nomination %(place)d of %(agency)s for “%(scope)s”; it may hand in %(most)d.",
                **facts,
            ),
            lazy_gettext("Let the agency withdraw one, or raise the quota of the scheme."),
        )


@rule("opinion-against", name=lazy_gettext("Another agency objects"), level=Level.BLOCK)
def find_objections(dossier: Dossier) -> Iterator[Draft]:
    """Find opinions that are against it."""
    for opinion in dossier.opinions:
        if opinion.in_favour is False:
            yield Draft(
                str(opinion.id),
                lazy_gettext(
                    "%(organisation)s is not in favour (answered on %(day)s): %(text)s",
                    organisation=opinion.organisation_name,
                    day=_day(opinion.answered_on or dossier.today),
                    text=opinion.text or "–",
                ),
                lazy_gettext("Settle it with the agency, or say why the dossier goes on all the same."),
            )


@rule("opinion-waiting", name=lazy_gettext("An answer is still to come"), level=Level.WARN)
def find_waiting_opinions(dossier: Dossier) -> Iterator[Draft]:
    """Find opinions that were asked for and have not come."""
    for opinion in dossier.opinions:
        if opinion.answered_on is None:
            facts = {
                "organisation": opinion.organisation_name,
                "asked": _day(opinion.asked_on),
                "due": _day(opinion.due_on),
            }
            late = opinion.due_on < dossier.today
            yield Draft(
                f"{opinion.id}:{'late' if late else 'waiting'}",
                lazy_gettext(
                    "%(organisation)s was asked on %(asked)s and has not answered; the answer was due on %(due)s.",
                    **facts,
                )
                if late
                else lazy_gettext(
                    "%(organisation)s was asked on %(asked)s; its answer is due on %(due)s.", **facts
                ),
                lazy_gettext("Note the answer, or say why the dossier goes on without it."),
            )


def _alike(dossier: Dossier, *, least: int) -> Iterator[Alike]:
    for alike in dossier.alike:
        if alike.other.state in ACTIVE and alike.share >= least:
            yield alike


def _facts(other: Other) -> dict[str, Words]:
    return {
        "code": other.code,
        "nominee": other.nominee_name,
        "scheme": lazy_pick(other.scheme_name),
        "edition": lazy_pick(other.edition_name),
        "agency": lazy_pick(other.organisation_name),
        "day": _day(other.submitted_on),
        "state": STATE_NAMES[other.state],
    }


def _hold_facts(hold: HoldFacts) -> dict[str, Words]:
    return {
        "kind": HOLD_KIND_NAMES[hold.kind],
        "name": hold.name,
        "reason": hold.reason,
        "by": hold.opened_by,
        "day": _day(hold.opened_on),
    }


def _day(day: date) -> str:
    return day.strftime("%d/%m/%Y")
