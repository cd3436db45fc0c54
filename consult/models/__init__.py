"""The tables for what people are consulted on, and for staff."""

from consult.models.audit import Action, AuditEntry, RemovedRow
from consult.models.consultation import (
    Consultation,
    Edition,
    once_published,
    published,
    with_now,
)
from consult.models.content import Option, Question, Recommendation, Section
from consult.models.jobs import Heartbeat, Hint, JobRun, RowTrouble
from consult.models.limits import Hit
from consult.models.people import RIGHTS, RecoveryCode, Right, User
from consult.models.plan_file import PlanFile
from consult.models.second_person import SecondPersonRequest, TwoPersonAct
from consult.models.typed import StaffDraft

__all__ = [
    "RIGHTS",
    "Action",
    "AuditEntry",
    "Consultation",
    "Edition",
    "Heartbeat",
    "Hint",
    "Hit",
    "JobRun",
    "Option",
    "PlanFile",
    "Question",
    "Recommendation",
    "RecoveryCode",
    "RemovedRow",
    "Right",
    "RowTrouble",
    "SecondPersonRequest",
    "Section",
    "StaffDraft",
    "TwoPersonAct",
    "User",
    "once_published",
    "published",
    "with_now",
]
