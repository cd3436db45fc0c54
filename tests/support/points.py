"""What the page of a point sends."""

# Of a point of which nothing was changed but its sentence.
KEPT = {
    "part": "violence",
    "sentence": "There should be more youth clubs.",
    "analysis": "",
    "answer": "",
    "change": "",
    "old_wording": "",
    "new_wording": "",
    "ready": False,
    "owner": None,
}
# Of one that is ready to be decided.
READY = {"answer": "We agree.", "change": "none", "ready": True}
