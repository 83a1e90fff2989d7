"""The board: the draft of the programme as a timetable that one can move things on."""
