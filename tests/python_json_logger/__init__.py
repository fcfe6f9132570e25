"""python-json-logger's own test suite, run with our JsonFormatter in its classes' place.

    python -m tests.python_json_logger [SDIST]

Without SDIST the source of the installed version is fetched by pip. Needed besides: pytest and freezegun.

LOCATION: tests/python_json_logger/__init__.py
DEPENDENCIES: none
TRACE POINTS: none
"""
