"""Lists that people maintain by hand."""

from pipelines.contracts.reference import (
    ReferenceBusinessHours,
    ReferenceCxInvestments,
    ReferenceDealStages,
    ReferenceExchangeRates,
    ReferenceFollowUps,
    ReferenceHolidays,
    ReferenceKpiTargets,
    ReferenceMargins,
    ReferencePlanPrices,
    ReferenceSurveyQuestions,
    ReferenceTeams,
    ReferenceThemeDictionary,
)
from pipelines.defs.landed import landed

survey_questions = landed(ReferenceSurveyQuestions)
teams = landed(ReferenceTeams)
business_hours = landed(ReferenceBusinessHours)
holidays = landed(ReferenceHolidays)
margins = landed(ReferenceMargins)
exchange_rates = landed(ReferenceExchangeRates)
plan_prices = landed(ReferencePlanPrices)
kpi_targets = landed(ReferenceKpiTargets)
follow_ups = landed(ReferenceFollowUps)
theme_dictionary = landed(ReferenceThemeDictionary)
deal_stages = landed(ReferenceDealStages)
cx_investments = landed(ReferenceCxInvestments)
