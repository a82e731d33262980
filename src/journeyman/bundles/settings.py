"""What the settings say of bundles."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class BundleSettings(BaseModel):
    """The table `[bundles]` of the settings file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    share: str = ""
    """Where `journeyman bundle share` puts a bundle: a folder, or a git repository as `git push` takes it, behind `git+`."""

    def describe(self) -> str:
        """In a few words."""
        return f"share = {self.share}" if self.share else "shared nowhere"
