"""What secrets look like: the vendors' forms that detect-secrets knows, and what it does not have.

Of detect-secrets (Apache-2.0) the patterns of its detectors are used, on our own readings of the bytes. Its way of
reading files is not: it passes over what is no UTF-8, over names such as `*.lock` and `*.zip`, and over every line that
says `pragma: allowlist secret`, so that whoever writes a file decides what is found in it.

Ours are those forms that say of themselves that they are secrets: a key between PEM's lines, a password in an address,
a value behind a word such as `password`, a random text behind a prefix, as most vendors write their tokens now.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Final
from urllib.parse import unquote

from journeyman.bundles.secret_scan.randomness import (
    MIN_CHARS,
    entropy_bits,
    is_chosen_password,
    is_placeholder,
    is_random,
)
from journeyman.mission.values.errors import NotFound


@dataclass(frozen=True, slots=True)
class Match:
    """A secret in a text."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Detector:
    """A form that secrets have."""

    kind: str
    pattern: re.Pattern[str]
    holds: Callable[[re.Match[str]], bool] = field(default=lambda found: _stands_alone(found))  # noqa: PLW0108  # defined below
    literal: str = ""
    """Without it no match is possible: patterns that look far ahead are then not tried."""
    named: Callable[[re.Match[str]], str] | None = None

    def find(self, text: str) -> Iterator[Match]:
        """Each secret of this form."""
        if self.literal and self.literal not in text:
            return
        for found in self.pattern.finditer(text):
            if self.holds(found):
                group = "secret" if "secret" in self.pattern.groupindex else 0
                kind = self.named(found) if self.named is not None else self.kind
                yield Match(kind, found.start(group), found.end(group))


def matches(text: str) -> Iterator[Match]:
    """Every secret in a text; several may lie upon each other."""
    for detector in _OURS:
        yield from detector.find(text)
    for detector in _theirs():
        yield from detector.find(text)


def _stands_alone(found: re.Match[str]) -> bool:
    """Whether it is no piece out of the middle of a longer text, and no example."""
    start, end, text = found.start(), found.end(), found.string
    before, after = text[start - 1 : start], text[end : end + 1]
    if start > 1 and text[start - 2] in _NO_TEXT:
        before = ""
    inside = (before.isalnum() and found[0][0].isalnum()) or (after.isalnum() and found[0][-1].isalnum())
    return not inside and not is_placeholder(found[0])


_NO_TEXT: Final = frozenset(map(chr, (*range(9), *range(14, 32), *range(127, 256))))
"""What comes in no plain text: one character behind it may be a length, as binary formats have it before a text."""


def _stands_alone_and_is_random(found: re.Match[str]) -> bool:
    secret = found[found.lastindex or 0]
    return _stands_alone(found) and is_random(secret[-max(MIN_CHARS, len(secret) - 6) :])


def _has_random_value(found: re.Match[str]) -> bool:
    value = found["secret"]
    if _UUID.fullmatch(value) or _VARIABLE.search(value):
        return False
    return is_random(value) or (is_chosen_password(value) and not _IS_CODE.search(value))


def _is_drawn_or_chosen(value: str) -> bool:
    return is_random(value) or is_chosen_password(value)


_VARIABLE: Final = re.compile(r"^[$%{<*]|[{}]|://")
_INTEGRITY: Final = re.compile(r"sha256-[A-Za-z0-9+/_-]{43}|sha384-[A-Za-z0-9+/_-]{64}|sha512-[A-Za-z0-9+/_-]{86}")
"""Hashes of scripts and packages, as pages and lock files have them."""
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

