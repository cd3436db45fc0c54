"""Who makes a point, in words and with the page that lists them."""

from typing import Any

from django.utils.http import urlencode
from django.utils.translation import gettext as _

from consult.models import Consultation
from responses.deciding.asked import ever_asked
from responses.deciding.register import NOT_SAID, Makers
from responses.models import Campaign


def makers_in_words(consultation: Consultation, makers: Makers) -> list[dict[str, Any]]:
    """Three lists: who answers, in which campaigns, from which boroughs; each most first."""
    asked = ever_asked(consultation)
    campaigns = {
        str(pk): name
        for pk, name in Campaign.objects.filter(pk__in=makers.campaigns).values_list("pk", "name")
    }

    def labels(slug: str) -> dict[str, str]:
        options = asked[slug][1].options if slug in asked else ()
        return {option.slug: option.label for option in options} | {NOT_SAID: _("Not said")}

    return [
        {"title": _("Who answers"), "rows": _named("kind", makers.kinds, labels("capacity"))},
        {
            "title": _("Campaigns"),
            "rows": [
                *_named("campaign", makers.campaigns, campaigns),
                (_("In no campaign"), makers.in_none, "no-campaign="),
            ],
        },
        {"title": _("Boroughs"), "rows": _named("borough", makers.boroughs, labels("borough"))},
    ]


def _named(
    among: str, counts: dict[str, int], labels: dict[str, str]
) -> list[tuple[str, int, str]]:
    """Each label with its number, and what an address has to ask for those who were counted."""
    return [
        (labels.get(key, key), number, urlencode({among: key})) for key, number in counts.items()
    ]
