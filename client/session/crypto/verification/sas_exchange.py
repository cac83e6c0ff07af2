"""One SAS exchange, from start to the proof of the keys: values in, contents of messages out, no I/O.

Matrix spec, end-to-end, "SAS verification". The side that did not start commits itself to its ephemeral key
before it sees the other's, so that nobody can search for a pair of keys with the same emoji.
"""

from __future__ import annotations

import hmac

from vodozemac import Curve25519PublicKey, EstablishedSas, Sas

from client.session.crypto.verification import sas
from client.session.crypto.verification.abort import Abort
from client.session.crypto.verification.emoji import emoji_of
from client.session.crypto.verification.messages import SAS, Accept, Key, Mac, Start
from client.session.crypto.verification.parties import Party
from client.session.events import Content, Json
from client.session.verification import CancelCode, Compare
from policies.trust.errors import CanonicalJsonError


def start_offer(ours: Party) -> dict[str, Json]:
    """Return what a start of ours offers: one choice of each, the one that is not deprecated."""
    return {
        "from_device": ours.device_id,
        "method": SAS,
        "key_agreement_protocols": [sas.KEY_AGREEMENT],
        "hashes": [sas.HASH],
        "message_authentication_codes": [sas.MAC_METHOD],
        "short_authentication_string": [sas.EMOJI, sas.DECIMAL],
    }


class SasExchange:
    """One exchange. Each method takes the next message; every refusal is raised as Abort.

    `start_content` is the content of the start as it was sent, whoever sent it; `we_started` says who.
    """

    def __init__(
        self, ours: Party, theirs: Party, transaction_id: str, start_content: Content, *, we_started: bool
    ) -> None:
        self._ours = ours
        self._theirs = theirs
        self._transaction_id = transaction_id
        self._start_content = start_content
        self._we_started = we_started
        self._sas = Sas()
        self._our_key = self._sas.public_key.to_base64()
        self._their_commitment: str | None = None
        self._secret: EstablishedSas | None = None
        self._compare: Compare | None = None

    @property
    def compare(self) -> Compare | None:
        """What both sides are to compare, once both keys are there."""
        return self._compare

    def accept(self, start: Start) -> dict[str, Json]:
        """Take their start; return our accept."""
        strings = [name for name in (sas.EMOJI, sas.DECIMAL) if name in start.short_authentication_string]
        if (
            sas.KEY_AGREEMENT not in start.key_agreement_protocols
            or sas.HASH not in start.hashes
            or sas.MAC_METHOD not in start.message_authentication_codes
            or sas.DECIMAL not in strings  # mandatory (Matrix spec): who lacks it means something else
        ):
            raise Abort(CancelCode.UNKNOWN_METHOD, "They offer no way to compare that is known here.")
        try:
            commitment = sas.commitment(self._our_key, self._start_content)
        except CanonicalJsonError:
            raise Abort(CancelCode.INVALID_MESSAGE, "Their start has no canonical form.") from None
        return {
            "method": SAS,
            "key_agreement_protocol": sas.KEY_AGREEMENT,
            "hash": sas.HASH,
            "message_authentication_code": sas.MAC_METHOD,
            "short_authentication_string": list(strings),
            "commitment": commitment,
        }

    def take_accept(self, accept: Accept) -> dict[str, Json]:
        """Take their answer to our start; return our key."""
        chosen = (accept.key_agreement_protocol, accept.hash, accept.message_authentication_code)
        strings = set(accept.short_authentication_string)
        if chosen != (sas.KEY_AGREEMENT, sas.HASH, sas.MAC_METHOD) or not strings & {sas.EMOJI, sas.DECIMAL}:
            raise Abort(CancelCode.UNKNOWN_METHOD, "They chose what was not offered to them.")
        self._their_commitment = accept.commitment
        return self.our_key()

    def our_key(self) -> dict[str, Json]:
        """Return the content of our m.key.verification.key."""
        return {"key": self._our_key}

    def take_key(self, key: Key) -> Compare:
        """Take their ephemeral key; return what is to be compared."""
        if self._we_started:
            expected = sas.commitment(key.key, self._start_content)
            if not hmac.compare_digest(expected.encode(), (self._their_commitment or "").encode()):
                raise Abort(CancelCode.MISMATCHED_COMMITMENT, "Their key is not the one they had promised.")
        if hmac.compare_digest(key.key.encode(), self._our_key.encode()):
            raise Abort(CancelCode.KEY_MISMATCH, "They sent our own key back.")
        try:
            self._secret = self._sas.diffie_hellman(Curve25519PublicKey.from_base64(key.key))
        except ValueError:
            raise Abort(CancelCode.INVALID_MESSAGE, "Their key is no key.") from None
        ours, theirs = (self._ours, self._our_key), (self._theirs, key.key)
        first, second = (ours, theirs) if self._we_started else (theirs, ours)
        short = self._secret.bytes(sas.short_string_info(*first, *second, self._transaction_id))
        self._compare = Compare(emoji_of(short.emoji_indices), short.decimals)
        return self._compare

    def our_mac(self) -> dict[str, Json]:
        """Return the content of our m.key.verification.mac: our device key and our master key."""
        secret = self._established()
        keys = self._ours.key_ids
        macs: dict[str, Json] = {
            key_id: secret.calculate_mac(key, self._our_info(key_id)) for key_id, key in keys.items()
        }
        return {"mac": macs, "keys": secret.calculate_mac(sas.key_list(keys), self._our_info("KEY_IDS"))}

    def check_mac(self, mac: Mac) -> bool:
        """Check that they prove the very keys that we have of them, their device's among them.

        Return whether the master key is one of them; of another user it must be, for it is what we would
        sign. Raises Abort.
        """
        secret = self._established()
        if not sas.holds(secret, sas.key_list(mac.mac), self._their_info("KEY_IDS"), mac.keys):
            raise Abort(CancelCode.KEY_MISMATCH, "The list of their keys has been changed on the way.")
        known = self._theirs.key_ids
        for key_id, tag in mac.mac.items():
            if key_id in known and not sas.holds(secret, known[key_id], self._their_info(key_id), tag):
                raise Abort(CancelCode.KEY_MISMATCH, "Their keys are not those that the server shows us.")
        required = {f"ed25519:{self._theirs.device_id}"}
        if self._theirs.user_id != self._ours.user_id:
            required = set(known)
        if not required <= mac.mac.keys():
            raise Abort(CancelCode.KEY_MISMATCH, "They did not prove the keys that were to be verified.")
        return self._theirs.master_key is not None and f"ed25519:{self._theirs.master_key}" in mac.mac

    def _established(self) -> EstablishedSas:
        if self._secret is None:
            raise Abort(CancelCode.UNEXPECTED_MESSAGE, "Their message came before its turn.")
        return self._secret

    def _our_info(self, key_id: str) -> str:
        return sas.mac_info(self._ours, self._theirs, self._transaction_id, key_id)

    def _their_info(self, key_id: str) -> str:
        return sas.mac_info(self._theirs, self._ours, self._transaction_id, key_id)
