"""The tables of responses, and of what staff do with them."""

from responses.models.attachment import Attachment, DraftFile, Scan
from responses.models.batch import Batch, BatchMember, MemberMarks, Removal, Writing
from responses.models.bulk import BulkChange, BulkItem
from responses.models.bundle import Bundle, BundleRow
from responses.models.campaign import Campaign, CampaignMember, CampaignStep, Cluster, ClusterMember
from responses.models.coding import Code, CodedAnswer, CodeVersion, Coding, SecondCoding
from responses.models.confirmation import Confirmation, ConfirmationAttempt
from responses.models.decision_pack import (
    DecisionPack,
    PackOpening,
    PackPoint,
    PointDecision,
)
from responses.models.delivery import Delivery
from responses.models.draft import Draft, DraftAnswer, DraftLink, DraftVisit, SentDraft
from responses.models.equality import EqualityAnswers, EqualityHolder
from responses.models.extract import Extract, ExtractMember
from responses.models.file_removal import FileRemoval
from responses.models.ledger import LedgerEntry
from responses.models.mailbox_reading import MailboxCopy, MailboxReading
from responses.models.outcome import PublishedPoint
from responses.models.petition import BatchPetition, Petition
from responses.models.point import NoPoint, Point, PointCode, PointPassage, PointVersion
from responses.models.queue import Claim
from responses.models.reconciliation import Reconciliation
from responses.models.redaction import Approval, PublishedResponse, PublishedSet, Redaction
from responses.models.reminder import Reminder, ReminderRequest
from responses.models.response import Contact, Response
from responses.models.returned_mail import ReturnedMail
from responses.models.review import Reading, Review, ReviewStep
from responses.models.search import SavedFilter, SearchText
from responses.models.signing import SigningKey
from responses.models.tally import Tally
from responses.models.transcription import Message, SecondKeying, Transcription

__all__ = [
    "Approval",
    "Attachment",
    "Batch",
    "BatchMember",
    "BatchPetition",
    "BulkChange",
    "BulkItem",
    "Bundle",
    "BundleRow",
    "Campaign",
    "CampaignMember",
    "CampaignStep",
    "Claim",
    "Cluster",
    "ClusterMember",
    "Code",
    "CodeVersion",
    "CodedAnswer",
    "Coding",
    "Confirmation",
    "ConfirmationAttempt",
    "Contact",
    "DecisionPack",
    "Delivery",
    "Draft",
    "DraftAnswer",
    "DraftFile",
    "DraftLink",
    "DraftVisit",
    "EqualityAnswers",
    "EqualityHolder",
    "Extract",
    "ExtractMember",
    "FileRemoval",
    "LedgerEntry",
    "MailboxCopy",
    "MailboxReading",
    "MemberMarks",
    "Message",
    "NoPoint",
    "PackOpening",
    "PackPoint",
    "Petition",
    "Point",
    "PointCode",
    "PointDecision",
    "PointPassage",
    "PointVersion",
    "PublishedPoint",
    "PublishedResponse",
    "PublishedSet",
    "Reading",
    "Reconciliation",
    "Redaction",
    "Reminder",
    "ReminderRequest",
    "Removal",
    "Response",
    "ReturnedMail",
    "Review",
    "ReviewStep",
    "SavedFilter",
    "Scan",
    "SearchText",
    "SecondCoding",
    "SecondKeying",
    "SentDraft",
    "SigningKey",
    "Tally",
    "Transcription",
    "Writing",
]
