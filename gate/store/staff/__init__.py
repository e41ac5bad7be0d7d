"""The staff: accounts and what they sign in with, approvals, tokens of programs."""
