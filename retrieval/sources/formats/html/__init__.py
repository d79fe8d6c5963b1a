"""HTML -> lines: what a reader of the page sees of the document in it.

reading      recognising a page, its encoding; page -> lines, title, date, issuer and address
page         which part of the page is the document, and what in it is not
vocabulary   words of markup for what is seen and what is the page's own
walker       elements -> lines, ordered lists with the numbers a browser shows
"""

from retrieval.sources.formats.html.reading import declared_encoding, looks_like_html, read_html, soup_of

__all__ = ["declared_encoding", "looks_like_html", "read_html", "soup_of"]
