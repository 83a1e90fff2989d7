"""Sessions, the people in them, and the multi-site timetable."""
