"""An authorization server of OAuth 2.0: codes that serve once, tokens that end, refresh tokens that may rotate."""

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from sandbox.clock import Clock


class NoPermit(Exception):
    """``args[0]`` is the error word of RFC 6749 section 5.2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """Who may do what until when. ``who`` '' = the application itself."""

    who: str
    scopes: frozenset[str]
    until: datetime


@dataclass(slots=True, kw_only=True)
class Permits:
    """``lives`` is real time: nobody logs in more often because the demo's days are short. ``rotates``: a refresh token
    serves once. ``redirect`` is what the application is known to come back to.
    """

    clock: Clock
    random: Random
    client: str
    secret: str
    redirect: str
    lives: timedelta
    rotates: bool = False
    shape: str = "{}"  # how an access token looks; ``{}`` is its secret part
    _codes: dict[str, tuple[str, frozenset[str], str]] = field(default_factory=dict)
    _tokens: dict[str, Permit] = field(default_factory=dict)
    _refreshers: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)

    def basic(self) -> str:
        """The header that proves the application."""
        return "Basic " + base64.b64encode(f"{self.client}:{self.secret}".encode()).decode()

    def consent(self, who: str, scopes: str, challenge: str = "") -> str:
        """A person agrees on the vendor's page: the code they come back with."""
        code = self._hex()
        self._codes[code] = (who, frozenset(scopes.split()), challenge)
        return code

    def redeem(self, form: dict[str, str]) -> dict[str, object]:
        """grant_type=authorization_code. Raises NoPermit."""
        who, scopes, challenge = self._codes.pop(form.get("code", ""), ("", frozenset(), ""))
        if not who or form.get("redirect_uri") != self.redirect:
            raise NoPermit("invalid_grant")
        made = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if challenge and made.decode().rstrip("=") != challenge:
            raise NoPermit("invalid_grant")
        return {**self.issue(who, scopes), "refresh_token": self.refresher(who, scopes)}

    def refresh(self, form: dict[str, str]) -> dict[str, object]:
        """grant_type=refresh_token. Raises NoPermit."""
        held = form.get("refresh_token", "")
        if held not in self._refreshers:
            raise NoPermit("invalid_grant")
        who, scopes = self._refreshers[held]
        if not self.rotates:
            return self.issue(who, scopes)
        del self._refreshers[held]
        return {**self.issue(who, scopes), "refresh_token": self.refresher(who, scopes)}

    def refresher(self, who: str, scopes: frozenset[str]) -> str:
        """A refresh token, for instance one that a person copies from the vendor's page."""
        made = self.shape.format(self._hex())
        self._refreshers[made] = (who, scopes)
        return made

    def issue(self, who: str, scopes: frozenset[str]) -> dict[str, object]:
        """An access token, as it is answered."""
        made = self.shape.format(self._hex())
        now, lives = self.clock.now(), self.lives * self.clock.rate
        self._tokens = {name: held for name, held in self._tokens.items() if held.until > now}
        self._tokens[made] = Permit(who=who, scopes=scopes, until=now + lives)
        return {"access_token": made, "token_type": "Bearer", "expires_in": int(lives.total_seconds())}

    def of(self, token: str) -> Permit:
        """Raises NoPermit for a token that is unknown or over."""
        permit = self._tokens.get(token)
        if permit is None or permit.until <= self.clock.now():
            raise NoPermit("invalid_token")
        return permit

    def expire(self) -> None:
        """Every access token ends now, earlier than was said."""
        self._tokens.clear()

    def revoke(self, who: str) -> None:
        """A person takes it back."""
        self._refreshers = {name: held for name, held in self._refreshers.items() if held[0] != who}
        self._tokens = {name: held for name, held in self._tokens.items() if held.who != who}

    def _hex(self) -> str:
        return f"{self.random.getrandbits(128):032x}"
