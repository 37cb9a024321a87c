"""What this process allows others of its machine, before it holds anything: no dump, no tracing, no files for all."""

import ctypes
import gc
import os
import resource
import sys

#: prctl(2): whether the process may be dumped and, by its own account, be traced and its memory read.
_PR_SET_DUMPABLE = 4

#: Files are for their owner alone; whoever makes one for others says so itself.
UMASK = 0o077


def close_up() -> None:
    """Refuse core dumps and tracing, and make files for their owner alone. To be called before any secret is read.

    A limit of 0 does not keep a kernel from piping a dump to a program (core(5)), which is why a process that may not
    be dumped is asked for as well; that is Linux's. Programs that are started from here get neither.
    """
    os.umask(UMASK)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


#: How long a thread keeps the interpreter while another one waits for it, which for what is done aside is the loop.
#: Of Python's own 5 ms a session waits 9 (p99) beside one thread that works, of this one 2.
SWITCH_S = 0.001


def settle() -> None:
    """Leave what there is after the start out of every later collection: it stays until the process ends."""
    sys.setswitchinterval(SWITCH_S)
    gc.collect()
    gc.freeze()
