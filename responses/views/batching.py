"""The batches: what there is, one more now, and their files."""

import contextlib

from django.core.files.storage import storages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from consult import clock
from consult.auditing import record
from consult.models import Action, Consultation, Right
from responses.batching import WriteFailed, folder_of, seal_batch, write_batch
from responses.manifests import NAME
from responses.models import Batch
from responses.views.staff import staff_only


@require_safe
@staff_only(Right.TAKE_BATCHES)
def batch_list(request: HttpRequest) -> HttpResponse:
    """Every batch with its state and files."""
    rows = [
        {"batch": batch, "sealed": clock.in_words(batch.sealed_at), "names": [NAME, *(entry["name"] for entry in batch.files)]}
        for batch in Batch.objects.select_related("consultation").order_by("-sealed_at")
    ]
    return render(request, "review/batch_list.html", {"rows": rows, "consultations": Consultation.objects.all()})


@require_POST
@staff_only(Right.TAKE_BATCHES)
def batch_now(request: HttpRequest) -> HttpResponse:
    """Seal a batch now and write it. One that cannot be written stays in the list with the reason, and is tried again."""
    consultation = get_object_or_404(Consultation, slug=request.POST.get("consultation", ""))
    batch = seal_batch(consultation=consultation, actor=request.user)  # type: ignore[arg-type]
    # Where it cannot be written the reason stands beside the batch in the list.
    with contextlib.suppress(WriteFailed):
        write_batch(batch=batch)
    return redirect("batch-list")


@require_safe
@staff_only(Right.TAKE_BATCHES)
def batch_file(request: HttpRequest, consultation: str, number: int, name: str) -> HttpResponse:
    """One file of a batch, as it was written; that it was taken is on the trail."""
    batch = get_object_or_404(Batch.objects.select_related("consultation"), consultation__slug=consultation, number=number)
    if batch.written_at is None or name not in {NAME, *(entry["name"] for entry in batch.files)}:
        raise Http404
    record(action=Action.BATCH_DOWNLOADED, actor=request.user, subject=f"{consultation} {number}", file=name)  # type: ignore[arg-type]
    file = storages["exports"].open(f"{folder_of(batch)}/{name}")
    page = FileResponse(
        file, as_attachment=True, filename=f"{consultation}-batch-{number:04d}-{name}", content_type="application/octet-stream"
    )
    page["X-Content-Type-Options"] = "nosniff"
    return page  # type: ignore[return-value]
