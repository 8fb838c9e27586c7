"""Exports of the systems that keep who is employed and who learns what."""

from pipelines.contracts.cornerstone import CornerstoneTrainingTranscript
from pipelines.contracts.hr import HrEmployees
from pipelines.contracts.moodle import MoodleCourseCompletion
from pipelines.defs.landed import landed

cornerstone_training_transcript = landed(CornerstoneTrainingTranscript)
hr_employees = landed(HrEmployees)
moodle_course_completion = landed(MoodleCourseCompletion)
