"""What others need for the numeric worlds: random search, Optuna's tree-structured Parzen estimator and its Gaussian process.

Each is told what the planner is told (bounds, types, defaults, the violation of the criteria) and has the same budget.
A sampler is stopped by its first measurement that meets the criteria, as a mission is.
"""

from __future__ import annotations

import importlib
import importlib.util
import random
from typing import Any, Final

from benchmarks.planner.numeric import BUDGET, Numeric, numeric

_OPTUNA: Final = importlib.util.find_spec("optuna") is not None
_TORCH: Final = importlib.util.find_spec("torch") is not None
SAMPLERS: Final = (*(("tpe",) if _OPTUNA else ()), *(("gp", "gp early") if _OPTUNA and _TORCH else ()))
"""Those that are installed; Optuna's Gaussian process needs torch. As it comes it begins with ten random measurements,
`early` with one for each argument and one more, as somebody would set it whose measurements are dear."""
ALL_SAMPLERS: Final = 3


def needed(peer: str, name: str, seed: int) -> int:
    """Measurements up to the first that meets the criteria of a numeric world; one more than the budget where none does."""
    task = next(one for one in numeric() if one.name == name)
    return _random(task, seed) if peer == "random" else _optuna(peer, task, seed)


def _random(task: Numeric, seed: int) -> int:
    at, chance = task.measured(seed), random.Random(f"random {task.name} {seed}")
    for number in range(1, BUDGET + 1):
        args = {
            name: task.default(name) if task.defaults and number == 1
            else chance.randint(int(low), int(high)) if kind == "integer" else chance.uniform(low, high)
            for name, (low, high, kind) in task.bounds.items()
        }  # fmt: skip
        if task.is_met(at(args)):
            return number
    return BUDGET + 1


def _optuna(peer: str, task: Numeric, seed: int) -> int:
    optuna: Any = importlib.import_module("optuna")  # not everybody who runs benchmarks has it
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler: Any
    if peer == "tpe":
        sampler = optuna.samplers.TPESampler(seed=seed)
    else:
        torch: Any = importlib.import_module("torch")
        torch.set_num_threads(1)  # matrices this small only wait for each other in several threads
        first = len(task.bounds) + 1 if peer == "gp early" else 10
        sampler = optuna.samplers.GPSampler(seed=seed, n_startup_trials=first, deterministic_objective=task.noise == 0)
    study: Any = optuna.create_study(sampler=sampler)
    if task.defaults:
        study.enqueue_trial({name: task.default(name) for name in task.bounds})
    at, count, met = task.measured(seed), 0, False

    def measure(trial: Any) -> float:
        nonlocal count, met
        args = {
            name: trial.suggest_int(name, int(low), int(high)) if kind == "integer" else trial.suggest_float(name, low, high)
            for name, (low, high, kind) in task.bounds.items()
        }  # fmt: skip
        metrics = at(args)
        count, met = count + 1, task.is_met(metrics)
        if met:
            study.stop()
        return task.violation(metrics)

    study.optimize(measure, n_trials=BUDGET)
    return count if met else BUDGET + 1
