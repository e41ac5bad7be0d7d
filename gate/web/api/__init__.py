"""The JSON API for programs of the site: what a token's office may see and do, and nothing of anybody (R53)."""
