"""What services and fleet agents are called: drawn with the world, and telling nothing about what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from journeyman.gym.catalog import Job
from journeyman.gym.chance import Dice, stream_places
from journeyman.gym.draw.incident import world_keys
from journeyman.gym.state import Incident
from journeyman.gym.tasks import Tier

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
_PLACES: Final = np.concatenate([stream_places(90 + number, len(pool)) for number, pool in enumerate(_POOLS)])
VERBS: Final = {
    Job.AUTOSCALER: ("scale_in", "scale_out", "resize_pool", "set_limits"),
    Job.LOAD_BALANCER: ("override_route", "shift_weights", "drain_zone", "refresh_targets"),
    Job.DEPLOY_BOT: ("push_config", "roll_out", "warm_up", "verify_release"),
    Job.BATCH_RUNNER: ("start_job", "rotate_files", "take_backup", "clean_up"),
}
"""What each job's four deeds are called; the first is also what a rogue does."""


@dataclass(frozen=True, slots=True)
class Names:
    """One world's names, by number."""

    services: tuple[str, ...]
    agents: tuple[str, ...]


def names_of(incident: Incident, tier: Tier, index: int) -> Names:
    """Give the names of one world."""
    services, jobs = int(incident.services[index]), incident.jobs[:, index].tolist()
    return _named(int(incident.seed[index]), tier, services, tuple(jobs))


@lru_cache(4096)
def _named(seed: int, tier: Tier, services: int, jobs: tuple[int, ...]) -> Names:
    words: list[int] = Dice(world_keys(np.array([seed], np.uint64), tier)).at(_PLACES)[:, 0].tolist()
    shuffled: list[list[str]] = []
    for pool in _POOLS:
        own, words = words[: len(pool)], words[len(pool) :]
        shuffled.append([pool[place] for place in sorted(range(len(pool)), key=own.__getitem__)])
    inner, stores, doors, *pools = shuffled
    last = max(services // 3, 1)
    return Names((doors[0], *inner[: services - last - 1], *stores[:last]), tuple(pools[job].pop() for job in jobs))
