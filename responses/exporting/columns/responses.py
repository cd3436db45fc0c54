"""The columns of responses.csv before the answers, for every format.

Each takes an `entries.Entry`, or in SQL a row of `members.members_of_batch` under the name
`member`: a question's slug may be that of any column.
"""

from responses.exporting.columns.column import Column, Kind
from responses.exporting.columns.entries import IDS_A_BATCH
from responses.exporting.columns.sql import codes_of_member, names_of
from responses.models import Response

RESPONSES = [
    Column(
        "reference",
        Kind.SLUG,
        "The response's label, as on its receipt. It joins all the files.",
        lambda entry: entry.response.reference,
        sql="member.reference",
        always=True,
    ),
    Column(
        "version",
        Kind.NUMBER,
        "1 for what was first sent; one more for each change or withdrawal.",
        lambda entry: entry.response.version,
        sql="member.version",
        always=True,
    ),
    Column(
        "act",
        Kind.SLUG,
        "What the respondent did: `sent`, `amended` (this version replaces the one before), "
        "`withdrawn` or `erased` (it no longer counts).",
        lambda entry: entry.response.act,
        sql="member.act",
        always=True,
        one_of=Response.Act.values,
    ),
    Column(
        "replaces_batch",
        Kind.NUMBER,
        "The batch that holds the previous version; empty for version 1.",
        lambda entry: entry.replaces and entry.replaces.batch,
        sql="member.before_batch",
    ),
    Column(
        "replaces_row",
        Kind.NUMBER,
        "The row in that batch.",
        lambda entry: entry.replaces and entry.replaces.row,
        sql="member.before_row",
    ),
    Column(
        "row",
        Kind.NUMBER,
        "The row in this batch, from 1.",
        lambda entry: entry.row,
        sql='member."row"',
        always=True,
    ),
    Column(
        "themefinder_id",
        Kind.NUMBER,
        "Its number in the `themefinder` folder, which no row of another batch has.",
        lambda entry: entry.themefinder_id,
        sql=f'member.in_batch * {IDS_A_BATCH} + member."row"',
        always=True,
    ),
    Column(
        "received_at",
        Kind.INSTANT,
        "When it arrived: ISO 8601 with London's offset.",
        lambda entry: entry.response.received_at,
        sql="member.received_at",
        always=True,
    ),
    Column(
        "reached_on",
        Kind.DATE,
        "The day in London on which it reached us, by which it counts: for what staff entered, the "
        "day that the letter, email or call came, and not the day of `received_at`.",
        lambda entry: entry.reached_on,
        sql="member.reached_on::text",
        always=True,
    ),
    Column(
        "started_at",
        Kind.INSTANT,
        "When its form was first opened.",
        lambda entry: entry.response.started_at,
        sql="member.started_at",
        always=True,
    ),
    Column(
        "channel",
        Kind.SLUG,
        "`online`, `post`, `email`, `telephone` or `imported`.",
        lambda entry: entry.response.channel,
        sql="member.channel",
        always=True,
        one_of=Response.Channel.values,
    ),
    Column(
        "timing",
        Kind.SLUG,
        "`in-time`; `in-grace` if it was started before closing and sent within the grace period; "
        "or `late`, accepted by staff.",
        lambda entry: entry.response.timing,
        sql="member.timing",
        always=True,
        one_of=Response.Timing.values,
    ),
    Column(
        "edition",
        Kind.NUMBER,
        "The edition of the questions that it answered. The wording is in the codebook.",
        lambda entry: entry.edition,
        sql="member.edition_number",
        always=True,
    ),
    Column(
        "language",
        Kind.SLUG,
        "The language of the pages that it was sent from, `en-gb` or `cy`: the questions were read "
        "in it, and the answers may be in any language. Empty for what came on paper, by email or "
        "by telephone.",
        lambda entry: entry.response.language or "",
        sql="coalesce(member.language, '')",
    ),
    Column(
        "synthetic",
        Kind.YES_NO,
        "1 if it was made up to try the service out, 0 if a person sent it.",
        lambda entry: entry.response.synthetic,
        sql="member.synthetic",
    ),
    Column(
        "flags",
        Kind.LIST,
        "What looked odd on arrival, separated by semicolons: `sent-quickly`, `hidden-field`, "
        "`many-from-one-address`. Never a reason to leave it out.",
        lambda entry: list(entry.response.flags),
        sql=names_of("member.flags"),
    ),
    Column(
        "campaigns",
        Kind.LIST,
        "The names of the campaigns that reviewers had put it in, separated by semicolons.",
        lambda entry: list(entry.marks.campaigns),
        sql=names_of("member.campaigns"),
    ),
    Column(
        "codes",
        Kind.LIST,
        "The codes that reviewers had given to its answers, `question=code`, separated by "
        "semicolons.",
        lambda entry: entry.marks.coded,
        sql=codes_of_member("(pair ->> 0) || '=' || (pair ->> 1)"),
    ),
]
