"""Orders for the tests, signed by keys of their own."""

import secrets
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.core.orders import Order, OrderKind, key_id, signed_bytes, spelled
from gate.core.roles import Program, Proof, Role

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


def public(key=KEY):
    return key.public_key().public_bytes_raw()


def by(key=KEY):
    """Who the audit log says it was."""
    return Program(key_id(public(key)), Role.GUARD, Proof.KEY)


def order_of(kind=OrderKind.RELEASE, *, at, seconds=30, gate="north", nonce=None, key=KEY):
    """An order issued at *at*; each has a nonce of its own unless one is given."""
    issued = at.replace(microsecond=0)
    nonce = nonce or secrets.token_hex(16)
    return Order(gate, kind, key_id(public(key)), nonce, issued, issued + timedelta(seconds=seconds))


def payload_of(order, key=KEY):
    return spelled(order, key.sign(signed_bytes(order)))
