"""The gym as a taskset for verifiers: an extra, `pip install 'journeyman[verifiers]'`, in an environment of its own.

Users name it `journeyman-gym`; `taskset` has the tasks, rewards and metrics, `tools` the server of a role's tools.
"""
