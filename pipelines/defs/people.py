"""Exports of the systems that keep who learns what."""

from pipelines.contracts.cornerstone import CornerstoneTrainingTranscript
from pipelines.contracts.moodle import MoodleCourseCompletion
from pipelines.defs.landed import landed

cornerstone_training_transcript = landed(CornerstoneTrainingTranscript)
moodle_course_completion = landed(MoodleCourseCompletion)
