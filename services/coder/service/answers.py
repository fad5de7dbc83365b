"""The answers that this service keeps, so that a repeated request is done once and answered alike."""

from services.coder import SCHEMA
from shared.postgres.answers import Answers

ANSWERS = Answers(SCHEMA)
answer_once = ANSWERS.once
