"""Mission: directive, criteria, tools, budget and policies. Immutable; its digest is in every verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias, cast, get_args

from pydantic import Field, StrictBool, StrictInt, StrictStr, field_validator, model_validator

from journeyman.mission.criteria import AnyCriterion, Probe, needed, walk
from journeyman.mission.criteria.base import Measured
from journeyman.mission.criteria.schema import IN_ORDER, Finite, Name, RecordedObject, Seconds, Strict
from journeyman.mission.model.commands import CommandTool
from journeyman.mission.model.declared_tool import DeclaredTool, ParameterName, long_form
from journeyman.mission.model.effects import EFFECT_RULES, AfterCrash, EffectClass
from journeyman.mission.model.http_requests import HttpTool
from journeyman.mission.model.limits import Limits
from journeyman.mission.model.metric_sources import MetricSource
from journeyman.mission.model.objective import AtEnd, Objective, long_objective
from journeyman.mission.model.parameters import MissionParameter
from journeyman.mission.model.report_file import ReportFile
from journeyman.mission.model.servers import Server
from journeyman.mission.model.strategy import Strategy, ToolCall
from journeyman.mission.model.task import ATTEMPT, Task
from journeyman.mission.values.canonical import Json, JsonObject, digest_of
from journeyman.mission.values.name_patterns import closest_match

Approve: TypeAlias = Literal["never", "destructive", "always"]
"""From the laxest to the strictest."""

MAX_DIRECTIVE_CHARACTERS = 8192
MAX_CONTEXT = 20
"""Context calls of one mission: the state keeps the newest result of each."""
DECLARED_NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,49}$"
"""Of a command or request, and also where its metrics stand: `tests.exit_code`."""
SERVER_NAME = r"^[A-Za-z][A-Za-z0-9_-]{0,49}$"


class Budget(Strict):
    """Ceilings. `None` means no limit, 0 means none; at least one of iterations and wall_clock_s is set."""

    iterations: Annotated[StrictInt, Field(ge=1)] | None = None
    """Most iterations."""
    wall_clock_s: Annotated[Seconds, Field(gt=0)] | None = None
    """Seconds in which the mission is driven; pauses and waits for people do not count."""
    tool_calls: Annotated[StrictInt, Field(ge=0)] | None = None
    """Most tries of calls, probes and repetitions included."""
    tokens: Annotated[StrictInt, Field(ge=0)] | None = None
    """Most tokens that advisors may use, reserved before each question."""
    cost_usd: Annotated[Finite, Field(ge=0)] | None = None
    """Most that advisors may cost in US dollars, reserved before each question."""

    @model_validator(mode="after")
    def _ends(self) -> Budget:
        if self.iterations is None and self.wall_clock_s is None:
            raise ValueError("needs a limit on iterations or wall_clock_s, or the mission might never end")
        return self

    def amended(self, changes: Mapping[str, object]) -> Budget:
        """The budget with other ceilings; raises `ValidationError` where they are none."""
        return Budget.model_validate({**self.model_dump(exclude_none=True), **changes})


class EffectSpec(Strict):
    """What calling a tool does to the world, in the operator's word."""

    effect: EffectClass = Field(alias="class")
    """`pure` changes nothing; `keyed` may be repeated with the same key; `probed` can be asked whether it happened;
    `unsafe` is none of these."""
    key_arg: Name | None = None
    """Argument that carries the idempotency key of a keyed tool; `None` sends it as request metadata."""
    probe: Probe | None = None
    """Pure call that tells whether a probed call happened; `{args.NAME}` in text values is replaced."""
    done_when: StrictStr | None = None
    """Expression over `result` and `args` that is true when the probed call happened."""

    @model_validator(mode="after")
    def _whole(self) -> EffectSpec:
        asks = EFFECT_RULES[self.effect].after_crash is AfterCrash.ASK_WORLD
        if asks and (self.probe is None or self.done_when is None):
            raise ValueError(f"a {self.effect} tool needs `probe` and `done_when`")
        return self


class Function(Strict):
    """A Python function as a tool, with how it is run."""

    function: Name
    """A typed callable as `module:name`."""
    isolate: StrictBool = False
    """Run each call in a worker process, which is killed at the deadline; a thread of ours cannot be."""


