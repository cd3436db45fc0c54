"""Batches: every response in exactly one, numbered without gaps.

Sealing decides, in one short transaction, which responses a batch holds, and that never changes.
`responses.exporting.writing` writes its files, as often as needed.
"""

from django.db import connection, models, transaction
from django.db.models import Q

from consult.auditing import record
from consult.models import Action, Consultation, User, with_now
from responses.exporting.contents import codes_of
from responses.exporting.lost_batches import Lost, look_for_lost
from responses.models import Attachment, Batch, Code, Response
from responses.responding.equality import put_in_batch
from responses.reviewing.petitions import put_petitions_in

# Everything that is in no batch yet, whenever it arrived: a response committed late, or while
# another batch was being sealed, is in the next one.
CLAIM = """
    INSERT INTO responses_batchmember (batch_id, response_id, "row")
    SELECT %s, response.id, row_number() OVER (ORDER BY response.id)
    FROM responses_response AS response
    WHERE response.consultation_id = %s
      AND NOT EXISTS (
          SELECT FROM responses_batchmember AS member WHERE member.response_id = response.id
      )
      AND response.reference <> ALL (%s)
"""
ENTER_IN_LEDGER = """
    INSERT INTO responses_ledgerentry (response_id, event, digest, batch_number)
    SELECT response.id, 'batched', response.digest, %s
    FROM responses_batchmember AS member
        JOIN responses_response AS response ON response.id = member.response_id
    WHERE member.batch_id = %s
    ORDER BY member."row"
"""
# The campaigns and codes of the members now: files are written from this copy, so that writing them
# again changes nothing.
MARK = """
    WITH taken AS (SELECT id, response_id FROM responses_batchmember WHERE batch_id = %s),
    named AS (
        SELECT taken.id, array_agg(campaign.name ORDER BY campaign.name) AS campaigns
        FROM taken JOIN responses_campaignmember AS one ON one.response_id = taken.response_id
        JOIN responses_campaign AS campaign ON campaign.id = one.campaign_id
        WHERE NOT campaign.ended GROUP BY taken.id
    ),
    given AS (
        SELECT taken.id, jsonb_agg(DISTINCT jsonb_build_array(coding.question, code.name)) AS codes
        FROM taken JOIN responses_coding AS coding ON coding.response_id = taken.response_id
        JOIN responses_code AS code ON code.id = coding.code_id
        WHERE coding.removed_at IS NULL GROUP BY taken.id
    )
    INSERT INTO responses_membermarks (member_id, campaigns, codes)
    SELECT id, coalesce(campaigns, '{}'), coalesce(codes, '[]') FROM named FULL
        JOIN given USING (id)
"""


def seal_batch(
    *, consultation: Consultation, actor: User | None, number: int | None = None
) -> Batch:
    """Put every response that is in no batch yet into the next one; if there are none, it is a nil
    return.

    `number` is the one that the caller expects. If that batch or a later one exists, it is returned
    and nothing is sealed, so pressing a button twice seals one batch.

    A number that was handed over is never used again, even if a restored backup does not know it:
    the batch lists the ones missing before it. Raises high_water.CannotTell.
    """
    # Before our turn, not during it: a slow destination must not hold up people who are sending.
    lost = look_for_lost(consultation)
    with transaction.atomic():
        current = take_turn(consultation)
        known = Batch.objects.filter(consultation=current).order_by("number")
        sealed = known.filter(number__gte=number).first() if number else None
        return sealed or seal(current, actor, lost)


def take_turn(consultation: Consultation) -> Consultation:
    """Wait until nobody else is sealing a batch of this consultation. The turn ends with the
    transaction.

    Without it, two workers could take the same number. NO KEY leaves people free to send responses
    meanwhile.
    """
    turn = Consultation.objects.select_for_update(no_key=True)
    return with_now(turn).get(pk=consultation.pk)


def seal(consultation: Consultation, actor: User | None, lost: Lost) -> Batch:
    """Seal the next batch. The caller has taken its turn."""
    found = Batch.objects.filter(consultation=consultation)
    highest = found.aggregate(number=models.Max("number"))["number"] or 0
    # Another worker may have sealed and written some of them since we looked.
    newer = [one for one in lost.batches if one.number > highest]
    batch = Batch.objects.create(
        consultation=consultation,
        number=max([highest, *(one.number for one in newer)]) + 1,
        sealed_by=actor,
        size=0,
        includes_contacts=consultation.batches_include_contacts,
        lost_before=[
            {"number": one.number, "manifest_sha256": one.manifest_sha256} for one in newer
        ],
    )
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [batch.pk, consultation.pk, sorted(lost.holds.references)])
        batch.size = cursor.rowcount
        cursor.execute(ENTER_IN_LEDGER, [batch.number, batch.pk])
        # Nobody renames a code between these two: its rows are locked, and anyone who adds a code
        # waits for our turn to end.
        list(
            Code.objects.select_for_update(no_key=True)
            .filter(consultation=consultation)
            .order_by("pk")
            .values_list("pk")
        )
        cursor.execute(MARK, [batch.pk])
    claim_attachments(batch)
    batch.codes = codes_of(consultation)
    batch.save(update_fields=["size", "codes"])
    put_petitions_in(batch)
    batch.refresh_from_db(fields=["sealed_at"])
    if not lost.holds.equality:
        put_in_batch(batch=batch, now=batch.sealed_at)
    record(action=Action.BATCH_SEALED, actor=actor, subject=folder_of(batch), size=batch.size)
    return batch


def claim_attachments(batch: Batch) -> None:
    """Put into a batch every file that came with a response of this or an earlier batch and is in
    none yet. Staff may attach the original of a letter after what was keyed has gone.
    """
    mine = Q(response__membership__batch__consultation=batch.consultation)
    if batch.consultation.batches_include_letters:
        mine |= Q(transcription__response__membership__batch__consultation=batch.consultation)
    Attachment.objects.filter(mine, batch=None).update(batch=batch)


def folder_of(batch: Batch) -> str:
    """Return where a batch's files are in the storage for exports. It is also its name on the
    audit trail.
    """
    return f"{batch.consultation.slug}/batch-{batch.number:04}"


def forms_of(batch: Batch) -> set[str]:
    """Return the manifests that a batch has had: the last one, and any that were taken back."""
    return {batch.manifest_sha256, *batch.instead_of} - {""}


def pack_of(batch: Batch) -> str:
    """Return where the zip of a batch's files is in the storage for exports: outside the batch's
    folder, because the manifest does not list it.
    """
    return f"{batch.consultation.slug}/packs/batch-{batch.number:04}.zip"


def waiting(consultation: Consultation) -> models.QuerySet[Response]:
    """Return the responses that are in no batch yet."""
    return Response.objects.filter(consultation=consultation, membership=None)


def count_waiting() -> dict[int, int]:
    """Count the responses that are in no batch yet, by the consultation's primary key.
    Consultations with none are left out.
    """
    alone = Response.objects.filter(membership=None).order_by()
    return dict(alone.values_list("consultation").annotate(models.Count("pk")))
