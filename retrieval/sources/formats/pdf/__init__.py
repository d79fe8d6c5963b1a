"""PDF -> lines: where the letters stand on each page, in which order they are read, what they belong to.

    document     opens the file, or says why it cannot be read
    rules        lines that are drawn on a page
    glyphs       one page -> runs of letters with their places
    tables       lines and white -> the runs of a table, made one a row
    columns      runs -> rows in reading order, column after column
    margins      running heads, page numbers and footnotes, which are not text
    paragraphs   rows -> lines, joined over line ends, columns and pages

pypdfium2 reads the file. All of this runs in the child process of `confined`.
"""

from retrieval.sources.formats.pdf.pdf_file import read_pdf

__all__ = ["read_pdf"]