class Gym(Strict):
    """A simulated incident whose actions are tools, `incident.restart` and so on (`docs/gym.md`)."""

    task: Name
    """Such as `easy-train-6@3`."""
    role: Literal["sre", "dev", "manager", "oversight"] = "sre"
    """The seat that the mission takes."""
    others: Name = "heuristic"
    """Who plays the other roles: a policy, or `nobody`."""


class ContextCall(Strict):
    """A pure call whose result shows planner and advisors the environment; it is never evidence."""

    tool: Name
    """A tool that is pinned `pure`."""
    args: RecordedObject = Field(default_factory=dict)
    """Its arguments."""
    every: Annotated[StrictInt, Field(ge=1)] | None = None
    """Iterations after which it is made again; `None` makes it once, before the first one."""


class Cadence(Strict):
    """When progress is judged and probes run; one of the three. Completion is seen at any time."""

    every_iterations: Annotated[StrictInt, Field(ge=1)] | None = None
    """After so many iterations."""
    every_s: Annotated[Seconds, Field(gt=0)] | None = None
    """After so many seconds."""
    on_event: Name | None = None
    """When an event of this name is reported."""

    @model_validator(mode="after")
    def _one(self) -> Cadence:
        if sum(value is not None for value in (self.every_iterations, self.every_s, self.on_event)) != 1:
            raise ValueError("give exactly one of every_iterations, every_s and on_event")
        return self


class Stagnation(Strict):
    """How many evaluations without progress are borne."""

    threshold: Annotated[StrictInt, Field(ge=1)] = 3
    """After so many the strategy is adjusted once; after as many again the mission ends."""


class ScriptPlan(Strict):
    """The operator's plan as a script."""

    script: StrictStr
    """Path of a Python file relative to the mission file, or the source itself when it holds a newline."""


class AdvisorChain(Strict):
    """Advisors asked in turn."""

    chain: Annotated[list[Name], Field(min_length=1)]
    """Names of advisors; the next one is asked where one fails."""


def _named(value: object) -> object:
    return {"tool": value} if isinstance(value, str) else value


def _effect(value: object) -> object:
    return {"class": value} if isinstance(value, str) else value


