"""The names of what can be wrong, their severities and meanings, and a page about each.

Examples
--------
>>> from backproof.diagnoses import DIAGNOSES
>>> DIAGNOSES["upstream-ignored"].severity.value
'error'
"""

from __future__ import annotations

from backproof.diagnoses.diagnosis import DIAGNOSES, Diagnosis, Severity, UnknownDiagnosis, find
from backproof.diagnoses.page import Page, read_page

__all__ = ["DIAGNOSES", "Diagnosis", "Page", "Severity", "UnknownDiagnosis", "find", "read_page"]
