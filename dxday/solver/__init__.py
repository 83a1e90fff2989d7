"""The timetable solver: places sessions in rooms and times; knows only `core`, OR-Tools and its own files."""
