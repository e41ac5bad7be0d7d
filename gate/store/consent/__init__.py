"""Consents, their ledger and receipts, and the templates that live by them."""
