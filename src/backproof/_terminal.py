"""What the commands write to the terminal, whatever its encoding, and whether anybody still reads."""

from __future__ import annotations

import errno
import os
import sys

__all__ = ["FAILED", "complain", "encodable", "fail", "write"]

#: The exit status of a command that could not do its work.
FAILED = 2


def encodable(text: str) -> str:
    """Give a text with a question mark for what the terminal has no sign for."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


def write(text: str) -> None:
    """Write to the standard output at once, unless whoever reads it has gone."""
    if sys.stdout is None:
        return  # the caller closed it, so nobody wants to read
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # What is still in the buffer has nowhere to go; Python must not try again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno not in (errno.EPIPE, errno.EINVAL):  # the reader has gone; EINVAL on Windows
            raise


def complain(message: str) -> None:
    """Write one line to the standard error."""
    sys.stderr.write(f"backproof: {' '.join(message.split())}\n")


def fail(message: str) -> int:
    """Say why a command could not do its work, and give its exit status."""
    complain(message)
    return FAILED
