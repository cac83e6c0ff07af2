"""The errors of a node.

NodeError
├── HomeUnusable             the home cannot be read or written
│   └── HomeTooNew           a newer version of Rogatory laid it out
├── ConfigurationInvalid     node.toml: the file, the key, the reason
├── UnknownRegion            no such region in the policy or in this home
├── PortTaken                another program listens where the node should
├── SynapseMissing           the extra `node` is not installed
├── SynapseDied              the homeserver ended while it should start
├── SynapseSilent            the homeserver does not answer, or did not become healthy in time
├── SupervisorUnreachable    no supervisor answers for this home
├── AdminRefused             the homeserver's admin API refused
│   └── AccountExists        an account of that name is there already
├── FenceRefusal             the network's rules do not allow it; the homeserver refuses with it
├── SampleRequestUnread      the request that `up` issues was not read by its addressee
├── SendingInterrupted       Ctrl-C came while a message was on its way
└── CertificateInvalid       a certificate or the authority's key cannot be used
"""

from __future__ import annotations

from policies.errors import RogatoryError


class NodeError(RogatoryError):
    """A node could not do what was asked."""


class HomeUnusable(NodeError):
    """The home cannot be read or written."""


class HomeTooNew(HomeUnusable):
    """A newer version of Rogatory laid the home out."""


class ConfigurationInvalid(NodeError):
    """A value in node.toml is missing or wrong."""

    exit_code = 2


class UnknownRegion(NodeError):
    """There is no such region."""

    exit_code = 2


class PortTaken(NodeError):
    """Another program listens where the node should."""


class SynapseMissing(NodeError):
    """Synapse is not installed in this environment."""


class SynapseDied(NodeError):
    """The homeserver ended while it should start."""


class SynapseSilent(NodeError):
    """The homeserver does not answer, or did not become healthy in time."""


class SupervisorUnreachable(NodeError):
    """No supervisor answers for this home."""


class AdminRefused(NodeError):
    """The homeserver's admin API refused."""


class AccountExists(AdminRefused):
    """The homeserver already has an account of that name."""


class FenceRefusal(NodeError):
    """The network's rules do not allow what a user asked of the homeserver, or what a peer sent."""

    exit_code = 3


class SendingInterrupted(NodeError):
    """Ctrl-C came while a message was on its way."""

    exit_code = 130


class NotTheCourt(NodeError):
    """Only an organ of the Court may do this, and the account is none."""

    exit_code = 3


class CertificateInvalid(NodeError):
    """A certificate or the authority's key cannot be used."""


class SampleRequestUnread(NodeError):
    """The request that `up` issues was not read, or not verified, by its addressee."""
