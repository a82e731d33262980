"""Kills a mission at every boundary and looks whether the world was touched once: `sweep` runs it, `MISSIONS` are its."""

from journeyman.testing.crash_sweep.missions import MISSIONS
from journeyman.testing.crash_sweep.sweep import CrashResult, sweep

__all__ = ["MISSIONS", "CrashResult", "sweep"]
