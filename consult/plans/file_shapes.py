"""The keys of a plan file, and what each can hold.

docs/plan-files.md explains them; a test compares the two.
"""

from typing import Any

import yaml

from consult.plans.attaching import ATTACHMENT_TYPES, MOST_MEGABYTES
from consult.plans.kinds import KINDS
from consult.plans.shapes import (
    Notes,
    list_of,
    mapping,
    one_of,
    slug,
    table,
    text,
    web_address,
    whole_number,
    yes_or_no,
)

OPTION = mapping(
    {"label": text(200)},
    {
        "slug": slug(80),
        "value": whole_number(-100, 100),
        "write_in": yes_or_no,
        "exclusive": yes_or_no,
    },
)


def _option(node: yaml.Node, key: str, notes: Notes) -> Any:
    """Read an option: just its label, or its label and more."""
    return (
        {"label": text(200)(node, key, notes)}
        if isinstance(node, yaml.ScalarNode)
        else OPTION(node, key, notes)
    )


OPTION_GROUP = mapping({"group": text(200), "options": list_of(_option, least=1)})


def _option_or_group(node: yaml.Node, key: str, notes: Notes) -> Any:
    """Read an option, or several under a heading. Groups cannot contain groups."""
    names = (
        [name.value for name, _ in node.value if isinstance(name, yaml.ScalarNode)]
        if isinstance(node, yaml.MappingNode)
        else []
    )
    return (OPTION_GROUP if "group" in names else _option)(node, key, notes)


QUESTION = mapping(
    {"slug": slug(40), "kind": one_of(*KINDS), "text": text(500)},
    {
        "help": text(500),
        "scale": slug(40),
        "options": list_of(_option_or_group, least=1),
        "options_from": one_of("sections", "recommendations"),
        "show_if": table(slug(80)),
        "individuals_only": yes_or_no,
        **{key: shape for kind in KINDS.values() for key, shape in kind.keys.items()},
    },
)
QUESTIONS = list_of(QUESTION)
SECTION = mapping(
    {"slug": slug(60), "title": text(200), "summary": text(5000)},
    {
        "official_theme": yes_or_no,
        "grouping_note": text(500),
        "commitments": list_of(text(500)),
        "comment_prompt": text(300),
        "sources": list_of(web_address),
    },
)
RECOMMENDATION = mapping(
    {"slug": slug(60), "headline": text(200), "attribution": text(200), "context": text(5000)},
    {
        "draft_plan_coverage": text(1000),
        "figures": list_of(mapping({"value": text(60), "what": text(200), "source": web_address})),
        "related_sections": list_of(slug(60)),
        "comment_prompt": text(300),
        "sources": list_of(web_address),
        "since_closing": text(2000),
    },
)
CONSULTATION = mapping(
    {
        "slug": slug(60),
        "title": text(200),
        "summary": text(5000),
        "owner": text(200),
        "closes": text(40),
    },
    {
        "opens": text(40),
        "statute": text(200),
        "grace_minutes": whole_number(0, 1440),
        "batch_hour": whole_number(0, 23),
        "contact": mapping(
            {"organisation": text(200)},
            {
                "postal_address": list_of(text(100)),
                "email": text(254),
                "telephone": text(40),
                "formats": text(300),
                "controller": text(300),
                "data_protection": text(300),
            },
        ),
        "ways_to_respond": list_of(
            mapping({"slug": one_of("online", "email", "post", "telephone"), "label": text(100)})
        ),
        "alternative_formats": list_of(text(100)),
        "safety_notice": text(1000),
        "statement": text(1000),
        "recommendations_statement": text(1000),
        "sources": list_of(web_address),
        "attachments": whole_number(0, 10),
        "attachment_types": list_of(one_of(*ATTACHMENT_TYPES), least=1),
        "attachment_megabytes": whole_number(1, MOST_MEGABYTES),
    },
)
# What the plan says in another language: only what differs, by slug.
IN_A_LANGUAGE = mapping(
    {},
    {
        "title": text(200),
        "summary": text(5000),
        "safety_notice": text(1000),
        "statement": text(1000),
        "recommendations_statement": text(1000),
        "equality_intro": text(2000),
        "owner": text(200),
        "statute": text(200),
        "alternative_formats": list_of(text(100)),
        "ways_to_respond": table(text(100)),
        "sections": table(
            mapping(
                {},
                {
                    "title": text(200),
                    "summary": text(5000),
                    "commitments": list_of(text(500)),
                    "grouping_note": text(500),
                },
            )
        ),
        "recommendations": table(
            mapping(
                {},
                {
                    "headline": text(200),
                    "attribution": text(200),
                    "context": text(5000),
                    "draft_plan_coverage": text(1000),
                    "figures": list_of(mapping({}, {"value": text(60), "what": text(200)})),
                },
            )
        ),
        "questions": table(
            mapping(
                {},
                {
                    "text": text(500),
                    "help": text(500),
                    "unit": text(40),
                    "options": table(text(200)),
                    "groups": table(text(200)),
                },
            )
        ),
    },
)
# The same content for other readers, elsewhere: Easy Read, a video, a summary in a language.
OTHER_VERSION = mapping(
    {"kind": one_of("easy-read", "bsl", "summary"), "title": text(200), "address": web_address},
    {"language": text(20)},
)
PLAN_FILE = mapping(
    {
        "consultation": CONSULTATION,
        "sections": list_of(SECTION, least=1),
        "questions": mapping(
            {},
            dict.fromkeys(
                ("each_section", "each_recommendation", "general", "about_you", "equality"),
                QUESTIONS,
            ),
        ),
    },
    {
        "references": list_of(
            mapping(
                {"number": whole_number(1, 999), "title": text(200)},
                {"address": web_address, "no_address": text(300)},
            )
        ),
        "source_titles": list_of(mapping({"address": web_address, "title": text(200)})),
        "scales": table(list_of(_option, least=2)),
        "recommendations": list_of(RECOMMENDATION),
        "equality_intro": text(2000),
        "translations": mapping({}, {"cy": IN_A_LANGUAGE}),
        "other_versions": list_of(OTHER_VERSION),
    },
)
