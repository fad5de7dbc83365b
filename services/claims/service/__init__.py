"""Use cases of the claims service, and the only place that opens transactions.

`intake` takes codings in, `withdrawals` takes them back, `preparation` scrubs and builds with the rules that
`rule_tables` has in memory, `sending` leases attempts and records their ends, `answers` takes what payers say, `denied`
puts on the worklist what they deny, `files` keeps X12 files, `denials` and `overriding` keep what people decide,
`overview` reads, `preview` scrubs ahead.
"""

from services.claims.service.answers import AnswerService
from services.claims.service.denials import DenialService
from services.claims.service.files import FileService
from services.claims.service.inquiring import InquiryService
from services.claims.service.intake import IntakeService
from services.claims.service.overriding import OverrideService
from services.claims.service.overview import OverviewService
from services.claims.service.preparation import PreparationService
from services.claims.service.preview import PreviewService
from services.claims.service.rule_tables import RuleTables
from services.claims.service.sending import SendingService
from services.claims.service.withdrawals import WithdrawalService

__all__ = [
    "AnswerService",
    "DenialService",
    "FileService",
    "InquiryService",
    "IntakeService",
    "OverrideService",
    "OverviewService",
    "PreparationService",
    "PreviewService",
    "RuleTables",
    "SendingService",
    "WithdrawalService",
]
