"""How a stay's MS-DRG looks in the API.

Place in the flow: `api.grouping` fills them from `grouping.drivers`; pure.
"""

from pydantic import Field

from services.coder.api_models import ApiModel
from services.coder.grouping.drivers import Driver, Explained


class DriverView(ApiModel):
    """A code that counts for the MS-DRG, and what the group would be without it."""

    code: str = Field(examples=["J96.01"])
    role: str = Field(description="MCC, CC or procedure.", examples=["MCC"])
    drg_without: str = Field(examples=["194"])
    title_without: str
    excluded: bool = Field(description="The principal diagnosis keeps it from counting.")
    acquired: str = Field(description="The hospital-acquired condition that keeps it from counting, empty if none.")

    @classmethod
    def of(cls, driver: Driver) -> "DriverView":
        """Show a driver."""
        return cls(
            code=driver.code,
            role=driver.role,
            drg_without=driver.drg_without,
            title_without=driver.title_without,
            excluded=driver.excluded,
            acquired=driver.acquired,
        )


class GroupingView(ApiModel):
    """The MS-DRG of what is decided now. Never shown where a query is written."""

    is_known: bool = Field(description="False for what is no inpatient stay, before a diagnosis is decided, and for a "
                           "day of discharge whose MS-DRG version is not known.")  # fmt: skip
    version: str = Field(default="", description="By the day of discharge.", examples=["43.1"])
    drg: str = Field(default="", examples=["193"])
    title: str = ""
    category: str = Field(default="", description="Major diagnostic category.", examples=["04"])
    category_title: str = ""
    problem: str = Field(default="", description="Why the stay cannot be grouped, such as an invalid principal code.")
    principal: str = Field(default="", examples=["J18.9"])
    drivers: tuple[DriverView, ...] = Field(default=(), description="MCCs, CCs, then procedures.")

    @classmethod
    def of(cls, found: Explained | None) -> "GroupingView":
        """Show a group and what drives it."""
        if found is None:
            return cls(is_known=False)
        group = found.group
        return cls(
            is_known=True,
            version=group.version,
            drg=group.drg,
            title=group.title,
            category=group.category,
            category_title=group.category_title,
            problem=group.problem,
            principal=found.principal,
            drivers=tuple(DriverView.of(each) for each in found.drivers),
        )
