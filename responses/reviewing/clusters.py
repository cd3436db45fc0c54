"""Finds answers that are nearly the same, and responses that one person may have sent twice.

It only suggests; it changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Upper

from consult.jobs import apart
from consult.models import Consultation
from responses.current import current_responses
from responses.models import Cluster, ClusterMember, Contact, Response
from responses.reviewing.similarity import Group, group_similar

JOB = "responses.find_clusters"
# Two similar letters may be one person who sent theirs twice.
FEWEST_RESPONSES = 2
AT_ONCE = 2000


@dataclass(frozen=True)
class SamePerson:
    """Responses that one person may have sent, and why it seems so: "email" or
    "name-and-postcode".
    """

    reason: str
    shared: str
    references: list[str]


def find_clusters(*, consultation: Consultation) -> int:
    """Search all free text of a consultation for similar answers, and replace the results of the
    last search.

    Returns how many clusters there are. An answer is compared with every other, whichever question
    it answers, because people paste a letter wherever there is room.
    """
    keys: list[tuple[int, str]] = []

    def texts() -> Iterator[tuple[int, str]]:
        for pk, said in (
            current_responses(consultation)
            .order_by("id")
            .values_list("id", "texts")
            .iterator(chunk_size=AT_ONCE)
        ):
            for question, text in said.items():
                keys.append((pk, question))
                yield len(keys) - 1, text

    sized = [(_responses(group, keys), group) for group in group_similar(texts())]
    # The largest first, so that their ids are in the order in which pages show them.
    sized.sort(key=lambda found: -found[0])
    with transaction.atomic():
        # Two searches at once: the second waits, then replaces the first's results.
        Consultation.objects.select_for_update(no_key=True).get(pk=consultation.pk)
        ClusterMember.objects.filter(cluster__consultation=consultation).delete()
        Cluster.objects.filter(consultation=consultation).delete()
        groups = [group for responses, group in sized if responses >= FEWEST_RESPONSES]
        for group in groups:
            _keep(group, keys, consultation)
    return len(groups)


def find_all_clusters() -> None:
    """Search every published consultation. An error with one is noted, and the others are
    searched.
    """
    for consultation in Consultation.objects.filter(published_at__isnull=False).order_by("pk"):
        with apart(job=JOB, row=consultation.slug):
            find_clusters(consultation=consultation)


def _responses(group: Group, keys: list[tuple[int, str]]) -> int:
    return len({keys[key][0] for found in group.kinds.values() for key in found})


def _keep(group: Group, keys: list[tuple[int, str]], consultation: Consultation) -> None:
    members: dict[int, tuple[str, str]] = {}
    for print_, found in group.kinds.items():
        for key in found:
            pk, question = keys[key]
            members.setdefault(pk, (question, print_))
    first, (question, _print) = next(iter(members.items()))
    cluster = Cluster.objects.create(
        consultation=consultation,
        sample_id=first,
        question=question,
        responses=len(members),
        texts=len({print_ for _question, print_ in members.values()}),
        people=0,
    )
    rows = (
        ClusterMember(cluster=cluster, response_id=pk, question=where, print=print_)
        for pk, (where, print_) in members.items()
    )
    ClusterMember.objects.bulk_create(rows, batch_size=AT_ONCE)
    cluster.people = count_people(Response.objects.filter(cluster_members__cluster=cluster))
    cluster.save(update_fields=["people"])


def count_people(responses: QuerySet[Response]) -> int:
    """Count the people who sent `responses`, as far as can be told: each email address once, and
    each response without one.
    """
    found = responses.aggregate(
        known=Count(Upper("contact__email"), distinct=True, filter=~Q(contact__email="")),
        unknown=Count("id", filter=Q(contact__email="")),
    )
    return int(found["known"] + found["unknown"])


def same_person(response: Response) -> list[SamePerson]:
    """Return other responses that the same person may have sent, by email address or by name and
    postcode.
    """
    others = Contact.objects.filter(response__in=current_responses(response.consultation)).exclude(
        response__reference=response.reference
    )
    mine = response.contact
    found = []
    if mine.email:
        by_email = _references(
            others.annotate(upper=Upper("email")).filter(upper=mine.email.upper())
        )
        found += [SamePerson("email", mine.email, by_email)] if by_email else []
    if mine.name and mine.postcode_district:
        similar = others.filter(
            name__iexact=mine.name, postcode_district__iexact=mine.postcode_district
        )
        by_name = _references(similar)
        found += (
            [SamePerson("name-and-postcode", f"{mine.name}, {mine.postcode_district}", by_name)]
            if by_name
            else []
        )
    return found


def _references(contacts: QuerySet[Contact]) -> list[str]:
    return list(contacts.order_by("response_id").values_list("response__reference", flat=True)[:20])


def people_with_several(consultation: Consultation, *, most: int = 200) -> list[SamePerson]:
    """Return the email addresses from which more than one response came, those with the most first,
    up to `most` of them.
    """
    with_address = current_responses(consultation).filter(contact__email__gt="")
    grouped = (
        with_address.annotate(upper=Upper("contact__email"))
        .values("upper")
        .annotate(count=Count("id"), references=ArrayAgg("reference"))
    )
    found = grouped.filter(count__gt=1).order_by("-count", "upper")[:most]
    return [SamePerson("email", row["upper"].lower(), sorted(row["references"])) for row in found]