_IS_CODE: Final = re.compile(
    r"^(?:https?|file|ftp|data|[a-z]+)://|^[./~]*/|^[A-Za-z]:\\|^\$|^%|^<|^@|^[A-Za-z_]\w*[.(\[]|[(){}\[\]]|^[\w.-]+/[\w./-]+$|"
    r"^(?:[A-Z][a-z]{2,})+\d{0,3}$|^[A-Z]+(?:_[A-Z]+)+\d{0,3}$|^[a-z]{2,}(?:[A-Z][a-z]{2,})+\d{0,3}$|^[a-z][a-z0-9]*(?:_[a-z0-9]+)+:?$"
)
"""Values that are addresses, paths, variables, calls or names."""
_PLATFORM: Final = re.compile(r"linux|macosx|_x86_64|aarch64|amd64")
_WORD_IN_NAME: Final = re.compile(r"[a-z]{7}")
_LONG_WORD_IN_NAME: Final = re.compile(r"[a-z]{11}")
_DIGITS: Final = re.compile(r"\d+")
_SIGNS: Final = re.compile(r"[_+/.~-]")
_HEX: Final = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_DIGEST: Final = re.compile(
    r"(?:sha|md|blake|git|rev|commit|hash|digest|build|uuid|etag|nonce|cpython|abi)\w*$", re.IGNORECASE
)


_MANGLED: Final = re.compile(
    r"_*(?:Z{1,2}[A-Z]{0,4}(?:St|Ss)?\d|R[A-Z]{0,3}[vMsYXC]|St\d|NSt|[A-Z]{0,4}\d{1,2}_GLOBAL)"
)
"""How names of C++ and Rust begin in a program."""
_ID_PREFIX: Final = re.compile(
    r"(?:(?:toolu|srvtoolu|msg|req|call|resp|chatcmpl|cmpl|run|thread|step|ses|sess|session|item|rs|fc|ws|evt|event|file|batch|gen|"
    r"prt|part|tool|usr|user|org|proj|job|task|cus|acct|obj|trace|span|snap|img|asst|wrkspc|ctr|cntr|vs|inv|seg|var|chunk))[_-]$",
    re.IGNORECASE,
)
"""Prefixes of what services call their things: an id is no secret, and every agent's output is full of them."""
_ANTHROPIC_ID: Final = 24
"""Characters behind the prefix of whatever has an id at Anthropic, with `01` in front; the prefixes are many."""
_NAMED_ID: Final = re.compile(
    r"(?:(?:^|[^a-z])(?:id|ids|uuid|guid|etag|hash|digest|integrity|checksum|fingerprint|revision|commit|sha\d*|md5)|Id|Uuid|Hash)"
    r"[\\\"']{0,3}\s{0,2}[=:-]\s{0,2}[\\\"']{0,3}$"
)
"""Names before a text that say that it is no secret."""


def _is_named_id(found: re.Match[str]) -> bool:
    start = found.start()
    return _NAMED_ID.search(found.string[max(0, start - 24) : start]) is not None


def _is_token(found: re.Match[str]) -> bool:
    """Whether a text without blanks is, or ends in, something drawn: its longest piece, or all of it where it has few signs."""
    secret = found["secret"].rstrip("=")
    if (
        _MANGLED.match(secret)
        or _PLATFORM.search(secret)
        or _UUID.search(secret)
        or _INTEGRITY.fullmatch(secret)
        or _is_named_id(found)
        or _is_wrapped_line(found)
    ):
        return False
    longest = max(_SIGNS.split(secret), key=len)
    prefix = secret[: secret.index(longest)]
    if secret.startswith("0x") or (prefix and longest.startswith("01") and len(longest) == _ANTHROPIC_ID):
        return False
    if prefix.endswith("-g") or _DIGEST.search(prefix.rstrip("_-.:/")) or _ID_PREFIX.fullmatch(prefix):
        return False
    if len(longest) >= 20 and _is_drawn_piece(longest, prefix, in_path="/" in secret):
        return True
    signs, digits = len(_SIGNS.findall(secret)), sum(map(str.isdigit, secret))
    if sum(len(piece) >= 4 and piece.isalpha() and piece.islower() for piece in _SIGNS.split(secret)) >= 2:
        return False  # words with signs between them: a name
    few = 1 + len(secret) // (6 if digits >= 4 and len(longest) >= 7 else 12)
    return "/" not in secret and "." not in secret and signs <= few and _is_drawn_piece(secret, "", in_path=False)


