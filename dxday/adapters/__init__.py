"""The outside world, one thin file for each thing: letters, files, pictures, paper, calendars."""
