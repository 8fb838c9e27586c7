"""Exports of survey tools; they follow the declared questions, which say what a valid score is."""

from pipelines.contracts.qualtrics import QualtricsResponses
from pipelines.defs.landed import landed
from pipelines.defs.reference import survey_questions

qualtrics_responses = landed(QualtricsResponses, deps=[survey_questions])
