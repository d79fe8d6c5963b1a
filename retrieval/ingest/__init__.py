"""Sources -> live revisions: plan what differs, embed what is new, commit, report."""

from retrieval.ingest.committing import Progress
from retrieval.ingest.planning import Change, Details, IngestRequest, Plan, Upload
from retrieval.ingest.service import IngestService
from retrieval.ledger.history import AuditEntry, KnownReadout, KnownRevision, Usage
from retrieval.ledger.jobs import JobRow

__all__ = [
    "AuditEntry",
    "Change",
    "Details",
    "IngestRequest",
    "IngestService",
    "JobRow",
    "KnownReadout",
    "KnownRevision",
    "Plan",
    "Progress",
    "Upload",
    "Usage",
]
