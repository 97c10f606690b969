"""Builds the module. It links to nothing of fastact: its functions arrive when the module is imported."""

import sys

from Cython.Build import cythonize
from setuptools import Extension, setup

OPENMP = [] if sys.platform == "darwin" else ["-fopenmp"]  # without it, prange is a plain loop

GATES = Extension("gates", ["gates.pyx"], extra_compile_args=OPENMP, extra_link_args=OPENMP)

setup(ext_modules=cythonize([GATES], build_dir="build"))
