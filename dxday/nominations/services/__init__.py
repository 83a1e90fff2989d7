"""What can be done with nominations, one verb each: call them as `services.<verb>`."""

from dxday.nominations.services.answering import leave_section, save_answer, save_section, take_section
from dxday.nominations.services.moving import (
    admit_nomination,
    announce_awards,
    approve_nomination,
    award_nomination,
    decline_nomination,
    finish_endorsement,
    rank_nomination,
    return_nomination,
    send_for_endorsement,
    submit_nomination,
    take_back,
    withdraw_nomination,
)
from dxday.nominations.services.writing import (
    attach_file,
    change_nomination,
    check_file,
    draft_nomination,
    hand_out,
    note_viewed,
    remove_attachment,
)

__all__ = [
    "admit_nomination",
    "announce_awards",
    "approve_nomination",
    "attach_file",
    "award_nomination",
    "change_nomination",
    "check_file",
    "decline_nomination",
    "draft_nomination",
    "finish_endorsement",
    "hand_out",
    "leave_section",
    "note_viewed",
    "rank_nomination",
    "remove_attachment",
    "return_nomination",
    "save_answer",
    "save_section",
    "send_for_endorsement",
    "submit_nomination",
    "take_back",
    "take_section",
    "withdraw_nomination",
]
