"""What can be done with ballots, one verb each: call them as `services.<verb>`."""

from dxday.ballots.services.counting import count_round, seal_votes
from dxday.ballots.services.keeping import hand_out_minutes, keep_minutes
from dxday.ballots.services.leading import (
    annul_round,
    cancel_ballot,
    close_ballot,
    find_obstacles,
    open_round,
    prepare_ballot,
    reason_of,
    terms_of,
)
from dxday.ballots.services.row import subject_of
from dxday.ballots.services.voting import cast_vote, enter_paper, enter_written_vote, enter_written_voters

__all__ = [
    "annul_round",
    "cancel_ballot",
    "cast_vote",
    "close_ballot",
    "count_round",
    "enter_paper",
    "enter_written_vote",
    "enter_written_voters",
    "find_obstacles",
    "hand_out_minutes",
    "keep_minutes",
    "open_round",
    "prepare_ballot",
    "reason_of",
    "seal_votes",
    "subject_of",
    "terms_of",
]
