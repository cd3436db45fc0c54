"""A page of ours as an accessible PDF:

HTML comes in by standard input, the PDF goes out by standard output.

A program of its own, started by `responses.responding.pdf`: what it needs from the system may be
missing, and its 80 MB are given back when it ends. It fetches nothing, neither from the network nor
from the disk.
"""

import sys

from weasyprint import HTML
from weasyprint.urls import URLFetcher

if __name__ == "__main__":
    page = HTML(
        string=sys.stdin.buffer.read().decode(), url_fetcher=URLFetcher(allowed_protocols=[])
    )
    # Tagged, with title and language: PDF/UA-1 (ISO 14289-1), so that a screen reader finds
    # headings and order.
    sys.stdout.buffer.write(page.write_pdf(pdf_variant="pdf/ua-1"))
