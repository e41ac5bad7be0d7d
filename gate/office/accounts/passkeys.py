"""The two ceremonies of passkeys (WebAuthn), with user verification and without anything kept for those who only look.

A challenge carries its own end and a keyed hash of what it is for, so that a page that is shown costs no memory; one that
was answered is remembered until its end, and is good once. The hash's key lives as long as the gate runs.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Final
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import options_to_json, parse_client_data_json
from webauthn.helpers.parse_authentication_credential_json import parse_authentication_credential_json
from webauthn.helpers.parse_registration_credential_json import parse_registration_credential_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from gate.core.roles import AccountId
from gate.core.types import Seconds
from gate.ports import Clock
from gate.store.staff.accounts import Account
from gate.store.staff.passkeys import Passkey, passkey_refused

ANSWER_WITHIN_S: Final[Seconds] = 300.0
_NONCE_BYTES, _END_BYTES, _MAC_BYTES = 16, 8, 16
_CHALLENGE_BYTES = _NONCE_BYTES + _END_BYTES + _MAC_BYTES
_SIGN_IN: Final = "get"


class Ceremonies:
    """Asks browsers for passkeys, and judges what they answer."""

    def __init__(self, clock: Clock, *, rp_id: str, rp_name: str) -> None:
        """rp_id: the host name that passkeys are made for; another name of this gate cannot use them."""
        self._clock = clock
        self._rp_id = rp_id
        self._rp_name = rp_name
        self._key = secrets.token_bytes(32)
        self._answered: dict[bytes, int] = {}

    def ask(self) -> str:
        """Give the options by which any passkey of this site signs in, as JSON."""
        return options_to_json(
            webauthn.generate_authentication_options(
                rp_id=self._rp_id,
                challenge=self._challenge(_SIGN_IN),
                timeout=int(ANSWER_WITHIN_S * 1000),
                user_verification=UserVerificationRequirement.REQUIRED,
            )
        )

    def offer(self, account: Account, known: tuple[Passkey, ...]) -> str:
        """Give the options by which a browser makes a passkey for *account*, none of the *known* anew, as JSON."""
        return options_to_json(
            webauthn.generate_registration_options(
                rp_id=self._rp_id,
                rp_name=self._rp_name,
                user_id=bytes.fromhex(account.id),
                user_name=account.login,
                user_display_name=account.name,
                challenge=self._challenge(_making(account)),
                timeout=int(ANSWER_WITHIN_S * 1000),
                authenticator_selection=AuthenticatorSelectionCriteria(
                    resident_key=ResidentKeyRequirement.REQUIRED,
                    user_verification=UserVerificationRequirement.REQUIRED,
                ),
                exclude_credentials=[PublicKeyCredentialDescriptor(id=each.credential) for each in known],
            )
        )

    def credential_of(self, answer: str) -> bytes:
        """Give the id of the passkey that an answer claims to be. Raises RequestError ``passkey-refused``."""
        try:
            return parse_authentication_credential_json(answer).raw_id
        except Exception as error:  # whatever a stranger's JSON does to the library is one refusal
            raise passkey_refused() from error

    def heed(self, answer: str, passkey: Passkey) -> int:
        """Judge the answer of *passkey*; give its count of uses. Raises RequestError ``passkey-refused``."""
        try:
            parsed = parse_authentication_credential_json(answer)
            challenge, origin = self._client(parsed.response.client_data_json, _SIGN_IN)
            verified = webauthn.verify_authentication_response(
                credential=parsed,
                expected_challenge=challenge,
                expected_rp_id=self._rp_id,
                expected_origin=origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
            handle = parsed.response.user_handle
        except Exception as error:  # as above
            raise passkey_refused() from error
        if handle is not None and handle != bytes.fromhex(passkey.account):
            raise passkey_refused()
        self._spend(challenge)
        return verified.new_sign_count

    def made(self, answer: str, account: Account) -> VerifiedRegistration:
        """Judge the passkey that a browser made for *account*. Raises RequestError ``passkey-refused``."""
        try:
            parsed = parse_registration_credential_json(answer)
            challenge, origin = self._client(parsed.response.client_data_json, _making(account))
            verified = webauthn.verify_registration_response(
                credential=parsed,
                expected_challenge=challenge,
                expected_rp_id=self._rp_id,
                expected_origin=origin,
                require_user_verification=True,
            )
        except Exception as error:  # as above
            raise passkey_refused() from error
        self._spend(challenge)
        return verified

    def _challenge(self, purpose: str) -> bytes:
        end = int(self._clock.monotonic() + ANSWER_WITHIN_S)
        body = secrets.token_bytes(_NONCE_BYTES) + end.to_bytes(_END_BYTES, "big")
        return body + self._mac(body, purpose)

    def _client(self, client_data: bytes, purpose: str) -> tuple[bytes, str]:
        """Give challenge and origin of an answer that was made here, for *purpose*, in time. Raises ValueError."""
        said = parse_client_data_json(client_data)
        challenge = said.challenge
        body, mac = challenge[:-_MAC_BYTES], challenge[-_MAC_BYTES:]
        if len(challenge) != _CHALLENGE_BYTES or not hmac.compare_digest(mac, self._mac(body, purpose)):
            raise ValueError("no challenge of ours")
        now = self._clock.monotonic()
        if int.from_bytes(body[_NONCE_BYTES:], "big") < now or challenge in self._answered:
            raise ValueError("too late, or answered")
        # The port is free: all ports of one device are one party, and which one a browser sees may be forwarded.
        where = urlsplit(said.origin)
        if (where.scheme, where.hostname) != ("https", self._rp_id) or said.cross_origin:
            raise ValueError("another origin")
        return challenge, said.origin

    def _spend(self, challenge: bytes) -> None:
        now = self._clock.monotonic()
        self._answered = {each: end for each, end in self._answered.items() if end >= now}
        self._answered[challenge] = int.from_bytes(challenge[_NONCE_BYTES : _NONCE_BYTES + _END_BYTES], "big")

    def _mac(self, body: bytes, purpose: str) -> bytes:
        return hmac.digest(self._key, body + purpose.encode(), "sha256")[:_MAC_BYTES]


def _making(account: Account) -> str:
    """Give the purpose of a challenge that makes a passkey: it ends with the secrets of the account."""
    return f"create/{AccountId(account.id)}/{account.staff.stamp}"
