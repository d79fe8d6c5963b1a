"""Pages asked again and again for new readouts, politely, and what became of each link on them.

listing     bytes of a page or a feed -> the links that make up its list. Pure
politeness  robots.txt, pauses and rests of hosts, around the fetcher
polling     one round: what is new is kept, read, taken or left to somebody
service     what is watched, and what people are to be told of it
"""

from retrieval.ledger.watches import Watch, WatchedLink
from retrieval.watching.service import News, WatchService

__all__ = ["News", "Watch", "WatchService", "WatchedLink"]
