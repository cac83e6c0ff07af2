"""Gathers a case to be exported, from the Court's register or an account's own store, and signs it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

from bridge.case_file import read_case_file
from client.session.accounts import Accounts
from client.session.errors import AnswerNotSigned
from client.session.events import Json
from client.session.face import Session
from client.views.case_messages import room_messages
from client.views.session_cases import SessionCases
from node.cli.court import open_register
from node.cli.export_files import CaseFiles
from node.cli.sessions import in_session, session_of
from node.home import Home
from node.network.trust_material import ORGAN, read_key
from policies.requests.case.case import Case
from policies.requests.case.received import Received
from policies.requests.case.standing import Standing
from policies.requests.export.case_files import files_of
from policies.requests.export.compose import DraftExport, draft_export, finished_export
from policies.trust.manifest import Manifest
from policies.trust.signing import sign_object


class Gathering:
    """Gathers one case in a home; its files lie in `folder` for a moment, without one they are left out."""

    def __init__(self, home: Home, manifest: Manifest, request_id: str, folder: Path | None) -> None:
        self._home = home
        self._manifest = manifest
        self._request_id = request_id
        self._folder = folder

    def by_the_court(self, court: str) -> bytes:
        """Return the export of the Court's register, signed by its organ. Raises as `request show` does."""
        with contextlib.closing(open_register(self._home)) as register:
            file = read_case_file(register, self._request_id, court)
        case = file.case(self._manifest)
        files: Mapping[str, bytes] = {}
        if self._folder is not None and files_of(case):
            files = asyncio.run(self._court_files(court, case))
        draft = self._draft(file.messages, case, file.attestations, files, court)
        key = read_key(self._home.network / "organs" / f"{ORGAN}.key")
        return finished_export(draft, sign_object(draft.index, ORGAN, key))

    def by_account(self, user: str | None) -> bytes:
        """Return the export of an account's store, signed by its answer key where it has one."""
        return in_session(self._home, user, self._from_session)

    async def _from_session(self, session: Session) -> bytes:
        case = await SessionCases(session, self._manifest).find(self._request_id)
        messages = await room_messages(session, case.request.room_id)
        attestations = await session.signed_attestations()
        files = await self._files(session, case)
        draft = self._draft(messages, case, attestations, files, session.user_id)
        try:
            signed = await session.sign_answer(cast("dict[str, Json]", draft.index))
        except AnswerNotSigned:
            return finished_export(draft, None)
        return finished_export(draft, signed)

    async def _court_files(self, court: str, case: Case) -> Mapping[str, bytes]:
        async with session_of(self._home, Accounts(self._home.accounts).find(court)) as session:
            return await self._files(session, case)

    async def _files(self, session: Session, case: Case) -> Mapping[str, bytes]:
        if self._folder is None:
            return {}
        return await CaseFiles(session, case.request.room_id, self._folder).fetch(files_of(case))

    def _draft(
        self,
        messages: Iterable[Received],
        case: Case,
        attestations: Iterable[Mapping[str, object]],
        files: Mapping[str, bytes],
        exporter: str,
    ) -> DraftExport:
        return draft_export(
            messages,
            room_id=case.request.room_id,
            standing=Standing(manifest=self._manifest, attestations=tuple(attestations)),
            manifest=self._home.manifest.read_bytes(),
            root_public_key=pinned_root(self._home),
            files=files,
            exporter=exporter,
            exported_at=datetime.datetime.now(datetime.UTC),
        )


def pinned_root(home: Home) -> str:
    """Return the public key of the network's root that a home has pinned."""
    return home.root_public_key.read_bytes().decode(errors="replace").strip()