def _is_drawn_piece(piece: str, prefix: str, *, in_path: bool) -> bool:
    if not is_random(piece):
        return False
    if _HEX.fullmatch(piece):  # may be a hash as well: it is told only behind what says what it is
        return not in_path and len(piece) >= 32 and any(map(str.isalpha, prefix))
    if any(map(str.islower, piece)) and any(map(str.isupper, piece)):
        if prefix and not in_path:
            return any(map(str.isdigit, piece)) or len(piece) >= 28
        word = _WORD_IN_NAME if len(piece) < 48 else _LONG_WORD_IN_NAME
        return any(map(str.isdigit, piece)) and word.search(piece) is None and entropy_bits(piece) >= 3.8
    most_digits = len(_DIGITS.findall(piece)) >= (2 if prefix and not in_path else 5)
    return most_digits and len(set(piece)) >= (12 if prefix else 18) and len(piece) >= (24 if prefix else 32)


def _is_wrapped_line(found: re.Match[str]) -> bool:
    """Whether it is a line of something long, such as a certificate: one beside it is as long."""
    start, end, text = found.start(), found.end(), found.string
    width = end - start
    if width not in (64, 76):
        return False
    before, after = text[max(0, start - 1 - width) : start], text[end : end + 1 + width]
    return any(len(line) == width + 1 and "\n" in line and " " not in line for line in (before, after))


def _token_kind(found: re.Match[str]) -> str:
    secret = found["secret"]
    prefix = secret[: secret.index(max(_SIGNS.split(secret), key=len))]
    return f"token ({prefix[:12]}…)" if prefix else "high-entropy text"


