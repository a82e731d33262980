"""Incidents after public post-mortems: the same rules, with services, failures and their order given.

What is told of each is fact as its source has it, in few words; what this gym has no word for is played by what comes
nearest. Everything else in such a world (load, capacity, names, noise, who is employed) is drawn as in any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from journeyman.gym.catalog import Failure


@dataclass(frozen=True, slots=True)
class Given:
    """One failure or look-alike of an incident."""

    failure: Failure
    service: int
    onset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident after a post-mortem."""

    name: str
    """As in its task's id."""
    title: str
    source: str
    """Where its post-mortem can be read."""
    story: str
    calls: tuple[tuple[int, ...], ...]
    """Whom each service calls, by number, at most three; service 0 is the door, and a service has one or two callers, with
    lower numbers."""
    causes: tuple[Given, ...]
    """At most three failures, and one look-alike, in the order of their beginning."""


INCIDENTS: Final = (
    Incident(
        name="aws-s3-2017",
        title="Amazon S3, us-east-1, 28 February 2017",
        source="https://aws.amazon.com/message/41926/",
        story="A command took away more servers than was meant; index and placement lost their capacity.",
        calls=((1, 2), (4,), (3,), (5,), (3, 5), ()),
        causes=(Given(Failure.AUTOSCALER_COST_CUT, 3), Given(Failure.AUTOSCALER_COST_CUT, 4, 1)),
    ),
    Incident(
        name="aws-kinesis-2020",
        title="Amazon Kinesis, us-east-1, 25 November 2020",
        source="https://aws.amazon.com/message/11201/",
        story="Servers were added to a fleet in which each holds a thread to each other; all hit the limit of threads.",
        calls=((1, 2, 3), (4,), (4,), (5,), (5, 6), (), ()),
        causes=(Given(Failure.POOL_LEAK, 4), Given(Failure.RETRY_STORM, 1, 2)),
    ),
    Incident(
        name="aws-ebs-2012",
        title="Amazon EBS, us-east-1, 22 October 2012",
        source="https://aws.amazon.com/message/680342/",
        story="An agent could not reach a replaced server since a DNS change had not reached it, and leaked memory.",
        calls=((1, 2), (3, 4), (4,), (5,), (), ()),
        causes=(Given(Failure.DNS_OUTAGE, 4), Given(Failure.MEMORY_LEAK, 3, 1)),
    ),
    Incident(
        name="gitlab-2017",
        title="GitLab.com, 31 January 2017",
        source="https://about.gitlab.com/blog/2017/02/10/postmortem-of-database-outage-of-january-31/",
        story="Unusual load held up the replication of the database; its data was removed by mistake, and copied back slowly.",
        calls=((1, 2), (3, 4), (4, 5), (5,), (6,), (6,), ()),
        causes=(Given(Failure.SLOW_DISK, 6), Given(Failure.TRAFFIC_SURGE, 2, 1)),
    ),
    Incident(
        name="github-2018",
        title="GitHub, 21 October 2018",
        source="https://github.blog/2018-10-30-oct21-post-incident-analysis/",
        story="A short loss of the network moved the databases' primaries to another coast, whose clusters then diverged.",
        calls=((1, 2, 3), (4,), (4, 5), (5,), (6,), (6, 7), (), ()),
        causes=(Given(Failure.CASCADE, 6), Given(Failure.PLANNED_FAILOVER, 3)),
    ),
    Incident(
        name="cloudflare-2019",
        title="Cloudflare, 2 July 2019",
        source="https://blog.cloudflare.com/details-of-the-cloudflare-outage-on-july-2-2019/",
        story="A rule of the firewall with a costly regular expression went everywhere at once and took all processors.",
        calls=((1,), (2, 3), (4,), (4, 5), (), ()),
        causes=(Given(Failure.BAD_CONFIG_PUSH, 1),),
    ),
    Incident(
        name="cloudflare-2017",
        title="Cloudflare DNS, 1 January 2017",
        source="https://blog.cloudflare.com/how-and-why-the-leap-second-affected-cloudflare-dns/",
        story="A leap second made time run backwards, and a number that must not be negative was.",
        calls=((1, 2), (3,), (3, 4), (), ()),
        causes=(Given(Failure.CLOCK_SKEW, 3),),
    ),
    Incident(
        name="google-2019",
        title="Google Cloud networking, 2 June 2019",
        source="https://status.cloud.google.com/incident/cloud-networking/19009",
        story="Automation for maintenance stopped the control of the network in several places; what was left was congested.",
        calls=((1, 2), (3, 4), (4,), (5, 6), (6,), (), ()),
        causes=(Given(Failure.AUTOSCALER_COST_CUT, 4), Given(Failure.MISROUTED_TRAFFIC, 3, 2)),
    ),
    Incident(
        name="facebook-2021",
        title="Facebook, 4 October 2021",
        source="https://engineering.fb.com/2021/10/05/networking-traffic/outage-details/",
        story="A command for maintenance cut the backbone; name servers then withdrew the routes to themselves.",
        calls=((1, 2), (3, 4), (4,), (5,), (5, 6), (), ()),
        causes=(Given(Failure.MISROUTED_TRAFFIC, 4), Given(Failure.DNS_OUTAGE, 3, 1)),
    ),
    Incident(
        name="slack-2021",
        title="Slack, 4 January 2021",
        source="https://slack.engineering/slacks-outage-on-january-4th-2021/",
        story="The first working day's load met a saturated network; servers were taken away, then too many could not start.",
        calls=((1, 2), (3, 4), (4, 5), (6,), (6,), (7,), (), ()),
        causes=(Given(Failure.AUTOSCALER_COST_CUT, 2), Given(Failure.POOL_LEAK, 5, 2), Given(Failure.TRAFFIC_SURGE, 1)),
    ),
    Incident(
        name="roblox-2021",
        title="Roblox, 28 to 31 October 2021",
        source="https://blog.roblox.com/2022/01/roblox-return-to-service-10-28-10-31-2021/",
        story="A way of streaming that had been switched on contended under load, and the store behind it wrote slowly.",
        calls=((1, 2, 3), (4,), (4, 5), (5,), (6, 7), (7,), (), ()),
        causes=(Given(Failure.BAD_CONFIG_PUSH, 4), Given(Failure.SLOW_DISK, 7, 1), Given(Failure.CACHE_WARMUP, 5, 2)),
    ),
    Incident(
        name="fastly-2021",
        title="Fastly, 8 June 2021",
        source="https://www.fastly.com/blog/summary-of-june-8-outage",
        story="A customer's valid change of configuration met a fault that a release had brought four weeks before.",
        calls=((1, 2), (3,), (3, 4), (), ()),
        causes=(Given(Failure.BAD_CONFIG_PUSH, 3), Given(Failure.CACHE_WARMUP, 2, 3)),
    ),
    Incident(
        name="datadog-2023",
        title="Datadog, 8 March 2023",
        source="https://www.datadoghq.com/blog/2023-03-08-multiregion-infrastructure-connectivity-issue/",
        story="An automatic update of the operating system restarted a daemon, which removed the routes of many hosts.",
        calls=((1, 2), (3, 4), (4, 5), (6,), (6,), (7,), (7,), ()),
        causes=(Given(Failure.ROGUE_DEPLOY_BOT, 5), Given(Failure.RETRY_STORM, 4, 3)),
    ),
    Incident(
        name="knight-2012",
        title="Knight Capital, 1 August 2012",
        source="https://www.sec.gov/litigation/admin/2013/34-70694.pdf",
        story="New code went to seven of eight servers; on the eighth a reused flag woke what nobody used any more.",
        calls=((1, 2), (3,), (3, 4), (5,), (5,), ()),
        causes=(Given(Failure.BAD_CANARY, 3),),
    ),
)
BY_NAME: Final = {incident.name: incident for incident in INCIDENTS}
