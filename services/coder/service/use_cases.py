"""All use cases of the service in one frozen value: what `app` builds once and hands to those that drive them."""

from dataclasses import dataclass

from services.coder.automation.policy import DEFAULT_POLICY as DEFAULT_AUTOMATION
from services.coder.automation.policy import AutomationPolicy
from services.coder.billing_edits import NO_BILLING_EDITS, BillingEdits
from services.coder.grouping.grouper import Grouper
from services.coder.queries.life import DEFAULT_POLICY, QueryPolicy
from services.coder.service.answering import Answering
from services.coder.service.assigning import Assigning
from services.coder.service.auditing import Auditing
from services.coder.service.automating import Automating
from services.coder.service.chart_claims import ChartClaims
from services.coder.service.chart_records import ChartRecords
from services.coder.service.charts import Charts
from services.coder.service.completing import Completing
from services.coder.service.deciding import Deciding
from services.coder.service.desk import Desk
from services.coder.service.differences import Differences
from services.coder.service.glass import Glass
from services.coder.service.grouping import Grouping
from services.coder.service.holding import Holding
from services.coder.service.intake import Intake
from services.coder.service.learning import Learning
from services.coder.service.previewing import Previewing
from services.coder.service.queries import Queries
from services.coder.service.query_answers import QueryAnswers
from services.coder.service.query_follow_up import QueryFollowUp
from services.coder.service.queue import Queue
from services.coder.service.reporting import Reporting
from services.coder.service.threads import Threads
from services.coder.service.worklists import Worklists
from services.coder.settings import QueueSettings
from shared.postgres.pool import Pool
from shared.proof.keys import SigningKey


@dataclass(frozen=True)
class UseCases:
    """What messages and people can make the service do; the engine's own are `service.suggesting`."""

    intake: Intake
    queue: Queue
    charts: Charts
    deciding: Deciding
    previewing: Previewing
    completing: Completing
    grouping: Grouping
    claims: ChartClaims
    holding: Holding
    glass: Glass
    learning: Learning
    desk: Desk
    queries: Queries
    query_answers: QueryAnswers
    query_follow_up: QueryFollowUp
    answering: Answering
    threads: Threads
    worklists: Worklists
    assigning: Assigning
    automating: Automating
    reporting: Reporting
    auditing: Auditing
    differences: Differences

    @classmethod
    def over(
        cls,
        pool: Pool,
        settings: QueueSettings,
        key: SigningKey | None = None,
        *,
        policy: QueryPolicy = DEFAULT_POLICY,
        edits: BillingEdits = NO_BILLING_EDITS,
        grouper: Grouper | None = None,
        automation: AutomationPolicy = DEFAULT_AUTOMATION,
    ) -> "UseCases":
        """Build them over one pool; `key` signs what is completed, `policy` is the clock of queries.

        `edits` are those of the claims service, for previews; without `grouper` no stay has an MS-DRG.
        """
        records = ChartRecords()
        previewing = Previewing(pool, edits, grouper)
        completing = Completing(pool, settings.lease_seconds, previewing, key, grouper, automation)
        return cls(
            intake=Intake(pool, settings.priority),
            queue=Queue(pool, settings.lease_seconds),
            charts=Charts(pool),
            deciding=Deciding(pool, settings.lease_seconds),
            previewing=previewing,
            completing=completing,
            grouping=Grouping(pool, grouper),
            claims=ChartClaims(pool, grouper),
            holding=Holding(pool, settings.lease_seconds),
            glass=Glass(pool, settings.glass_seconds),
            learning=Learning(pool),
            desk=Desk(pool),
            queries=Queries(pool, policy, records),
            query_answers=QueryAnswers(pool),
            query_follow_up=QueryFollowUp(pool, policy),
            answering=Answering(pool),
            threads=Threads(pool, records),
            worklists=Worklists(pool),
            assigning=Assigning(pool, settings.priority),
            automating=Automating(pool, automation, completing),
            reporting=Reporting(pool, automation),
            auditing=Auditing(pool, grouper),
            differences=Differences(pool),
        )
