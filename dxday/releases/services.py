"""Releasing the programme, and bringing the draft back to what an earlier release published."""

from datetime import datetime

from dxday.audit import services as audit
from dxday.conflicts import queries as conflicts
from dxday.conflicts.rules import Level
from dxday.core.actor import Actor
from dxday.core.i18n import Translations
from dxday.editions import queries as editions
from dxday.editions.models import Edition
from dxday.programme import publishing, restoring
from dxday.programme.models import Release
from dxday.releases import queries, rules


def release_programme(
    edition: Edition,
    *,
    name: str,
    actor: Actor,
    now: datetime,
    note: Translations | None = None,
    force: bool = False,
    reason: str = "",
) -> Release:
    """Let the public see the draft as it stands, under a name; people whom it concerns are told by the digest.

    Findings that stop a release are passed over only with `force` and a `reason`, which is kept with the release.
    Raises NameMissing, FindingsStand, ReasonMissing, NothingToRelease.
    """
    rules.check_name(name)
    editions.lock_edition(edition)
    standing = conflicts.list_standing(edition.id, Level.BLOCK_RELEASE)
    rules.check_findings(len(standing), force=force, reason=reason)
    release = publishing.publish(
        edition,
        name=name.strip(),
        note=note,
        forced_reason=reason.strip() if standing else None,
        actor=actor,
        now=now,
    )
    if release is None:
        raise rules.NothingToRelease
    return release


def roll_back(edition: Edition, release: Release, *, actor: Actor, now: datetime) -> int:
    """Bring the draft back to what a release published, and return how many sessions changed.

    The public sees it with the next release.  Sessions that were added since stay.  Raises NothingToGoBackTo.
    """
    editions.lock_edition(edition)
    changed = restoring.restore(
        edition,
        queries.contents_at(release),
        reason=f"{release.number}. {release.name}",
        actor=actor,
        now=now,
    )
    if not changed:
        raise rules.NothingToGoBackTo
    audit.record(
        "programme.rolled_back",
        subject=f"release:{release.number}",
        actor=actor,
        now=now,
        edition_id=edition.id,
        sessions=len(changed),
    )
    return len(changed)
