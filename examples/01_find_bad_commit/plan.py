# Runs in the sandbox: it can call the mission's tools and report, nothing else.
history = await git_log(repo_path="repo", max_count=100)
commits = []
for line in history.split("\n"):
    if line.startswith("Commit: "):
        commits.append(line[len("Commit: "):].strip().strip("'"))
commits.reverse()  # oldest first
mission.observe("commits", len(commits))

good, bad = 0, len(commits) - 1  # the oldest passes, the newest fails
while bad - good > 1:
    middle = (good + bad) // 2
    outcome = await run_tests(commit=commits[middle])
    if outcome["exit_code"] == 0:
        good = middle
    else:
        bad = middle
    mission.observe("candidates", bad - good)

culprit, parent = commits[bad], commits[good]
details = await git_show(repo_path="repo", revision=culprit)
mission.observe("culprit_exit", (await run_tests(commit=culprit))["exit_code"])
mission.observe("parent_exit", (await run_tests(commit=parent))["exit_code"])
mission.event("culprit_found", commit=culprit, subject=details.split("\n\n")[1].strip())
