"""The desk's long work, carried by Celery: a task is only a hint to look, and losing one loses
nothing.
"""

from consult.celery import app
from consult.jobs import recorded_run
from responses.reviewing import clusters, public_file
from responses.reviewing.bulk_changes import carrying_out


@app.task(name="responses.change_many")
def change_many() -> None:
    """Carry out, and undo, the changes to many responses that staff asked for."""
    with recorded_run(change_many.name):
        carrying_out.make_due_changes()


@app.task(name="responses.find_clusters")
def find_clusters() -> None:
    """Look for answers that are nearly the same, for reviewers to make campaigns of."""
    with recorded_run(find_clusters.name):
        clusters.find_all_clusters()


@app.task(name="responses.make_public_files")
def make_public_files() -> None:
    """Make the file of published responses again where what can be read has changed."""
    with recorded_run(make_public_files.name):
        public_file.make_public_files()
