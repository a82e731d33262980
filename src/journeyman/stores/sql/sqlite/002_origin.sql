-- The folder of the mission file, by which a person's `last` is found.
ALTER TABLE session ADD COLUMN origin TEXT NOT NULL DEFAULT '';
