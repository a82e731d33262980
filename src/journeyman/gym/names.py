"""What services and fleet agents are called: drawn with the world, and telling nothing about what is wrong."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from journeyman.gym.catalog import Job

_SERVICES: Final = [
    "accounts",
    "address-book",
    "audit",
    "auth",
    "availability",
    "basket",
    "billing",
    "bookings",
    "campaigns",
    "catalog",
    "checkout",
    "claims",
    "coupons",
    "currency",
    "delivery",
    "devices",
    "discounts",
    "documents",
    "emails",
    "exports",
    "favourites",
    "feed",
    "fraud-check",
    "geocoder",
    "identity",
    "images",
    "imports",
    "inbox",
    "inventory",
    "invoices",
    "ledger",
    "loyalty",
    "maps",
    "media",
    "menus",
    "notifications",
    "offers",
    "orders",
    "partners",
    "payments",
    "permits",
    "photos",
    "pricing",
    "profiles",
    "quotes",
    "ranking",
    "receipts",
    "referrals",
    "refunds",
    "reminders",
    "reports",
    "returns",
    "reviews",
    "routing",
    "scheduling",
    "search",
    "sessions",
    "shipping",
    "sms",
    "stock",
    "subscriptions",
    "suppliers",
    "tags",
    "tax",
    "tickets",
    "timeline",
    "tracking",
    "translations",
    "uploads",
    "vouchers",
    "wallet",
    "warehouse",
    "webhooks",
    "wishlist",
]
_STORES: Final = [
    "accounts-db",
    "archive-store",
    "basket-cache",
    "billing-db",
    "blob-store",
    "catalog-db",
    "events-log",
    "feed-cache",
    "geo-index",
    "graph-db",
    "ledger-db",
    "media-store",
    "metrics-db",
    "orders-db",
    "profile-db",
    "queue-store",
    "search-index",
    "session-cache",
    "stock-db",
    "user-db",
    "vault-db",
    "wallet-db",
]
_DOOR: Final = ("edge", "front-door", "gateway", "ingress", "storefront", "web")
_AGENTS: Final = {
    Job.AUTOSCALER: ("capacity-bot", "fleet-scaler", "replica-tuner", "right-sizer"),
    Job.LOAD_BALANCER: ("flow-director", "route-keeper", "traffic-bot", "weights-bot"),
    Job.DEPLOY_BOT: ("release-bot", "rollout-agent", "ship-it", "version-bot"),
    Job.BATCH_RUNNER: ("batch-runner", "cron-agent", "job-bot", "night-worker"),
}
_POOLS: Final = (_SERVICES, _STORES, _DOOR, *(_AGENTS[job] for job in Job))
_WORD_BYTES: Final = 8
VERBS: Final = {
    Job.AUTOSCALER: ("scale_in", "scale_out", "resize_pool", "set_limits"),
    Job.LOAD_BALANCER: ("override_route", "shift_weights", "drain_zone", "refresh_targets"),
    Job.DEPLOY_BOT: ("push_config", "roll_out", "warm_up", "verify_release"),
    Job.BATCH_RUNNER: ("start_job", "rotate_files", "take_backup", "clean_up"),
}
"""What each job's four actions are called; the first is also what a rogue does."""


@dataclass(frozen=True, slots=True)
class Names:
    """One world's names, by number."""

    services: tuple[str, ...]
    agents: tuple[str, ...]


@lru_cache(4096)
def names_of(key: bytes, services: int, jobs: tuple[int, ...]) -> Names:
    """One world's names, from a stream of its key that nothing else is drawn from."""
    words = hashlib.shake_256(b"names" + key).digest(sum(map(len, _POOLS)) * _WORD_BYTES)
    shuffled: list[list[str]] = []
    for pool in _POOLS:
        own = [words[place : place + _WORD_BYTES] for place in range(0, len(pool) * _WORD_BYTES, _WORD_BYTES)]
        words = words[len(pool) * _WORD_BYTES :]
        shuffled.append([pool[place] for place in sorted(range(len(pool)), key=own.__getitem__)])
    inner, stores, doors, *pools = shuffled
    last = max(services // 3, 1)
    return Names((doors[0], *inner[: services - last - 1], *stores[:last]), tuple(pools[job].pop() for job in jobs))
