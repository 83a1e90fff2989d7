"""The minutes (biên bản) of a ballot, from what was stored; in Vietnamese, in the form of Decree 30/2020/NĐ-CP."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from dxday.ballots.models import BallotItem, BallotSeat
from dxday.ballots.reports import Report, RoundReport
from dxday.ballots.rules import Choice, Outcome, RoundState
from dxday.core.i18n import pick
from dxday.core.official import Paper, Signature, vietnamese_date
from dxday.council.rules import SeatKind
from dxday.editions.models import Edition
from dxday.schemes.rules import TieBreak

TIE_BREAKS = {
    TieBreak.NEXT_ROUND: "Trường hợp chưa đạt tỷ lệ, tổ chức vòng tiếp theo trong số vòng đã nêu.",
    TieBreak.CHAIR: (
        "Trường hợp số phiếu đồng ý và không đồng ý ngang nhau, ý kiến của Chủ tịch Hội đồng được tính thêm một phiếu; "
        "kết quả vẫn phải đạt tỷ lệ đã nêu."
    ),
    TieBreak.NOT_APPROVED: "Trường hợp chưa đạt tỷ lệ, kết quả là không thông qua.",
}
OUTCOMES = {
    Outcome.APPROVED: "Thông qua",
    Outcome.NOT_APPROVED: "Không thông qua",
    Outcome.ANOTHER_ROUND: "Sang vòng sau",
    Outcome.NO_QUORUM: "Không đủ thành viên tham gia",
    Outcome.LEFT: "Không còn trình Hội đồng",
    Outcome.HELD: "Tạm dừng xét",
}
CHOICES = {Choice.FOR: "Đồng ý", Choice.AGAINST: "Không đồng ý", Choice.BLANK: "Phiếu trắng, không hợp lệ"}
KINDS = {
    SeatKind.CHAIR: "Chủ tịch Hội đồng",
    SeatKind.VICE_CHAIR: "Phó Chủ tịch Hội đồng",
    SeatKind.SECRETARY: "Thư ký Hội đồng",
    SeatKind.MEMBER: "Thành viên Hội đồng",
}


def paper_of(
    report: Report, edition: Edition, *, number: str, place: str, chaired_by: str, written_by: str
) -> Paper:
    """Return what stands around the words of the minutes of a closed ballot."""
    ballot = report.ballot
    assert ballot.closed_at is not None
    return Paper(
        agency=pick(ballot.council.name, "vi"),
        kind="Biên bản",
        number=number,
        symbol="BB-HĐ",
        place=place,
        on=_local(ballot.closed_at, edition).date(),
        about=f"Họp xét và bỏ phiếu khen thưởng: {pick(ballot.scheme.name, 'vi')}",
        recipients=("Thành viên Hội đồng", "Lưu: hồ sơ khen thưởng"),
        signatures=(Signature("Thư ký", written_by), Signature("Chủ trì", chaired_by)),
    )


def facts_of(
    report: Report, edition: Edition, *, chaired_by: str, written_by: str, remarks: str
) -> dict[str, object]:
    """Return the words of the minutes of a closed ballot, for `pdf/minutes.html`."""
    ballot, first, last = report.ballot, report.rounds[0], report.counted[-1]
    assert ballot.opened_at is not None
    assert ballot.closed_at is not None
    return {
        "report": report,
        "terms": ballot.terms,
        "council": pick(ballot.council.name, "vi"),
        "legal_basis": ballot.scheme.legal_basis,
        "opened": _moment(first.round.opened_at, edition),
        "closed": _moment(ballot.closed_at, edition),
        "chaired_by": chaired_by,
        "written_by": written_by,
        "remarks": remarks,
        "seats": last.round.seats,
        "quorum": report.quorum_of(last.round.seats),
        "threshold": report.threshold_of(last.round.seats),
        "tie_break": TIE_BREAKS[ballot.tie_break],
        "rounds": [_round(each, edition) for each in report.rounds],
        "outcomes": [
            (item, pick(item.organisation_name, "vi"), OUTCOMES[item.outcome] if item.outcome else "")
            for item in report.items
        ],
        "approved": sum(item.outcome is Outcome.APPROVED for item in report.items),
    }


def _round(each: RoundReport, edition: Edition) -> dict[str, object]:
    """Return the words of one round."""
    names = {seat.account_id: seat.full_name for seat in each.roll}
    return {
        "number": each.round.number,
        "attempt": each.round.attempt,
        "seats": each.round.seats,
        "opened": _moment(each.round.opened_at, edition),
        "annulled": each.round.annul_reason if each.round.state is RoundState.ANNULLED else None,
        "counted": _moment(each.round.counted_at, edition) if each.round.counted_at else None,
        "took_part": len(each.voted),
        "in_person": _people(each.in_person),
        "written": _people(each.written),
        "absent": _people(each.absent),
        "vacant": [_title(seat) for seat in each.vacant],
        "recusals": [(seat.full_name, ", ".join(_names(items))) for seat, items in each.recusals()],
        "lines": [(tally, OUTCOMES[tally.outcome] if tally.outcome else "") for tally in each.tallies],
        "named": [
            (tally.item, [(names[account_id], CHOICES[vote]) for account_id, vote in votes.items()])
            for tally in each.tallies
            if (votes := each.named.get(tally.item_id))
        ],
        "seal": each.round.seal,
    }


def _people(seats: Iterable[BallotSeat]) -> list[str]:
    return [f"{seat.full_name}, {_title(seat)}" for seat in seats]


def _title(seat: BallotSeat) -> str:
    """Return the part in the council and the office that the seat belongs to."""
    office = pick(seat.title, "vi")
    return f"{KINDS[seat.kind]} ({office})" if office else KINDS[seat.kind]


def _names(items: Iterable[BallotItem]) -> list[str]:
    return [item.nominee_name for item in items]


def _local(moment: datetime, edition: Edition) -> datetime:
    return moment.astimezone(ZoneInfo(edition.time_zone))


def _moment(moment: datetime, edition: Edition) -> str:
    """Write a moment as minutes do, hour and minute before the day."""
    local = _local(moment, edition)
    return f"{local:%H} giờ {local:%M} phút, {vietnamese_date(local.date())}"
