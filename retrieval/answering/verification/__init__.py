"""A statement somebody wrote, and the paragraphs it was written from -> what of it may be shown.

`verify` is pure and total: whatever a model put out, it returns a verdict and never raises.
"""

from retrieval.answering.verification.drafts import Checked, Draft, DraftCitation, Outcome, Shown
from retrieval.answering.verification.verify import verify

__all__ = ["Checked", "Draft", "DraftCitation", "Outcome", "Shown", "verify"]
