"""Addresses -> bytes, from the public web and nowhere else.

    urls         the text of an address -> scheme, host, port, path, or why not; which IP addresses are public
    bodies       what is asked for and what comes back; content type, compression and size
    exchange     one request, one answer; connections to addresses that were checked, within a deadline
    fetcher      redirects, retries, conditions

Knows no ledger and no front end. The HTTP library is imported when the first page is fetched.
"""

from retrieval.fetching.bodies import Fetched, FetchPolicy, NotModified, Validators
from retrieval.fetching.fetcher import AGENT, Fetcher
from retrieval.fetching.urls import name_of

__all__ = ["AGENT", "FetchPolicy", "Fetched", "Fetcher", "NotModified", "Validators", "name_of"]
