"""The key with which an account signs its answers to the Court's requests. It never leaves the store."""

from __future__ import annotations

from typing import cast

from nacl.utils import random as random_bytes

from client.session.errors import AnswerNotSigned
from client.session.events import Content, Json
from client.session.store.facts import Fact, Facts
from client.session.store.sqlcipher import Database
from policies.trust.errors import CanonicalJsonError
from policies.trust.signing import SigningKey, sign_object

_KEY_ID = "ed25519:answer"
"""What the signature is called; which key holds, the attestation says."""


class AnswerKey:
    """The answer key in an account's store; making it is for the caller's transaction."""

    def __init__(self, db: Database, user_id: str) -> None:
        self._facts = Facts(db)
        self._user_id = user_id

    def public_key(self) -> str | None:
        """Return the public half in unpadded Base64, None where no key was made."""
        key = self._key()
        return key.public_key if key else None

    def make(self) -> str:
        """Make the key unless there is one, and return its public half."""
        if self._key() is None:
            self._facts.put(Fact.ANSWER_SEED, random_bytes(32))
        return self.public_key() or ""

    def sign(self, answer: Content) -> Content:
        """Return the object `org.rogatory.answer`, or the index of an export, with our signature added.

        Neither can pass for the other. Raises AnswerNotSigned.
        """
        key = self._key()
        if answer.get("answerer", answer.get("exporter")) != self._user_id:
            raise _not_signed("It names another answerer.", "Answer with the account that the answer names.")
        if key is None:
            raise _not_signed(
                f"The store of {self._user_id} on this machine holds no answer key.",
                "Answer where the key is, or ask the regional authority to attest this device's key.",
            )
        try:
            return cast("dict[str, Json]", sign_object(answer, self._user_id, key))
        except CanonicalJsonError as error:
            raise _not_signed(f"{error.what} {error.why}", "Correct the answer.") from None

    def _key(self) -> SigningKey | None:
        seed = self._facts.get(Fact.ANSWER_SEED)
        return None if seed is None else SigningKey(_KEY_ID, seed)


def _not_signed(why: str, remedy: str) -> AnswerNotSigned:
    return AnswerNotSigned("The answer was not signed.", why=why, remedy=remedy)
