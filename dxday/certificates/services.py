"""Issuing certificates, letting one be made again, revoking one, and noting that one was looked at."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select, update

from dxday import leases
from dxday.adapters import fonts
from dxday.audit import services as audit
from dxday.awards import queries as awards
from dxday.awards.models import Award, Decision
from dxday.certificates import queries, rules, sheet
from dxday.certificates.models import Certificate
from dxday.core import codes
from dxday.core.actor import SYSTEM, VISITOR, Actor
from dxday.core.i18n import DEFAULT_LOCALE, pick
from dxday.core.vietnamese import nfc
from dxday.db import db
from dxday.editions.models import Edition

OFFICIAL = DEFAULT_LOCALE
"""Certificates are written in Vietnamese, whatever language the page was in."""


def issue_for_decision(decision: Decision, *, actor: Actor, now: datetime) -> list[Certificate]:
    """Issue a certificate for each award of the decision that has none, and return the new ones in their order.

    Pressing twice issues once: the edition is locked before anything is counted, and the database refuses a
    second valid certificate of an award.  An award whose certificate was revoked gets no other here.
    Raises NotTheIssuer, LettersMissing, TooMuchText.
    """
    edition = _lock_edition(decision.edition_id)
    return _issue(edition, awards.awards_of(decision.id), actor=actor, now=now)


def issue_for_edition(
    edition: Edition, *, award_code: str | None = None, actor: Actor, now: datetime
) -> list[Certificate]:
    """Issue what is missing in the whole edition, or for one award, and return the new certificates.

    Raises NotFound for an unknown award, NotTheIssuer, LettersMissing, TooMuchText.
    """
    edition = _lock_edition(edition.id)
    if award_code is not None:
        chosen = awards.get_award(edition.id, award_code)
        return _issue(
            edition,
            [each for each in awards.awards_of(chosen.decision_id) if each.id == chosen.id],
            actor=actor,
            now=now,
        )
    return [
        certificate
        for decision in reversed(awards.list_decisions(edition.id))
        for certificate in _issue(edition, awards.awards_of(decision.id), actor=actor, now=now)
    ]


def _lock_edition(edition_id: int) -> Edition:
    """Let one issue after another count the numbers of the edition."""
    return db.session.execute(
        select(Edition).where(Edition.id == edition_id).with_for_update(of=Edition)
    ).scalar_one()


def _issue(edition: Edition, found: Sequence[Award], *, actor: Actor, now: datetime) -> list[Certificate]:
    rules.check_may_issue(actor, edition_id=edition.id)
    certified = queries.certified_awards([award.id for award in found])
    issued: list[Certificate] = []
    last: dict[str, int] = {}  # prefix of the number -> running number given out last
    for award in found:
        if award.id in certified:
            continue
        prefix = rules.prefix_of(award.category.scheme.form.value, edition.year)
        if prefix not in last:
            last[prefix] = queries.last_sequence(edition.id, prefix)
        last[prefix] += 1
        facts = _facts(edition, award, sequence=last[prefix])
        _check_printable(facts)
        certificate = Certificate(
            edition_id=edition.id,
            award_id=award.id,
            number=facts.number,
            token=codes.new_token(),
            holder_token=codes.new_token(),
            facts=asdict(facts),
            recipient_email=award.nomination.nominee_email or award.nomination.contact_email,
            recipient_locale=award.nomination.contact_locale,
            issued_at=now,
        )
        db.session.add(certificate)
        db.session.flush()
        issued.append(certificate)
        audit.record(
            "certificate.issued",
            subject=facts.number,
            actor=actor,
            now=now,
            edition_id=edition.id,
            award=award.code,
            decision=facts.decision_number,
            **({} if award.decision.is_announced else {"embargoed": True}),
        )
    return issued


def _facts(edition: Edition, award: Award, *, sequence: int) -> rules.Facts:
    """Freeze what is printed, in the official language and in composed letters."""
    scheme, decision = award.category.scheme, award.decision
    form = scheme.form.value
    facts = rules.Facts(
        number=rules.number_of(form, edition.year, sequence),
        giver=pick(scheme.giver, OFFICIAL),
        form=form,
        title=rules.TITLES.get(form) or pick(scheme.name, OFFICIAL),
        recipient_kind=award.recipient_kind.value,
        recipient_name=award.recipient_name,
        recipient_position=award.recipient_position,
        organisation_name=pick(award.organisation_name, OFFICIAL),
        achievement=award.achievement,
        decision_number=decision.number,
        decided_on=decision.decided_on.isoformat(),
        place=decision.place,
        signatory_name=decision.signatory_name,
        signatory_title=decision.signatory_title,
        edition_name=pick(edition.name, OFFICIAL),
    )
    return rules.Facts(**{name: " ".join(nfc(value).split()) for name, value in asdict(facts).items()})


def _check_printable(facts: rules.Facts) -> None:
    """Raise LettersMissing or TooMuchText before anything is issued that could not be printed whole."""
    texts = (value for name, value in asdict(facts).items() if name != "edition_name")
    if missing := fonts.missing_glyphs("".join(texts)):
        raise rules.LettersMissing(name=facts.recipient_name, letters=" ".join(missing))
    if sheet.fit(facts, sheet.DEFAULT_SHEET) is None:
        raise rules.TooMuchText(name=facts.recipient_name)


def retry_failed(certificates: Iterable[Certificate], *, actor: Actor, now: datetime) -> int:
    """Let certificates whose making failed wait for a worker again and return how many they are.

    Raises NotTheIssuer; NothingToRetry when none of them has failed.
    """
    moved = 0
    for certificate in certificates:
        rules.check_may_issue(actor, edition_id=certificate.edition_id)
        if leases.requeue(certificate):
            moved += 1
            audit.record(
                "certificate.retried",
                subject=certificate.number,
                actor=actor,
                now=now,
                edition_id=certificate.edition_id,
            )
    if not moved:
        raise rules.NothingToRetry
    return moved


def stop_making(edition: Edition, *, actor: Actor, now: datetime) -> int:
    """Call off every certificate of the edition that waits to be made, and return how many they are.

    They stay issued, with their numbers.  What a worker has in hand ends by itself.
    Raises NotTheIssuer, NothingToStop.
    """
    rules.check_may_issue(actor, edition_id=edition.id)
    stopped = leases.call_off(Certificate, Certificate.edition_id == edition.id)
    if not stopped:
        raise rules.NothingToStop
    audit.record(
        "certificate.making_stopped",
        subject=edition.code,
        actor=actor,
        now=now,
        edition_id=edition.id,
        count=stopped,
    )
    return stopped


def resume_making(edition: Edition, *, actor: Actor, now: datetime) -> int:
    """Let every certificate of the edition whose making was stopped wait for a worker again; return how many.

    Raises NotTheIssuer, NothingStopped.
    """
    rules.check_may_issue(actor, edition_id=edition.id)
    resumed = leases.take_back(Certificate, Certificate.edition_id == edition.id)
    if not resumed:
        raise rules.NothingStopped
    audit.record(
        "certificate.making_resumed",
        subject=edition.code,
        actor=actor,
        now=now,
        edition_id=edition.id,
        count=resumed,
    )
    return resumed


def revoke(certificate: Certificate, *, reason: rules.Reason, actor: Actor, now: datetime) -> None:
    """Revoke a certificate for a reason of the law; its file and its row stay as they are.

    Raises NotTheIssuer; RevokedAlready when it is not valid any more.
    """
    rules.check_may_issue(actor, edition_id=certificate.edition_id)
    db.session.refresh(certificate, with_for_update=True)  # of two who revoke at once, the second is refused
    rules.check_can_revoke(certificate.standing, certificate.number)
    certificate.standing = rules.Standing.REVOKED
    certificate.revoked_at = now
    certificate.revocation_reason = reason.value
    db.session.flush()
    audit.record(
        "certificate.revoked",
        subject=certificate.number,
        actor=actor,
        now=now,
        edition_id=certificate.edition_id,
        reason=reason.value,
        **({} if queries.is_announced(certificate.award_id) else {"embargoed": True}),
    )


def note_released(certificate: Certificate, *, now: datetime) -> None:
    """Note that a certificate that was made under embargo is known from now on."""
    award = db.session.get_one(Award, certificate.award_id)
    audit.record(
        "certificate.released",
        subject=certificate.number,
        actor=SYSTEM,
        now=now,
        edition_id=certificate.edition_id,
        award=award.code,
        decision=certificate.printed.decision_number,
    )


def note_check(certificate: Certificate, *, now: datetime) -> None:
    """Note in the trail that somebody looked at the certificate; not who, and not every time."""
    audit.record(
        "certificate.checked",
        subject=certificate.number,
        actor=VISITOR,
        now=now,
        edition_id=certificate.edition_id,
        standing=certificate.standing.value,
    )


def note_fetched(certificate: Certificate, *, now: datetime) -> None:
    """Note when the holder first took the file, so that nobody reminds them of it; later ones change nothing."""
    db.session.execute(
        update(Certificate)
        .where(Certificate.id == certificate.id, Certificate.fetched_at.is_(None))
        .values(fetched_at=now)
        .execution_options(synchronize_session=False)
    )
