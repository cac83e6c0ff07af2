"""The closed sets that templates are written in."""

from __future__ import annotations

import enum


class FieldType(enum.StrEnum):
    """What kind of value a field holds."""

    STRING = "string"
    """One line."""
    TEXT = "text"
    ENUM = "enum"
    MULTI_ENUM = "multi-enum"
    STATEMENT = "statement"
    """A declaration: one of its codes, or in words where it has none."""
    BOOL = "bool"
    INT = "int"
    DATE = "date"
    DATETIME = "datetime"
    DATERANGE = "daterange"
    """`{ from, to }`, two dates."""
    DURATION = "duration"
    COUNTRY = "country"
    MXID = "mxid"
    REF = "ref"
    """The name of another request, decision or thread."""
    PLACE = "geo/text"
    """A place: coordinates or a description, as text."""
    ATTACHMENT = "attachment"
    """`{ title, sha256, ... }`, a list of them, or the title of one in the common `attachments`."""
    LIST = "list"
    OBJECT = "object"
    TABLE = "table"
    """A list of objects."""
    CHECKLIST = "checklist"
    """Key → whether it is ticked."""


class Need(enum.StrEnum):
    """Whether a field must be given."""

    REQUIRED = "required"
    CONDITIONAL = "conditional"
    """While its `when` holds."""
    OPTIONAL = "optional"


class Side(enum.StrEnum):
    """Who gives a field. Only those of the request are ever demanded of its drafter."""

    REQUEST = "request"
    STATE = "state"
    COURT = "court"
    COMPUTED = "computed"
    BOT = "bot"


class BasisKind(enum.StrEnum):
    """Where a demand comes from. One of the network alone cites no article, whatever it is akin to."""

    STATUTE = "STATUTE"
    RULES = "RULES"
    REGULATIONS = "REGULATIONS"
    REPORT = "REPORT"
    NETWORK = "NETWORK"


class Severity(enum.StrEnum):
    """Whether what is found stops a request."""

    ERROR = "error"
    WARNING = "warning"


class Confidentiality(enum.StrEnum):
    """The level of a request (Regulations of the Court, 23 bis and 23 ter)."""

    PUBLIC = "PUBLIC"
    CONFIDENTIAL = "CONFIDENTIAL"
    UNDER_SEAL = "UNDER_SEAL"
    SECRET = "SECRET"  # noqa: S105 - a level of confidentiality, no password


class Priority(enum.StrEnum):
    """One of the seven priorities of cooperation; `themes.toml` names them."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"
    P5 = "P5"
    P6 = "P6"
    P7 = "P7"


class OutcomeKind(enum.StrEnum):
    """What an answer does to a request. Only a final one closes it."""

    RECEIPT = "receipt"
    INTERIM = "interim"
    FINAL = "final"
    OBSTACLE = "obstacle"
    """National law is in the way: the State must also consult (article 97); never counted as a refusal."""
    COURT = "court"
    """The Court's own step."""
    OUTSIDE = "outside"
    """An answer that the Statute does not foresee, kept so that data are honest; counted apart."""


class ClockKind(enum.StrEnum):
    """Whether a time limit is law or only this network's usage: they are told apart everywhere."""

    STATUTORY = "STATUTORY"
    NETWORK = "NETWORK"


class ClockUnit(enum.StrEnum):
    """How a time limit counts. Working days are usage of the network; law counts calendar days."""

    HOURS = "hours"
    CALENDAR_DAYS = "calendar-days"
    WORKING_DAYS = "working-days"


class Urging(enum.StrEnum):
    """A duty of time without a number, in the words of the Statute: shown as such, never counted."""

    IMMEDIATELY = "immediately"
    PROMPTLY = "promptly"
    WITHOUT_DELAY = "without-delay"
    AS_SOON_AS_POSSIBLE = "as-soon-as-possible"


class Moment(enum.StrEnum):
    """What starts a clock."""

    DELIVERED = "delivered"
    """The requested State can read the request."""
    FIELD = "field"
    """The time that a field of the request or of an answer says."""
    OUTCOME = "outcome"
    """An answer with a certain outcome."""
