"""Puts the compiled library into the wheel: the one that LAOT_LIBRARY names, else one that CMake
builds from the source tree around this folder."""

import os
import shutil
import subprocess
import sys

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

try:
    from wheel.bdist_wheel import bdist_wheel
except ImportError:  # newer setuptools has the command itself
    from setuptools.command.bdist_wheel import bdist_wheel

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(HERE)
NAME = {"darwin": "liblaot.dylib", "win32": "laot.dll"}.get(sys.platform, "liblaot.so")


def version():
    with open(os.path.join(TREE, "VERSION"), encoding="utf-8") as file:
        return file.read().strip()


def library():
    named = os.environ.get("LAOT_LIBRARY")
    if named:
        return named
    build = os.path.join(HERE, "build", "cmake")
    subprocess.run(["cmake", "-S", TREE, "-B", build, "-DCMAKE_BUILD_TYPE=Release", "-DLAOT_BUILD_TESTS=OFF"],
                   check=True)
    subprocess.run(["cmake", "--build", build, "--target", "laot", "--config", "Release", "--parallel"], check=True)
    for folder in (build, os.path.join(build, "Release")):
        path = os.path.join(folder, NAME)
        if os.path.exists(path):
            return path
    raise SystemExit(f"no {NAME} was built below {build}")


class WithLibrary(build_py):
    def run(self):
        super().run()
        target = os.path.join(self.build_lib, "laot", "_lib")
        os.makedirs(target, exist_ok=True)
        shutil.copy(os.path.realpath(library()), os.path.join(target, NAME))


class OfThisPlatform(bdist_wheel):
    """The library is of one platform, but of no Python version."""

    def finalize_options(self):
        super().finalize_options()
        self.root_is_pure = False

    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


class WithBinary(Distribution):
    def has_ext_modules(self):
        return True


setup(version=version(), cmdclass={"build_py": WithLibrary, "bdist_wheel": OfThisPlatform}, distclass=WithBinary)
