"""Ten gigabytes on the disk: a few steps over the whole of a mapped file, in constant memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.timing import ROOT

__all__ = ["mapped"]

#: In a process of its own, whose memory is that of this alone. The file is sparse: what was never written is
#: zeros, and takes no place on the disk. Of each region some rows are written.
_SCRIPT = """
import json, resource, sys, time
import numpy as np
import backproof as bp
from backproof import nn, optim
from backproof.training.callbacks import Callback

path, gigabytes, columns = sys.argv[1], float(sys.argv[2]), 256
rows = int(gigabytes * 1e9) // (4 * columns)
X = np.memmap(path, np.float32, "w+", shape=(rows, columns))
y = np.zeros((rows, 1), np.float32)
rng = np.random.default_rng(0)
for start in range(0, rows, rows // 100):
    X[start : start + 10] = rng.standard_normal(X[start : start + 10].shape)
    y[start : start + 10] = X[start : start + 10].sum(axis=1, keepdims=True)
X.flush()
del X
X = np.memmap(path, np.float32, "r", shape=(rows, columns))


def peak():
    # What is of the process alone: pages of the file can be had again, and count for nothing.
    with open("/proc/self/status") as status:
        return sum(int(line.split()[1]) for line in status if line.startswith(("RssAnon",))) / 1e3


class Watch(Callback):
    most = 0.0

    def on_step(self, training, loss):
        self.most = max(self.most, peak())


model = nn.Linear(columns, 1, rng=0)
watch, before, start = Watch(), peak(), time.perf_counter()
bp.fit(model, X, y, loss=nn.MSELoss(), optimizer=optim.SGD(model.parameters(), lr=1e-6), epochs=1,
       batch_size=2**15, callbacks=[watch], progress=False)
seconds = time.perf_counter() - start
whole = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
print(json.dumps({"more": watch.most - before, "seconds": seconds, "resident": whole, "rows": rows}))
"""


def mapped(gigabytes: float = 10.0) -> tuple[str, str, str]:
    """Train on a file of so many gigabytes, and give by how much the memory grew."""
    with tempfile.TemporaryDirectory(dir=ROOT) as folder:
        arguments = [str(Path(folder) / "X.dat"), str(gigabytes)]
        done = subprocess.run(
            [sys.executable, "-c", _SCRIPT, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
    if done.returncode:
        return f"{gigabytes:g} GB mapped", "left out", done.stderr.strip().splitlines()[-1]
    seen = json.loads(done.stdout)
    figure = (
        f"{seen['more']:.0f} MB of its own more than before, {seen['resident']:.0f} MB with the pages of "
        f"the file, at most; {seen['rows']} rows in {seen['seconds']:.0f} s, "
        f"{gigabytes / seen['seconds']:.2f} GB/s"
    )
    return f"{gigabytes:g} GB mapped, one epoch", figure, "goal: constant"


if __name__ == "__main__":
    print(mapped())
