"""Exports of survey tools; the declared questions say what a valid score is."""

from pipelines.contracts.delighted import DelightedResponses
from pipelines.contracts.googleforms import GoogleformsResponses
from pipelines.contracts.hotjar import HotjarResponses
from pipelines.contracts.msforms import MsformsResponses
from pipelines.contracts.qualtrics import QualtricsResponses
from pipelines.contracts.reference import ReferenceSurveyQuestions
from pipelines.contracts.surveymonkey import SurveymonkeyResponses
from pipelines.contracts.typeform import TypeformResponses
from pipelines.defs.landed import landed

delighted_responses = landed(DelightedResponses, rests_on=[ReferenceSurveyQuestions])
googleforms_responses = landed(GoogleformsResponses, rests_on=[ReferenceSurveyQuestions])
hotjar_responses = landed(HotjarResponses, rests_on=[ReferenceSurveyQuestions])
msforms_responses = landed(MsformsResponses, rests_on=[ReferenceSurveyQuestions])
qualtrics_responses = landed(QualtricsResponses, rests_on=[ReferenceSurveyQuestions])
surveymonkey_responses = landed(SurveymonkeyResponses, rests_on=[ReferenceSurveyQuestions])
typeform_responses = landed(TypeformResponses, rests_on=[ReferenceSurveyQuestions])
