"""An opt-in face gate: the service that decides, asks and records."""
