"""Sources -> live revisions: plan what differs, embed what is new, commit, report."""

from retrieval.ingest.committing import Progress
from retrieval.ingest.planning import Change, Plan
from retrieval.ingest.request import Details, IngestRequest, Upload
from retrieval.ingest.service import IngestService

__all__ = ["Change", "Details", "IngestRequest", "IngestService", "Plan", "Progress", "Upload"]
