"""Run a program that ends when its parent does.

``python -I -S leash.py SIGNAL [--parent PID] [--user UID:GID] -- PROGRAM ARGUMENT …``

A program of its own, not a function called between fork and exec: that would be unsafe beside threads. The steps:

1. become the user asked for (a change of user clears the leash, so this comes first);
2. ask the kernel to send SIGNAL when the parent is gone (Linux; elsewhere the next start clears up);
3. leave at once if the parent went before step 2;
4. become the program: the process id stays the same.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PARENT_IS_GONE = 75


def end_with_parent(number: signal.Signals = signal.SIGTERM) -> None:
    """From now on this process gets ``number`` when its parent is gone. Linux only; elsewhere it does nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)


def main(arguments: list[str]) -> None:
    split = arguments.index("--")
    options, program = arguments[:split], arguments[split + 1 :]
    number = signal.Signals[f"SIG{options.pop(0)}"]
    given = dict(zip(options[::2], options[1::2], strict=True))
    if user := given.get("--user"):
        uid, gid = (int(part) for part in user.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    parent = int(given.get("--parent", os.getppid()))
    end_with_parent(number)
    if os.getppid() != parent:
        sys.exit(PARENT_IS_GONE)
    os.execvp(program[0], program)  # noqa: S606 - becoming the program is the purpose


if __name__ == "__main__":
    main(sys.argv[1:])
