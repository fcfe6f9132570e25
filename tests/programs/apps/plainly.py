"""Run a program under plain dictConfig, importing nothing of ours: ``plainly.py CONFIG program.py ARGS``."""

import logging.config
import os
import runpy
import sys

import yaml

with open(sys.argv[1], encoding="utf-8") as file:
    logging.config.dictConfig(yaml.safe_load(file))

if sys.argv[2] == "-m":
    sys.argv = sys.argv[3:]
    sys.path[0] = os.getcwd()
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
else:
    sys.argv = sys.argv[2:]
    sys.path[0] = os.path.dirname(os.path.realpath(sys.argv[0]))
    runpy.run_path(sys.argv[0], run_name="__main__")
