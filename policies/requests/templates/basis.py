"""How the source of a demand is cited."""

from __future__ import annotations

import re

from policies.network.titles import Title
from policies.requests.templates.kinds import BasisKind

NETWORK_DEFAULT = Title(en="network default", fr="règle par défaut du réseau")
"""What is said instead of an article where only this network asks for something."""

_REPORT = Title(en="the report on cooperation", fr="le rapport sur la coopération")


def cited(basis: str | None, kind: BasisKind) -> Title:
    """Return the citation: articles as the Court writes them, `93(1)(k)`, or that it is a network default."""
    if kind is BasisKind.NETWORK:
        return NETWORK_DEFAULT
    if basis is None:
        return _REPORT
    return Title(en=basis, fr=_in_french(basis))


def _in_french(basis: str) -> str:
    text = re.sub(r"\brules\b", "règles", basis)
    text = re.sub(r"\brule\b", "règle", text)
    text = re.sub(r"\bRegs? of the Registry\b", "Règlement du Greffe", text)
    text = re.sub(r"\bRegs\.? of the Court\b|\bRegs\b", "normes", text)
    text = re.sub(r"\bReg\b\.?", "norme", text)
    text = re.sub(r"\barts\b\.?", "articles", text)
    text = re.sub(r"\bart\b\.?", "article", text)
    return text.replace("report", "rapport")
