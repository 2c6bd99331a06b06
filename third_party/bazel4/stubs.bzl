"""The repositories that Bazel 4 asks for, written here instead of fetched from the network.

Debian's Bazel comes without rules_cc, rules_java, rules_python and its coverage tools. The rules are
built into it, so the repositories only have to name them. Packages of Python come from the environment,
so the hub of packages (`@pypi`, see MODULE.bazel) is empty.
"""

_CC = [
    "cc_binary",
    "cc_import",
    "cc_library",
    "cc_proto_library",
    "cc_test",
    "cc_toolchain",
    "cc_toolchain_suite",
    "fdo_prefetch_hints",
    "fdo_profile",
    "objc_library",
]
_JAVA = [
    "java_binary",
    "java_import",
    "java_library",
    "java_package_configuration",
    "java_plugin",
    "java_proto_library",
    "java_runtime",
    "java_test",
    "java_toolchain",
]
_PYTHON = ["py_binary", "py_library", "py_test"]

_NO_COVERAGE = """
package(default_visibility = ["//visibility:public"])
[
    sh_binary(name = tool, srcs = ["nothing.sh"])
    for tool in ["coverage_report_generator", "lcov_merger"]
]
"""

def _stub_repository(ctx):
    ctx.file("WORKSPACE", "workspace(name = \"{}\")\n".format(ctx.name))
    for path, text in ctx.attr.files.items():
        ctx.file(path, text)

_stub_repository_rule = repository_rule(
    implementation = _stub_repository,
    attrs = {"files": attr.string_dict(doc = "Path in the repository to text.")},
)

def _native(rules):
    """Text of a file that names rules which are built into Bazel."""
    return "".join(["{0} = native.{0}\n".format(rule) for rule in rules])

def stub_repositories():
    """Defines rules_cc, rules_java, rules_python, remote_coverage_tools and pypi."""
    _stub_repository_rule(
        name = "rules_cc",
        files = {"BUILD": "", "cc/BUILD": "", "cc/defs.bzl": _native(_CC)},
    )
    _stub_repository_rule(
        name = "rules_java",
        files = {"BUILD": "", "java/BUILD": "", "java/defs.bzl": _native(_JAVA)},
    )
    python = {"python/{}.bzl".format(rule): _native([rule]) for rule in _PYTHON}
    python.update({"BUILD": "", "python/BUILD": "", "python/defs.bzl": _native(_PYTHON)})
    _stub_repository_rule(name = "rules_python", files = python)
    _stub_repository_rule(
        name = "remote_coverage_tools",
        files = {"BUILD": _NO_COVERAGE, "nothing.sh": "#!/bin/sh\n"},
    )
    _stub_repository_rule(
        name = "pypi",
        files = {"BUILD": "", "requirements.bzl": "all_requirements = []\n"},
    )