_VALUE: Final = r"(?P<secret>[^\s\"'`,;<>(){}\[\]\x00-\x1f\x7f]{8,300}+)(?![(\[])"
_BEGIN: Final = (
    r"(?:(?<![A-Za-z0-9_/.~])(?<![^\r\n][+-])|(?<=[\x00-\x08\x0e-\x1f\x7f-\xff][A-Za-z0-9_/.+-])|(?<=[\x00-\x08][+-]))"
)
"""Not in the middle of something longer; a sign before it is one of a diff where it begins the line, and one character
behind a byte that comes in no text may be a length."""
_END: Final = r"(?![A-Za-z0-9_/+~-]|\.[A-Za-z0-9])"
_WORD: Final = (
    r"(?:pass(?:word|wd|phrase)|pwd|secret|token|api[_-]?key|access[_-]?key|auth[_-]?key|private[_-]?key|signing[_-]?key|"
    r"account[_-]?key|encryption[_-]?key|credentials?)"
)
_OURS: Final = (
    Detector(
        "private key",
        re.compile(
            r"-----BEGIN (?:[A-Z0-9]{2,9} ){0,3}PRIVATE KEY(?: BLOCK)?-----[\s\\nr\"'+,]{0,80}"
            r"(?:[A-Za-z-]{4,20}: [^\n]{0,120}\s{1,80}){0,6}(?P<body>[A-Za-z0-9+/=]{16})"
            r"(?:[A-Za-z0-9+/=\s\\\"',]{0,20000}-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----)?"
        ),
        holds=lambda found: not is_placeholder(found["body"]),
        literal="PRIVATE KEY",
    ),
    Detector(
        "private key (PuTTY)", re.compile(r"PuTTY-User-Key-File-[23]: [\s\S]{0,4000}?Private-Lines: \d+\s+[A-Za-z0-9+/=]{16,}"),
        literal="PuTTY-User-Key-File",
    ),
    Detector(
        "JSON Web Token",
        re.compile(r"eyJ[A-Za-z0-9_-]{8,4000}+(?:\.[A-Za-z0-9_-]{4,8000}+(?=\.))?\.[A-Za-z0-9_-]{16,2000}+"),
        literal="eyJ",
    ),
    Detector("Google API key", re.compile(r"AIza[A-Za-z0-9_-]{35}"), literal="AIza"),
    Detector(
        "password in an address",
        re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s:/?#\[\]@\"'<>]{0,80}:(?P<secret>[^\s:/?#\[\]@\"'<>]{6,200})@[\w.\[-]"),
        holds=lambda found: not _VARIABLE.search(found["secret"]) and _is_drawn_or_chosen(unquote(found["secret"])),
        literal="://",
    ),
    Detector(
        "Authorization header",
        re.compile(r"(?i:authorization|proxy-authorization)[\"']?\s{0,9}[:=,]\s{0,9}[\"']?(?i:basic|bearer|token|digest)\s{1,3}" + _VALUE),
        holds=lambda found: is_random(found["secret"].rstrip("=")),
    ),
    Detector(
        "bearer token", re.compile(r"\b[Bb]earer\s{1,3}" + _VALUE), holds=lambda found: is_random(found["secret"].rstrip("=")),
    ),
    Detector(
        "secret behind its name",
        re.compile(
            rf"(?i:{_WORD})[\w-]{{0,30}}[\"'\])]{{0,2}}[ \t]{{0,9}}(?::=|=>|[:=]|[ \t])[ \t]{{0,9}}"
            rf"(?:[bru]?[\"'`]{{1,3}})?{_VALUE}"
        ),
        holds=_has_random_value,
    ),
    Detector(
        "token",
        re.compile(rf"{_BEGIN}(?P<secret>[A-Za-z0-9][A-Za-z0-9_+/.~-]{{22,400}}[A-Za-z0-9_-]={{0,2}}){_END}"),
        holds=_is_token,
        named=_token_kind,
    ),
    Detector(
        "token",
        re.compile(rf"{_BEGIN}(?P<secret>(?P<prefix>[A-Za-z]{{1,7}}[g-zG-Z])(?P<tail>[0-9a-f]{{32,64}})){_END}"),
        holds=lambda found: is_random(found["tail"]) and _DIGEST.search(found["prefix"]) is None,
        named=lambda found: f"token ({found['prefix']}…)",
    ),
)  # fmt: skip
_LEFT_OUT: Final = frozenset(
    {"Private Key", "JSON Web Token", "Basic Auth Credentials", "Public IP (ipv4)",
     "Cloudant Credentials", "IBM COS HMAC Credentials", "IBM Cloud IAM Key", "SoftLayer Credentials"}
)  # fmt: skip
"""Theirs that cannot tell an example from a secret; addresses, which are none; and four that take any text behind a word
such as `key`, for two thirds of all the time: for all of these there is a form of our own."""
_LITERALS: Final = {"NPM tokens": "_authToken", "OpenAI Token": "T3BlbkFJ"}
_SURE: Final = frozenset(
    {"AWS Access Key", "GitHub Token", "GitLab Token", "PyPI Token", "SendGrid API Key", "Slack Token", "Stripe Access Key",
     "NPM tokens", "OpenAI Token", "Square OAuth Secret", "Azure Storage Account access key"}
)  # fmt: skip
"""Theirs that say by their form alone that they are secrets; of the others, what they find must be random."""


@cache
def _theirs() -> tuple[Detector, ...]:
    try:
        from detect_secrets.core.plugins.util import (  # noqa: PLC0415  # an extra, and it brings an HTTP client that nobody uses here
            get_mapping_from_secret_type_to_class,
        )
        from detect_secrets.plugins.base import RegexBasedDetector  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise NotFound(
            f"looking for secrets needs {error.name}: pip install 'journeyman[bundles]'", code="extra_missing"
        ) from None
    found: list[Detector] = []
    for kind, made in sorted(get_mapping_from_secret_type_to_class().items()):
        if issubclass(made, RegexBasedDetector) and kind not in _LEFT_OUT:
            holds = _stands_alone if kind in _SURE else _stands_alone_and_is_random
            literal = _LITERALS.get(kind, "")
            found += [Detector(kind, pattern, holds, literal) for pattern in made.denylist]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType, reportGeneralTypeIssues]
    return tuple(found)
