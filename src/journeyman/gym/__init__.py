"""Simulated incidents in which agents are trained and tested: many worlds at once, four roles, exact scores.

Start with `World`; `journeyman.gym.text` puts it into words, `journeyman.gym.envs` behind trainers' interfaces,
`journeyman.gym.evaluate` scores policies. `docs/gym.md` explains the rest.
"""

from journeyman.gym.actions import Action, ActionType, Role, Topic
from journeyman.gym.catalog import Failure
from journeyman.gym.tasks import Split, Task, Tier, task, tasks
from journeyman.gym.world import World

__all__ = ["Action", "ActionType", "Failure", "Role", "Split", "Task", "Tier", "Topic", "World", "task", "tasks"]
