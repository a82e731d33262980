"""Amazon Bedrock, over boto3: a key of its own, or requests that AWS credentials sign."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import anyio.to_thread

from journeyman.advisors.base import FailureClass
from journeyman.advisors.providers.base import Provider, ResolvedProvider, thinking_profile

_SIGNS: Final = (
    "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_BEARER_TOKEN_BEDROCK",
)  # fmt: skip
"""Variables any of which says that AWS credentials can be had."""


def _open(found: ResolvedProvider, timeout_s: float) -> tuple[Any, Any]:
    import boto3  # noqa: PLC0415  extra `models`
    from botocore.config import Config  # noqa: PLC0415  extra `models`
    from botocore.session import Session  # noqa: PLC0415  extra `models`
    from botocore.tokens import FrozenAuthToken  # noqa: PLC0415  extra `models`
    from pydantic_ai.models.bedrock import BedrockConverseModel  # noqa: PLC0415  extra `models`
    from pydantic_ai.providers.bedrock import BedrockProvider  # noqa: PLC0415  extra `models`

    more: dict[str, Any] = {}
    session: Any = Session()
    if found.key:  # a Bedrock API key instead of signed requests
        session.get_auth_token = lambda **_: FrozenAuthToken(found.key)  # pyright: ignore[reportUnknownLambdaType]
        session.get_credentials = lambda: None
        more["signature_version"] = "bearer"
    elif found.further_secrets:
        access, secret, token = found.further_secrets
        session.set_credentials(access, secret, token or None)
    config = Config(
        retries={"total_max_attempts": 1},
        read_timeout=timeout_s,
        connect_timeout=10,
        max_pool_connections=32,
        **more,
    )
    sdk: Any = boto3  # has no types
    client: Any = sdk.Session(botocore_session=session).client(
        "bedrock-runtime", region_name=found.region, endpoint_url=found.base_url or None, config=config
    )
    provider = BedrockProvider(bedrock_client=client)
    return BedrockConverseModel(found.model, provider=provider, profile=thinking_profile()), client


def _credentials(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Access key, its secret and session token, where variables give them; else boto3 looks where it always does."""
    access, secret = environment.get("AWS_ACCESS_KEY_ID", ""), environment.get("AWS_SECRET_ACCESS_KEY", "")
    return (access, secret, environment.get("AWS_SESSION_TOKEN", "")) if access and secret else ()


def _missing(environment: Mapping[str, str], home: Path) -> str:
    found = any(environment.get(name) for name in _SIGNS) or (home / ".aws" / "credentials").exists()
    return "" if found else "no AWS credentials; set AWS_PROFILE or AWS_ACCESS_KEY_ID"


async def _close(client: Any) -> None:
    await anyio.to_thread.run_sync(client.close)


BEDROCK: Final = Provider(
    variables={
        "model": ("BEDROCK_MODEL_ID",),
        "base_url": ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_ENDPOINT_URL"),
        "api_key": ("AWS_BEARER_TOKEN_BEDROCK",),
        "region": ("AWS_REGION", "AWS_DEFAULT_REGION"),
    },
    defaults={"model": "us.anthropic.claude-sonnet-4-6", "region": "us-east-1"},
    price_list="aws",
    open=_open,
    close=_close,
    loggers=("botocore", "boto3"),
    further_secrets=_credentials,
    missing_secrets=_missing,
    reasons={FailureClass.MALFORMED: "malformed_response", FailureClass.TRUNCATED: "truncated_response"},
)
