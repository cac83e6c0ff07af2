"""Who may call: the bearer token, its scope and its rate (RFC 6750)."""

from __future__ import annotations

from aiohttp import hdrs, web

from bridge.api.call import Service
from bridge.api.problem import ApiProblem, ProblemKind
from bridge.api.tokens import Scope, Token
from client.session.secret import Secret

_SCHEME = "bearer "


def authorised(request: web.Request, service: Service, scope: Scope) -> Token:
    """Return the token of a call that allows `scope`. Raises ApiProblem: 401, 403 or 429."""
    token = service.tokens.find(_sent(request))
    if token is None:
        raise ApiProblem(
            ProblemKind.NOT_AUTHENTICATED,
            "The token is unknown or was revoked.",
            headers={hdrs.WWW_AUTHENTICATE: 'Bearer realm="rogatory", error="invalid_token"'},
        )
    seconds = service.limits.take(token.token_id)
    if seconds is not None:
        raise ApiProblem(
            ProblemKind.TOO_MANY_REQUESTS,
            f"Try again in {seconds} s.",
            headers={hdrs.RETRY_AFTER: str(seconds)},
        )
    if scope not in token.scopes:
        raise ApiProblem(
            ProblemKind.SCOPE_MISSING,
            f"It needs the scope {scope}.",
            headers={
                hdrs.WWW_AUTHENTICATE: f'Bearer realm="rogatory", error="insufficient_scope", scope="{scope}"'
            },
        )
    return token


def _sent(request: web.Request) -> Secret[str]:
    headers = request.headers.getall(hdrs.AUTHORIZATION, [])
    if len(headers) != 1 or headers[0][: len(_SCHEME)].lower() != _SCHEME:
        raise ApiProblem(
            ProblemKind.NOT_AUTHENTICATED,
            "Send one header Authorization: Bearer TOKEN.",
            headers={hdrs.WWW_AUTHENTICATE: 'Bearer realm="rogatory"'},
        )
    return Secret(headers[0][len(_SCHEME) :].strip())
