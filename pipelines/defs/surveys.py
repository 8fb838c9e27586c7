"""Exports of survey tools; the declared questions say what a valid score is."""

from pipelines.contracts.qualtrics import QualtricsResponses
from pipelines.contracts.reference import ReferenceSurveyQuestions
from pipelines.defs.landed import landed

qualtrics_responses = landed(QualtricsResponses, rests_on=[ReferenceSurveyQuestions])
