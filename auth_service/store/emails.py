"""E-mails as account names: how they are compared, and which are refused because people or programs could mistake them."""

from __future__ import annotations

import unicodedata

from common.errors import FieldViolation, InvalidInput
from common.notices import notice

LONGEST = 254
CONFUSABLE_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
"""Scripts whose letters look alike; an e-mail may hold letters of one of them (and of any other script) only."""


def email_key(email: str) -> str:
    """The e-mail as it is compared: without blanks around it, full-width and composed forms made equal (NFKC), ignoring case."""
    key = email
    for _ in range(3):  # folding can bring forth forms to compose, and composing capitals; three rounds reach the end
        key = unicodedata.normalize("NFKC", key).casefold().strip()
    return unicodedata.normalize("NFKC", key)


def accept_email(email: str, *, field: str = "username") -> str:
    """The e-mail as it is stored and shown.

    Raises:
        InvalidInput: no e-mail, too long, or it holds control characters, blanks, or look-alike letters of several scripts.
    """
    shown = unicodedata.normalize("NFC", email.strip())
    problem = _problem(shown)
    if problem:
        raise InvalidInput(f"The e-mail {problem}", violations=[FieldViolation(field, problem)])
    return shown


def _problem(email: str) -> str:
    if not email:
        return notice("IS_MISSING", "is missing")
    if len(email) > LONGEST or len(email_key(email)) > LONGEST:
        return notice("AT_MOST_CHARACTERS", "is longer than {count} characters", count=LONGEST)
    if any(unicodedata.category(character)[0] in "CZ" for character in email):
        return notice("EMAIL_CHARACTERS", "holds a blank, a control character or an invisible character")
    local, _, domain = unicodedata.normalize("NFKC", email).rpartition("@")
    if not local or not domain or "@" in local:
        return notice("EMAIL_FORM", "does not look like name@domain")
    scripts = sorted(
        {script for script in CONFUSABLE_SCRIPTS for c in email if unicodedata.name(c, "").startswith(script)}
    )
    if len(scripts) > 1:
        return notice(
            "EMAIL_SCRIPTS",
            "mixes letters of {scripts} that look alike",
            scripts=" and ".join(script.capitalize() for script in scripts),
        )
    return ""
