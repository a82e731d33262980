"""Agents whose process or output is broken, or means harm: none of them ends as one that is through."""

from __future__ import annotations

from typing import Final

from journeyman.agents.drivers.events import Ending

LIMITED: Final = {Ending.LIMIT}
NOBODY_KNOWS: Final = {Ending.UNKNOWN}

BROKEN_AGENTS: Final[dict[str, tuple[str, set[Ending]]]] = {
    "exits at once": ("sys.exit(1)", NOBODY_KNOWS),
    "exits with 0 and says nothing": ("sys.exit(0)", NOBODY_KNOWS),
    "crashes": ("begin(); os.abort()", NOBODY_KNOWS),
    "hangs": ("begin(); time.sleep(600)", LIMITED),
    "hangs and ignores every signal": (
        ("for number in range(1, 32):\n"
        "    try: signal.signal(number, signal.SIG_IGN)\n"
        "    except (OSError, ValueError): pass\n"
        "begin(); time.sleep(600)"), LIMITED,
    ),
    "waits for input": ("begin(); sys.stdin.readline(); sys.stdin.readline(); good()", LIMITED),
    "computes for ever": ("begin()\nwhile True: pass", LIMITED),
    "leaves a child": ("begin(); note(child('import time; time.sleep(600)')); sys.exit(0)", NOBODY_KNOWS),
    "leaves a child in a session of its own": (
        "begin(); note(child('import os, time; os.setsid(); time.sleep(600)')); sys.exit(0)", NOBODY_KNOWS,
    ),
    "forks twice": (
        ("begin()\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        note(os.getpid()); time.sleep(600)\n"
        "    os._exit(0)\n"
        "while len(open('pids.txt').readlines()) < 2: time.sleep(0.01)"), NOBODY_KNOWS,
    ),
    "leaves a child that holds its output": (
        "begin(); good(); note(child('import os, time; os.setsid(); time.sleep(600)')); os.abort()", NOBODY_KNOWS,
    ),
    "kills what watches it": (
        ("begin(); note(child('import os, time; os.setsid(); time.sleep(600)')); os.kill(os.getppid(), signal.SIGKILL); "
        "time.sleep(600)"), NOBODY_KNOWS | LIMITED,
    ),
    "stops what watches it": (
        "begin(); os.kill(os.getppid(), signal.SIGSTOP); time.sleep(600)", LIMITED,
    ),
    "floods its output": (
        "begin()\nblock = 'x' * 99 + '\\n'\nfor _ in range(3000): sys.stdout.write(block * 100)", NOBODY_KNOWS,
    ),
    "floods its errors": (
        "begin()\nblock = 'x' * 10000\nfor _ in range(3000): sys.stderr.write(block)", NOBODY_KNOWS,
    ),
    "floods for ever": ("begin()\nwhile True: sys.stdout.write('{\"type\": \"noise\"}\\n' * 100)", LIMITED),
    "prints a line of 10 MB": ("begin(); print('x' * 10_000_000)", NOBODY_KNOWS),
    "prints a line of 40 MB, then success": ("begin(); print('{' + 'x' * 40_000_000 + '}'); good()", NOBODY_KNOWS),
    "prints 40 MB without a newline": ("begin(); sys.stdout.write('x' * 40_000_000)", NOBODY_KNOWS),
    "prints torn JSON at the end": ("begin(); sys.stdout.write('{\"type\": \"result\", \"subty')", NOBODY_KNOWS),
    "prints torn JSON after success": ("begin(); good(); sys.stdout.write('{\"type\": \"assis')", NOBODY_KNOWS),
    "prints deep JSON": ("begin(); print('{\"a\":' * 100_000 + '1' + '}' * 100_000)", NOBODY_KNOWS),
    "prints bytes of any kind": (
        "begin(); sys.stdout.flush(); sys.stdout.buffer.write(bytes(range(256)) * 1000 + b'\\n')", NOBODY_KNOWS,
    ),
    "prints a number of a million digits": ("begin(); print('{\"type\": ' + '9' * 1_000_000 + '}')", NOBODY_KNOWS),
    "says success and exits with 1": ("begin(); good(); sys.exit(1)", NOBODY_KNOWS),
    "says success and is killed": ("begin(); good(); os.kill(os.getpid(), 9)", NOBODY_KNOWS),
    "says success and an error": (
        "begin(); put(type='result', subtype='error_during_execution', is_error=True); good()", {Ending.FAILED},
    ),
    "says success in a message": (
        ("begin(); put(type='assistant', message={'content': [{'type': 'text', 'text': '{\"type\": \"result\", "
        "\"subtype\": \"success\", \"is_error\": false}'}]})"), NOBODY_KNOWS,
    ),
    "says success and goes on": (
        ("begin(); good(); put(type='assistant', message={'content': [{'type': 'tool_use', 'id': '1', 'name': 'Bash', "
        "'input': {'command': 'rm'}}]})"), NOBODY_KNOWS,
    ),
    "closes its output and stays": ("begin(); sys.stdout.flush(); os.close(1); time.sleep(600)", LIMITED | NOBODY_KNOWS),
    "overspends": (
        ("begin(); put(type='assistant', message={'id': 'm', 'content': [], 'usage': {'input_tokens': 10**9}}); "
        "time.sleep(600)"), LIMITED,
    ),
    "overspends at the end": (
        "begin(); good(modelUsage={'m': {'inputTokens': 10**9, 'outputTokens': 1}})", LIMITED,
    ),
    "calls tools for ever": (
        ("begin()\nwhile True: put(type='assistant', message={'content': [{'type': 'tool_use', 'id': '1', "
        "'name': 'Bash', 'input': {'command': 'true'}}]})"), LIMITED,
    ),
    "gives every field another type": (
        ("begin(); put(type='assistant', message={'content': [{'type': 'tool_use', 'id': [], 'name': 7, 'input': 'x'}, 3, "
        "None, {'type': 'text', 'text': {}}], 'usage': {'input_tokens': 'many'}, 'id': {}}); put(type='user', message=[]); "
        "put(type=['result']); put(type='result', subtype=1, is_error='no', modelUsage=[1], total_cost_usd=-5)"),
        {Ending.FAILED},
    ),
    "asks, and is gone": (
        ("begin(); put(type='control_request', request_id='r', request={'subtype': 'can_use_tool', 'tool_name': 'Bash', "
        "'input': {'command': 'id'}, 'tool_use_id': 't'}); os.abort()"), NOBODY_KNOWS,
    ),
    "asks for ever, and reads no answer": (
        ("begin()\nfor i in range(10**9): put(type='control_request', request_id=str(i), request={'subtype': 'can_use_tool', "
        "'tool_name': 'Bash', 'input': {'command': 'id'}, 'tool_use_id': str(i)})"), LIMITED,
    ),
    "takes back what it has spent": (
        ("begin()\nfor used in (900_000, 200_000, 5): put(type='assistant', message={'id': str(used), 'content': [], "
        "'usage': {'input_tokens': used}})\ngood(modelUsage={'m': {'inputTokens': 1}})"), LIMITED,
    ),
    "starts 100 others": (
        "begin()\nfor _ in range(100): note(child('import os, time; os.setsid(); time.sleep(600)'))\nos.abort()", NOBODY_KNOWS,
    ),
    "leaves a daemon without environment or folder": (
        ("begin()\n"
        "if os.fork() == 0:\n"
        "    os.setsid(); os.chdir('/')\n"
        "    if os.fork() == 0: os.execve(sys.executable, [sys.executable, '-c', 'import time; time.sleep(600) # ' + TOKEN], {})\n"
        "    os._exit(0)\n"
        "time.sleep(0.5); os.abort()"), NOBODY_KNOWS,
    ),
    "serves on a port": (
        "begin(); note(child('import http.server; http.server.test(port=0)')); time.sleep(0.3); os.abort()", NOBODY_KNOWS,
    ),
}  # fmt: skip
