"""How much of a source is read: whatever goes beyond is refused with a sentence, before it can cost more."""

MAX_BYTES = 20_000_000
"""Of a file. The longest communiqués have 300 KB of text; a PDF with pictures has a few MB."""

MAX_TEXT_CHARS = 4_000_000
"""Of the text found in one source, some 1,300 pages."""

MAX_LINES = 100_000
"""Of the text found in one source: lines of a file, blocks of a page."""

MAX_PARAGRAPH_CHARS = 100_000
"""Of one paragraph, some 30 pages: nobody can check a citation of it."""

MAX_LINE_CHARS = 10 * MAX_PARAGRAPH_CHARS
"""Of one line; one with its line breaks lost may hold several paragraphs."""

MAX_PAGES = 2_000
"""Of a PDF."""

MAX_PAGE_CHARS = 100_000
"""Of one page of a PDF; a page of small print has 8,000."""

MAX_TAGS = 300_000
"""Opening and closing tags of an HTML page; the largest communiqué has 2,000."""

MAX_ARCHIVE_MEMBERS = 2_000
"""Files inside a .docx, .odt or .epub."""

MAX_UNPACKED_BYTES = 100_000_000
"""Of everything inside a .docx, .odt or .epub, counted while it is unpacked."""

MAX_XML_BYTES = 30_000_000
"""Of one XML part of a .docx, .odt or .epub: a tree of it takes ten times as much memory."""

CHILD_TIMEOUT_S = 60
"""Processor time of the process that reads a PDF or a document."""

CHILD_WALL_S = 600
"""Wall clock of that process: on a busy machine little processor time takes long."""

CHILD_MEMORY_BYTES = 1_500_000_000
"""Address space of the process that reads a PDF or a document, where the system can bound it."""

OFFICE_MEMORY_BYTES = 4_000_000_000
"""Address space of LibreOffice, most of which it never touches."""

OFFICE_WALL_S = 180
"""Wall clock of LibreOffice, which may wait for what never comes."""
