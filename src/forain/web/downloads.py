"""Files a reader takes along."""

from collections.abc import Iterable

from django.http import StreamingHttpResponse


def as_csv(lines: Iterable[str], name: str) -> StreamingHttpResponse:
    """These lines as a CSV file of that name, written as they come. Cells that a spreadsheet would take for formulas are the writer's
    care (`flows.csv_files`)."""
    return StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
