"""Files a reader takes along or hands in."""

from collections.abc import Iterable

from django.http import HttpRequest, StreamingHttpResponse

from forain.flows.csv_files import WrongLine

LARGEST_FILE = 5 * 1024 * 1024


def as_csv(lines: Iterable[str], name: str) -> StreamingHttpResponse:
    """These lines as a CSV file of that name, written as they come. Cells that a spreadsheet would take for formulas are the writer's
    care (`flows.csv_files`)."""
    return StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def uploaded(request: HttpRequest) -> bytes | WrongLine:
    """The content of the form's `file`, b"" where there is none; a file above LARGEST_FILE bytes is wrong from its first line on and not read."""
    file = request.FILES.get("file")
    if file and (file.size or 0) > LARGEST_FILE:
        return WrongLine(1, "> 5 MB")
    return file.read() if file else b""
