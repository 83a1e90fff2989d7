"""Ballots of a council: who voted, what was voted, the count, and the minutes of it."""