def _each_long(key: str, value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {name: long_form(key, item) for name, item in cast("dict[object, object]", value).items()}


class Mission(Strict):
    """What is to be achieved, how it is checked, and with what means."""

    name: Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$")] = "mission"
    """For lists and reports: letters, digits, spaces, `.`, `_` and `-`."""
    directive: Annotated[StrictStr, Field(min_length=1, max_length=MAX_DIRECTIVE_CHARACTERS)]
    """What is to be achieved, in words (1 to 8192 characters)."""
    criteria: Annotated[list[AnyCriterion], Field(min_length=1, max_length=200)]
    """When it is achieved: all that are required are met by fresh evidence."""
    budget: Budget
    """Ceilings that are never exceeded; `iterations` or `wall_clock_s` is required."""
    mode: Literal["run", "check"] = "run"
    """`check`: nothing is done, only judged. Each time that somebody asks is an iteration of probes and the engine's own
    checks, without any strategy."""
    parameters: Annotated[dict[ParameterName, MissionParameter], Field(max_length=100), IN_ORDER] = Field(
        default_factory=dict
    )
    """What `--set NAME=VALUE` may choose: `${NAME}` stands for it in every text of the mission. A type such as
    `integer` for one that must be set, a number or truth value as default, or an object that says more."""
    servers: Annotated[dict[Annotated[StrictStr, Field(pattern=SERVER_NAME)], Server], IN_ORDER] = Field(
        default_factory=dict
    )
    """MCP servers by name, as other clients write them: `{command, args, env, cwd}` or `{url, headers}`; their tools are
    `NAME.TOOL`."""
    functions: list[Name | Function] = Field(default_factory=list[str | Function])
    """Typed Python callables as `module:name`; modules beside the mission file are found, and async ones share an event
    loop of their own. `{function: module:name, isolate: true}` runs each call in a worker process, which is killed at
    the deadline: the way for code that never lets go of the interpreter (a catastrophic regular expression, the digits
    of a huge number). Where other functions do so past the deadline, the command line's process is killed 3 s later and
    the verdict written by another; a program that embeds Journeyman is never killed, and must isolate them."""
    commands: Annotated[dict[Annotated[StrictStr, Field(pattern=DECLARED_NAME)], CommandTool], IN_ORDER] = Field(
        default_factory=dict
    )
    """Programs as tools: `tests: pytest -q`, or an object that says more."""
    http: Annotated[dict[Annotated[StrictStr, Field(pattern=DECLARED_NAME)], HttpTool], IN_ORDER] = Field(
        default_factory=dict
    )
    """HTTP requests as tools: `health: https://example.com/health`, or an object that says more."""
    gym: Gym | None = None
    """A simulated incident, `{task, role, others}`: its tools are `incident.observe`, `incident.restart` and so on."""
    task: Task | None = None
    """Work that is handed to a coding agent, `{agent, source, ...}`: its tool `attempt` is what the planner proposes, and checks
    look at the files that the last attempt left (`docs/how-to/tasks.md`)."""
    tools: Annotated[list[Name], Field(max_length=500)] = Field(default_factory=list)
    """Allowlist by pattern (`git.*`); nothing outside it is visible or callable. May be left out where `commands` and
    `http` are the only sources of tools: all of them."""
    effects: Annotated[dict[Name, EffectSpec], IN_ORDER] = Field(default_factory=dict)
    """Tool name or pattern to effect class, or to `{class, key_arg, probe, done_when}`; `unsafe` where nothing is said. An
    exact name counts before patterns, a longer pattern before a shorter one, of two as long the stricter."""
    metrics: Annotated[dict[Name, MetricSource], Field(max_length=500), IN_ORDER] = Field(default_factory=dict)
    """Metrics out of text, or under other names than the tools give them: `{NAME: {tool, path, regex, default}}`."""
    context: Annotated[list[ContextCall], Field(max_length=MAX_CONTEXT)] = Field(default_factory=list[ContextCall])
    """Pure calls that show planner and advisors the environment before the first iteration: tools by name, or
    `{tool, args, every}`. Never evidence."""
    minimize: Objective | None = None
    """A metric by name, or `{metric, from, min_change}`: the mission goes on while it gets smaller and the criteria hold."""
    maximize: Objective | None = None
    """The same for one that is to become larger."""
    at_end: AtEnd | None = None
    """What is done before the verdict, however it ends unless a person ends it: calls, or `restore_best`, which is what an
    objective does where nothing else is said, or `nothing`."""
    plan: list[Strategy] | ScriptPlan | None = None
    """Strategies that are used before the planner's: a list of `{calls}` and `{script}`, or `{script: FILE}`, the source
    or a file that ends in `.py`."""
    repeat: StrictBool = False
    """Whether the plan begins again once it is through."""
    explore: StrictBool | None = None
    """Whether the planner tries calls of its own; without it a mission whose plan is through waits for what its probes and
    checks show, or ends with `nothing_left`. Left out, it does only where there is no plan."""
    advisor: Name | AdvisorChain = "none"
    """Who is asked for strategies: a name of the settings, `NAME@MODEL` for another model than theirs, `client` for the model of the client that started the mission, or a chain."""
    approve: Approve | Annotated[dict[Name, Approve], IN_ORDER] = "destructive"
    """Which calls wait for a person; per tool name or pattern when an object, of which one is chosen as for `effects`."""
    cadence: Cadence = Cadence(every_iterations=1)
    """When progress is judged and probes run; every iteration where it is left out."""
    stagnation: Stagnation = Stagnation()
    """Evaluations without progress before an adjustment, and again before giving up."""
    scripts: Literal["allowed", "forbidden"] = "forbidden"
    """Whether advice may hold scripts; a plan's own script is the operator's and always allowed."""
    pause_s: Annotated[Seconds, Field(ge=0, le=86_400)] = 0
    """Seconds between two iterations."""
    on_unknown: Literal["ask", "assume_done", "assume_failed"] = "ask"
    """What to do with an effect of which nobody knows whether it happened."""
    on_exhausted: Literal["end", "ask"] = "end"
    """What to do when a budget is used up: end, or wait for an amendment."""
    report: ReportFile | None = None
    """File to which the report is written when the mission ends, however it ends; relative to the mission file. The name's
    end says the form: .html, .md, .json or .xml (JUnit); `{session}` in it stands for the session's id."""
    limits: Limits = Limits()
    """Bounds on single calls and scripts."""

    @field_validator("directive")
    @classmethod
    def _trimmed(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("is empty")
        return text.strip()

    @model_validator(mode="before")
    @classmethod
    def _declared_tools_are_allowed(cls, value: object) -> object:
        """Who writes a command into a mission means it to be used: only what others bring needs an allowlist."""
        if not isinstance(value, dict):
            return value
        plain = cast("dict[str, object]", value)
        if plain.get("task") is not None:
            listed = plain.get("tools")
            tools = cast("list[object]", listed) if isinstance(listed, list) else []
            plain = plain if ATTEMPT in tools else {**plain, "tools": [*tools, ATTEMPT]}
        if any(plain.get(key) for key in ("tools", "servers", "functions", "gym")):
            return plain
        tables = (cast("object", plain.get(key)) for key in ("commands", "http"))
        names = [name for table in tables if isinstance(table, dict) for name in cast("dict[object, object]", table)]
        return {**plain, "tools": names} if names else plain

    @field_validator("minimize", "maximize", mode="before")
    @classmethod
    def _short_objective(cls, value: object) -> object:
        return long_objective(value)

    @field_validator("at_end", mode="before")
    @classmethod
    def _one_or_more_calls(cls, value: object) -> object:
        return [cast("object", value)] if isinstance(value, dict) else value

    @field_validator("commands", mode="before")
    @classmethod
    def _short_commands(cls, value: object) -> object:
        return _each_long("run", value)

    @field_validator("http", mode="before")
    @classmethod
    def _short_requests(cls, value: object) -> object:
        return _each_long("url", value)

    @field_validator("effects", mode="before")
    @classmethod
    def _short_effects(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {key: _effect(item) for key, item in cast("dict[object, object]", value).items()}

    @field_validator("context", mode="before")
    @classmethod
    def _short_context(cls, value: object) -> object:
        return [_named(item) for item in cast("list[object]", value)] if isinstance(value, list) else value

    @field_validator("criteria")
    @classmethod
    def _unique(cls, criteria: list[AnyCriterion]) -> list[AnyCriterion]:
        counts = Counter(criterion.id for criterion in walk(criteria))
        twice = [name for name, count in counts.items() if count > 1]
        if twice:
            raise ValueError(f"ids must be unique, but {', '.join(map(repr, twice))} stands more than once")
        if not needed(criteria):
            raise ValueError(
                "at least one criterion must be required and no abort condition, or the mission could never complete"
            )
        return criteria

    @model_validator(mode="after")
    def _has_tools(self) -> Mission:
        if twice := sorted(self.commands.keys() & self.http.keys()):
            raise ValueError(f"{twice[0]!r} stands under `commands` and under `http`: rename one of them")
        if (self.servers or self.functions or self.declared or self.gym) and not self.tools:
            raise ValueError("`tools` is empty: list the tools that may be used, such as 'git.*' or a function's name")
        if self.repeat and not self.plan:
            raise ValueError("`repeat` needs a `plan` to repeat")
        asks = next((criterion for criterion in walk(self.criteria) if criterion.looks_at_plan), None)
        if asks is not None and (not self.plan or self.repeat):
            why = "without a `plan` it could never be met" if not self.plan else "a plan with `repeat` is never through"
            raise ValueError(f"criterion {asks.id!r} asks that the plan is finished: {why}")
        return self

    @model_validator(mode="after")
    def _ends_as_it_can(self) -> Mission:
        if self.minimize is not None and self.maximize is not None:
            raise ValueError(
                "has `minimize` and `maximize`: one metric can be as good as possible; make the other a criterion"
            )
        if self.at_end == "restore_best" and self.objective is None:
            raise ValueError("`at_end: restore_best` needs `minimize` or `maximize`: what would be the best?")
        if self.budget.iterations == 1 and self.ending is not None:
            raise ValueError(
                "what is done at the end takes an iteration of its own: `budget.iterations` must be 2 at least"
            )
        return self

    @model_validator(mode="after")
    def _only_judges(self) -> Mission:
        if not self.checks_only:
            asks = next((criterion for criterion in walk(self.criteria) if criterion.asks_guard), None)
            if asks is not None:
                raise ValueError(
                    f"criterion {asks.id!r} asks what a guard protects: it stands in guard.yaml, or with `mode: check`"
                )
            return self
        acting = ("plan", "repeat", "explore", "advisor", "minimize", "maximize", "at_end", "context", "gym", "task")
        given = [name for name in acting if name in self.model_fields_set and getattr(self, name) not in (None, "none")]
        if given:
            raise ValueError(
                f"`mode: check` only judges, and {', '.join(f'`{name}`' for name in given)} would act: leave it out"
            )
        for criterion in walk(self.criteria):
            if isinstance(criterion, Measured) and not criterion.probes and not criterion.members():
                raise ValueError(
                    f"criterion {criterion.id!r} is measured by nothing in a check: give it a `probe`, a pure tool call that measures it"
                )
        return self

    @model_validator(mode="after")
    def _is_one_kind_of_work(self) -> Mission:
        if self.task is None:
            return self
        clashing = [name for name in ("gym", "minimize", "maximize", "plan") if getattr(self, name) is not None]
        if clashing:
            raise ValueError(
                f"`task` hands the work to an agent, and `{clashing[0]}` would do other work: leave one of them out"
            )
        if self.task.source is not None and self.task.follows is not None:
            raise ValueError("`task` has `source` and `follows`: it begins with one of them")
        return self

    @model_validator(mode="after")
    def _successes_prove_something(self) -> Mission:
        declared = self.declared
        for criterion in walk(self.criteria) if declared else ():
            spec = declared.get(criterion.asked_tool)
            if spec is not None and spec.takes_any_answer:
                raise ValueError(
                    f"criterion {criterion.id!r} asks that {criterion.asked_tool!r} succeeded, and any answer of it counts as that:"
                    f" say {spec.takes_any_answer} there, or ask for its metrics"
                )
        return self

    @model_validator(mode="after")
    def _looks_ask_nobody(self) -> Mission:
        looks = {probe.tool: "a probe" for item in walk(self.criteria) for probe in item.probes}
        looks |= {spec.probe.tool: "a probe" for spec in self.effects.values() if spec.probe is not None}
        looks |= {call.tool: "a context call" for call in self.context}
        for tool, look in looks.items():
            if isinstance(self.approve, dict) and approval_rule(self, tool) == "always":
                raise ValueError(
                    f"{tool!r} is {look}, which asks nobody, and by `approve` each of its calls waits for a person;"
                    f" look with another tool, or say `approve: {{{tool}: never}}`"
                )
        return self

    @property
    def declared(self) -> dict[str, DeclaredTool]:
        """The tools that the mission itself describes, by name."""
        return {**self.commands, **self.http}

    @property
    def checks_only(self) -> bool:
        """Whether it is judged when somebody asks, and nothing is ever done."""
        return self.mode == "check"

    @property
    def objective(self) -> Objective | None:
        """The metric that is to be as good as it can be."""
        return self.minimize or self.maximize

    @property
    def direction(self) -> int:
        """1 where smaller is better, -1 where larger is."""
        return 1 if self.minimize is not None else -1

    @property
    def ending(self) -> list[ToolCall] | Literal["restore_best"] | None:
        """What is done at the end."""
        if self.at_end is None:
            return "restore_best" if self.objective is not None else None
        return None if self.at_end == "nothing" else self.at_end

    @property
    def advisors(self) -> tuple[str, ...]:
        """The advisors that are asked in turn; none where it is `none`."""
        names = [self.advisor] if isinstance(self.advisor, str) else self.advisor.chain
        return tuple(name for name in names if name != "none")

    @property
    def explores(self) -> bool:
        """Whether the planner may try calls of its own once the plan is through."""
        return self.plan is None if self.explore is None else self.explore


def dump(mission: Mission) -> JsonObject:
    """The mission as JSON without defaults: the form that is recorded and digested."""
    return mission.model_dump(mode="json", exclude_defaults=True, by_alias=True)


def mission_digest(mission: Mission) -> str:
    """The SHA-256 hex that names exactly this mission."""
    return digest_of(dump(mission))


def effect_spec(mission: Mission, tool: str) -> EffectSpec | None:
    """What the operator said of a tool's effect; of two patterns that fit as well, the one under which less may be done."""
    return closest_match(mission.effects, tool, lambda spec: -EFFECT_RULES[spec.effect].preference)


def approval_rule(mission: Mission, tool: str) -> Approve:
    """When a call of the tool waits for a person."""
    rules = mission.approve
    if not isinstance(rules, dict):
        return rules
    return closest_match(rules, tool, get_args(Approve).index) or "destructive"


def filled(template: Json, args: JsonObject) -> Json:
    """A probe's arguments with `{args.NAME}` replaced from the call; a value that is only the mark keeps its type."""
    if isinstance(template, str):
        for name, value in args.items():
            mark = f"{{args.{name}}}"
            if template == mark:
                return value
            template = template.replace(mark, str(value)) if mark in template else template
        return template
    if isinstance(template, list):
        return [filled(item, args) for item in template]
    if isinstance(template, dict):
        return {key: filled(item, args) for key, item in template.items()}
    return template
