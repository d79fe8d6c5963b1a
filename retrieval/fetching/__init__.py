"""Addresses -> bytes, from the public web and nowhere else.

    models       what is asked for and what comes back; how much is allowed
    urls         the text of an address -> scheme, host, port, path, or why not; which IP addresses are public
    network      a name -> addresses, once, every one checked; connections to these only, within a deadline
    bodies       content type, compression and size
    exchange     one request, one answer; what can go wrong, in a sentence
    fetcher      redirects, retries, conditions

Knows no ledger and no front end. The HTTP library is imported when the first page is fetched.
"""

from retrieval.fetching.fetcher import AGENT, Fetcher
from retrieval.fetching.models import Fetched, FetchPolicy, NotModified, Validators
from retrieval.fetching.urls import name_of

__all__ = ["AGENT", "FetchPolicy", "Fetched", "Fetcher", "NotModified", "Validators", "name_of"]
