"""Bytes -> Readout: recognising formats, reading text, finding paragraph numbers.

    loading      files, folders and addresses -> sources, with the corrections beside them
    parsing      which format it is; lines -> readout
    kinds, limits, confined, hygiene  what is refused, how much is read, in which process, which characters
    decoding     bytes -> text, and whether its letters make words
    formats/     one reader a format: bytes -> lines; interchange is our own JSON
    account      what is left out and why; that no word is lost
    furniture                         what is not body
    front_matter, titles              the title block and what it says
    labels, sequences, numbering_plan what can be a number, which ones are, what they number
    blocks, headings, numbering       lines -> blocks -> numbered paragraphs; several documents in one source

Libraries for HTML, PDF, DOCX, YAML, encodings and foreign dates are imported when a source needs them.
"""

from retrieval.sources.interchange import Overrides, from_interchange, parse_overrides, to_interchange
from retrieval.sources.loading import LoadedSource, content_hash, load, load_bytes, load_file, load_url
from retrieval.sources.parsing import PARSER_VERSION, parse

__all__ = [
    "PARSER_VERSION",
    "LoadedSource",
    "Overrides",
    "content_hash",
    "from_interchange",
    "load",
    "load_bytes",
    "load_file",
    "load_url",
    "parse",
    "parse_overrides",
    "to_interchange",
]
