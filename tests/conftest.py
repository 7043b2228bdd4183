"""What holds for every test."""

from collections.abc import Generator

import pytest

MISSING = ("could not import", "not installed", "no such executable", "not available")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turns a skip for want of something into a failure: `make test` installs what the tests need."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and any(words in str(report.longrepr) for words in MISSING):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, but nothing may be missing: {report.longrepr}"
    return report
