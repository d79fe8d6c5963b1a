"""DOCX -> lines: the text as Word shows it, with the numbers that Word counts.

    numbering    numbering.xml and styles.xml -> "1.", "2.1", "(a)" before each paragraph
    document     paragraphs and tables -> lines

python-docx opens the package. All of this runs in the child process of `confined`.
"""

from retrieval.sources.formats.docx.docx_file import read_docx

__all__ = ["read_docx"]
