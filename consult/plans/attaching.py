"""What a plan can say of the files that respondents may attach."""

# Each with what people read for it.
ATTACHMENT_TYPES = {
    "pdf": "PDF",
    "word": "Word (docx, doc or rtf)",
    "opendocument": "OpenDocument text (odt)",
    "image": "image (JPEG, PNG, HEIC, GIF or TIFF)",
    "text": "plain text (txt)",
}
ATTACHMENT_MEGABYTES = 5
# What the page for them takes: see MOST_FILE_BODY_BYTES in consult.web.bodies.
MOST_MEGABYTES = 10
