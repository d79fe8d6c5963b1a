"""Bytes -> Readout: recognising formats, reading text, finding paragraph numbers.

    loading      files, folders and addresses -> sources
    parsing      which format it is; lines -> readout
    interchange  our own JSON, and the corrections beside a source
    decoding     what kind of file bytes are; bytes -> text, whether its letters make words, and its language
    confined     the process in which documents are read
    formats/     one reader a format: bytes -> lines
    lines        what a reader hands over, how much of it, of which characters
    account      what is left out and why; that no word is lost
    front_matter, identity            the title block, titles and issuers, ids
    labels, sequences, numbering_plan what can be a number, which ones are, what they number
    blocks, headings, numbering       lines -> blocks -> numbered paragraphs; several documents in one source

Libraries for HTML, PDF, DOCX, YAML, encodings and foreign dates are imported when a source needs them.
"""

from retrieval.sources.interchange import to_interchange
from retrieval.sources.loading import LoadedSource, load, load_bytes, load_file, load_url
from retrieval.sources.parsing import PARSER_VERSION, parse

__all__ = [
    "PARSER_VERSION",
    "LoadedSource",
    "load",
    "load_bytes",
    "load_file",
    "load_url",
    "parse",
    "to_interchange",
]
