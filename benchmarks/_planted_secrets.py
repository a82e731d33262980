"""Twenty kinds of secrets, drawn from a seed, and fifteen kinds of files that they are planted in.

None of these was ever valid: each is drawn here. What is told of a kind, such as a prefix, stands apart from what is drawn,
so that this file holds no secret.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import pickle  # only written, never read
import random
import string
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import Final

_BASE62: Final = string.ascii_letters + string.digits
_BASE36: Final = string.ascii_lowercase + string.digits
_BASE32: Final = string.ascii_uppercase + "234567"
_URLSAFE: Final = _BASE62 + "-_"

Draw = random.Random


def _of(draw: Draw, letters: str, count: int) -> str:
    """A text that has a digit and a letter in it, as those of vendors always have in practice."""
    while True:
        text = "".join(draw.choices(letters, k=count))
        if any(map(str.isdigit, text)) and any(map(str.isalpha, text)):
            return text


def _hex(draw: Draw, count: int) -> str:
    return _of(draw, "0123456789abcdef", count)


def _base64(draw: Draw, count: int) -> str:
    return base64.b64encode(draw.randbytes(count)).decode()


def _pem(draw: Draw) -> str:
    body = _base64(draw, 600)
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    kind = draw.choice(["RSA ", "EC ", "OPENSSH ", ""])
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{lines}\n-----END {kind}PRIVATE KEY-----"


def _jwt(draw: Draw) -> str:
    parts = [{"alg": "HS256", "typ": "JWT"}, {"sub": _hex(draw, 12), "exp": draw.randrange(10**9)}]
    head = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*head, base64.urlsafe_b64encode(draw.randbytes(32)).decode().rstrip("=")])


def _password(draw: Draw) -> str:
    words = [_of(draw, _BASE62, 6), draw.choice("!#%+^~"), _of(draw, _BASE62, 6)]
    return "".join(words)


WHILE_BUILDING: Final[dict[str, Callable[[Draw], str]]] = {
    "AWS access key id": lambda draw: "AKIA" + _of(draw, string.ascii_uppercase + "234567", 16),
    "AWS secret key": lambda draw: f'aws_secret_access_key = "{_of(draw, _BASE62 + "/+", 40)}"',
    "GitHub token": lambda draw: "ghp_" + _of(draw, _BASE62, 36),
    "Slack token": lambda draw: (
        f"xoxb-{draw.randrange(10**11, 10**12)}-{draw.randrange(10**12, 10**13)}-{_of(draw, _BASE62, 24)}"
    ),
    "private key": _pem,
    "JSON Web Token": _jwt,
    "password in an address": lambda draw: f"postgres://app:{_of(draw, _BASE62, 18)}@db.internal:5432/orders",
    "OpenAI key": lambda draw: f"sk-proj-{_of(draw, _URLSAFE, 74)}T3Blbk" + f"FJ{_of(draw, _URLSAFE, 74)}",
    "API key in a settings file": lambda draw: f"SERVICE_API_KEY={_hex(draw, 32)}",
    "Stripe key": lambda draw: "sk_live_" + _of(draw, _BASE62, 24),
}
"""Those that were looked at while the scan was made."""

FIRST_HELD_OUT: Final[dict[str, Callable[[Draw], str]]] = {
    "GitLab token": lambda draw: "glpat-" + _of(draw, _URLSAFE, 20),
    "Google API key": lambda draw: "AIza" + _of(draw, _URLSAFE, 35),
    "npm token": lambda draw: "npm_" + _of(draw, _BASE62, 36),
    "SendGrid key": lambda draw: f"SG.{_of(draw, _URLSAFE, 22)}.{_of(draw, _URLSAFE, 43)}",
    "Hugging Face token": lambda draw: "hf_" + "".join(draw.choices(string.ascii_letters, k=34)),
    "DigitalOcean token": lambda draw: "dop_v1_" + _hex(draw, 64),
    "Azure storage key": lambda draw: (
        f"AccountName=orders;AccountKey={_base64(draw, 64)};EndpointSuffix=core.windows.net"
    ),
    "bearer header": lambda draw: f"Authorization: Bearer {_of(draw, _BASE62, 40)}",
    "Shopify token": lambda draw: "shpat_" + _hex(draw, 32),
    "password": lambda draw: f"db_password: {_password(draw)}",
}
"""Held out until the scan first seemed done: of 600 of these it then missed 32, nearly all of them Google's. What that showed
was mended, so these count for nothing any more but as what must stay found."""

SECOND_HELD_OUT: Final[dict[str, Callable[[Draw], str]]] = {
    "Mailgun key": lambda draw: "key-" + _hex(draw, 32),
    "Databricks token": lambda draw: "dapi" + _hex(draw, 32),
    "Linear key": lambda draw: "lin_api_" + _of(draw, _BASE62, 40),
    "Notion token": lambda draw: "ntn_" + _of(draw, _BASE62, 46),
    "Doppler token": lambda draw: "dp.pt." + _of(draw, _BASE62, 43),
    "Vault token": lambda draw: "hvs." + _of(draw, _URLSAFE, 90),
    "New Relic key": lambda draw: "NRAK-" + _of(draw, string.ascii_uppercase + string.digits, 27),
    "Postman key": lambda draw: f"PMAK-{_hex(draw, 24)}-{_hex(draw, 34)}",
    "Atlassian token": lambda draw: f"ATATT3xFfGF0{_of(draw, _URLSAFE, 170)}={_hex(draw, 8).upper()}",
    "basic header": lambda draw: f"Authorization: Basic {base64.b64encode(f'app:{_password(draw)}'.encode()).decode()}",
}
"""Held out the second time: of 600 it missed 286, those whose vendors do not write a prefix, `_` and a short tail."""

THIRD_HELD_OUT: Final[dict[str, Callable[[Draw], str]]] = {
    "Groq key": lambda draw: "gsk_" + _of(draw, _BASE62, 52),
    "Replicate token": lambda draw: "r8_" + _of(draw, _BASE62, 37),
    "PlanetScale token": lambda draw: "pscale_tkn_" + _of(draw, _URLSAFE, 43),
    "Docker token": lambda draw: "dckr_pat_" + _of(draw, _URLSAFE, 27),
    "Airtable token": lambda draw: f"pat{_of(draw, _BASE62, 14)}.{_hex(draw, 64)}",
    "Azure client secret": lambda draw: f"{_of(draw, _BASE62, 3)}8Q~{_of(draw, _URLSAFE, 34)}",
    "age key": lambda draw: f"AGE-SECRET-KEY-1{_of(draw, 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L', 58)}",
    "RubyGems key": lambda draw: "rubygems_" + _hex(draw, 48),
    "Sentry token": lambda draw: (
        f"sntrys_{base64.b64encode(json.dumps({'iat': draw.random(), 'org': 'orders'}).encode()).decode()}_"
        + base64.b64encode(draw.randbytes(32)).decode().rstrip("=")
    ),
    "netrc password": lambda draw: f"machine db.internal login app password {_password(draw)}",
}
"""Held out the third time: of 600 it missed 73, all but 17 of them of a prefix that was longer than it took one to be."""

FOURTH_HELD_OUT: Final[dict[str, Callable[[Draw], str]]] = {
    "Grafana token": lambda draw: f"glsa_{_of(draw, _BASE62, 32)}_{_hex(draw, 8)}",
    "Supabase token": lambda draw: "sbp_" + _hex(draw, 40),
    "Pulumi token": lambda draw: "pul-" + _hex(draw, 40),
    "Fly token": lambda draw: "FlyV1 fm2_" + _base64(draw, 180),
    "Square token": lambda draw: "EAAA" + _of(draw, _URLSAFE, 60),
    "Mapbox token": lambda draw: "sk." + _jwt(draw).split(".")[1] + "." + _of(draw, _URLSAFE, 22),
    "Figma token": lambda draw: "figd_" + _of(draw, _URLSAFE, 40),
    "Contentful token": lambda draw: "CFPAT-" + _of(draw, _URLSAFE, 43),
    "PyPI token": lambda draw: "pypi-AgEIcHlwaS5vcmc" + _of(draw, _URLSAFE, 150),
    "Cloudflare token": lambda draw: f"CLOUDFLARE_API_TOKEN={_of(draw, _URLSAFE, 40)}",
}
"""Held out the fourth time: of 600 it missed 69, 54 of them of the form of a signed JSON token with two parts."""

FIFTH_HELD_OUT: Final[dict[str, Callable[[Draw], str]]] = {
    "Brevo key": lambda draw: f"xkeysib-{_hex(draw, 64)}-{_of(draw, _BASE62, 16)}",
    "HashiCorp Terraform token": lambda draw: f"{_of(draw, _BASE62, 14)}.atlasv1.{_of(draw, _URLSAFE, 67)}",
    "Heroku token": lambda draw: "HRKU-AA" + _of(draw, _URLSAFE, 58),
    "Typeform token": lambda draw: f"tfp_{_of(draw, _URLSAFE, 43)}_{_of(draw, _BASE62, 14)}",
    "Dynatrace token": lambda draw: f"dt0c01.{_of(draw, _BASE32, 24)}.{_of(draw, _BASE32, 64)}",
    "Clojars token": lambda draw: "CLOJARS_" + _hex(draw, 60),
    "Prefect key": lambda draw: "pnu_" + _of(draw, _BASE36, 36),
    "ReadMe key": lambda draw: "rdme_" + _of(draw, _BASE36, 70),
    "password in a connection string": lambda draw: (
        f"Server=db;Database=orders;User Id=app;Password={_password(draw)};"
    ),
    "Kubernetes secret": lambda draw: f"data:\n  token: {base64.b64encode(_of(draw, _BASE62, 40).encode()).decode()}",
}
"""Held out the fifth time: of 600 it missed 69, 56 of them of three pieces with points between them."""

HELD_OUT: Final[dict[str, Callable[[Draw], str]]] = {
    "Alibaba key id": lambda draw: "LTAI" + _of(draw, _BASE62, 20),
    "Tencent key id": lambda draw: "AKID" + _of(draw, _BASE62, 32),
    "Flutterwave key": lambda draw: f"FLWSECK-{_hex(draw, 32)}-X",
    "Shippo token": lambda draw: "shippo_live_" + _hex(draw, 40),
    "Duffel token": lambda draw: "duffel_live_" + _of(draw, _URLSAFE, 43),
    "EasyPost key": lambda draw: "EZAK" + _of(draw, _BASE62, 54),
    "Frame.io token": lambda draw: "fio-u-" + _of(draw, _URLSAFE, 64),
    "Scalingo token": lambda draw: "tk-us-" + _of(draw, _URLSAFE, 48),
    "Adafruit key": lambda draw: "aio_" + _of(draw, _BASE62, 28),
    "password in a compose file": lambda draw: f"      ELASTIC_PASSWORD: {_password(draw)}",
}
"""Those that were first tried when it was done, and that nothing was changed for since."""


def _zip(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme.txt", "Nothing here.\n")
        archive.writestr(name, data)
    return out.getvalue()


def _tar(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        row = tarfile.TarInfo(name)
        row.size = len(data)
        archive.addfile(row, io.BytesIO(data))
    return out.getvalue()


def _noise(draw: Draw, data: bytes) -> bytes:
    return draw.randbytes(draw.randrange(2_000, 20_000)) + b"\0" + data + b"\0" + draw.randbytes(3_000)


def _diff(text: str) -> str:
    lines = "".join(f"+{line}\n" for line in text.splitlines())
    return f"diff --git a/settings b/settings\n--- a/settings\n+++ b/settings\n@@ -1,0 +1,9 @@\n{lines}"


CARRIERS: Final[dict[str, Callable[[Draw, str], bytes]]] = {
    "text": lambda _, secret: f"Notes\n\nUse this:\n{secret}\nand go on.\n".encode(),
    "source": lambda _, secret: f'def connect():\n    return open_service("""{secret}""")\n'.encode(),
    "settings": lambda _, secret: f"# settings\nname = orders\nvalue = {secret}\n".encode(),
    "JSON": lambda _, secret: json.dumps({"name": "orders", "value": secret}).encode(),
    "JSON within JSON": lambda _, secret: json.dumps({"text": json.dumps({"out": f"ran\n{secret}\n"})}).encode(),
    "diff": lambda _, secret: _diff(secret).encode(),
    "log": lambda _, secret: f"2026-11-22T10:00:00Z INFO sent ({secret}) to upstream\n".encode() * 2,
    "UTF-16": lambda _, secret: f"Notes\r\n{secret}\r\n".encode("utf-16"),
    "base64": lambda _, secret: b"data: " + base64.b64encode(f"first\n{secret}\nlast\n".encode()) + b"\n",
    "program": lambda draw, secret: b"\x7fELF\x02\x01\x01" + _noise(draw, secret.encode()),
    "zip": lambda _, secret: _zip("conf/app.ini", f"[app]\n{secret}\n".encode()),
    "tar.gz": lambda _, secret: _tar("app/.env", f"{secret}\n".encode()),
    "gzip in zip": lambda _, secret: _zip("log.gz", gzip.compress(f"{secret}\n".encode())),
    "pickle": lambda draw, secret: pickle.dumps({"noise": draw.randbytes(500), "value": secret}),
    "PNG": lambda draw, secret: b"\x89PNG\r\n\x1a\n" + draw.randbytes(900) + b"zTXtnote\0\0" + zlib.compress(secret.encode()),
}  # fmt: skip
