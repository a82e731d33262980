"""What verifiers finds under the name `journeyman-gym`: it loads a taskset from the top-level module of that name."""
# pyright: basic, reportMissingImports=false
# verifiers lives in an environment of its own, which the checks of this project do not see.

from journeyman.interfaces.verifiers.taskset import IncidentEnv, IncidentTaskset

__all__ = ["IncidentEnv", "IncidentTaskset"]
