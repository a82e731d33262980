"""Tasks out of what an older runner left: its bundles and its public seed data set, mapped to tasks of ours.

Taken are the tasks, their rubrics and what reviewers asked for. Not taken is what the older runner made up: statuses that
were the agent's own word, approvals without a person, lessons that are one constant text, and preferences between equals.
"""
