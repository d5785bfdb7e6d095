"""The names of what can be wrong, their severities and their meanings.

Examples
--------
>>> from backproof.diagnoses import DIAGNOSES
>>> DIAGNOSES["upstream-ignored"].severity.value
'error'
"""

from __future__ import annotations

from backproof.diagnoses.diagnosis import DIAGNOSES, Diagnosis, Severity

__all__ = ["DIAGNOSES", "Diagnosis", "Severity"]
