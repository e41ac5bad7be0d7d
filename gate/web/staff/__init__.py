"""The console: the pages of the staff."""
