"""What a hash of a PIN or password costs where a test is about something else: it protects nothing."""

from gate.store.keyring.hashing import Cost

LEAST = Cost(iterations=1, memory_kib=8, lanes=1)
