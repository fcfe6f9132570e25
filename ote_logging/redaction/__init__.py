"""Hide secrets before anything is written: by name, by form, by value of the environment.

The one door is `Redactor`; a finding tells the rule and the place, never the secret.

LOCATION: ote_logging/redaction/__init__.py
DEPENDENCIES: redaction.redactor, redaction.patterns
TRACE POINTS: none
"""

from ote_logging.redaction.patterns import Finding
from ote_logging.redaction.redactor import Redactor

__all__ = ["Finding", "Redactor"]
