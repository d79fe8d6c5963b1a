"""One reader a format: bytes -> lines.

html_file     a page and what it says of itself, or an e-book of pages
html_page     which part of a page is the document
html_walker   elements -> lines, ordered lists with the numbers a browser shows
markdown      Markdown and text, notes and front matter
pdf_file      opens the file; its stages are, in this order:
pdf_glyphs    one page -> runs of letters with their places, and lines drawn
pdf_tables    lines and white -> the runs of a table, made one a row
pdf_columns   runs -> rows in reading order, column after column
pdf_lines     rows -> lines, joined over line ends, columns and pages
docx_file, opendocument, rtf              what word processors write
word_numbers, word_processors, tables     what these have in common: numbers, archives and paragraphs, tables

pypdfium2 reads PDFs, python-docx opens DOCX; those and e-books are read in the child process of `confined`.
"""
