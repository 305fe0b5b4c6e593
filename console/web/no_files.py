"""No form takes a file; one that is sent all the same is refused before it is read."""

from __future__ import annotations

from typing import NoReturn

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler


class NoFiles(FileUploadHandler):
    """Refuse uploads."""

    def new_file(self, *_args: object, **_kwargs: object) -> NoReturn:
        """A file begins: the request is too large by it."""
        raise RequestDataTooBig("no form takes a file")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Never called: ``new_file`` refused."""

    def file_complete(self, file_size: int) -> None:
        """Never called: ``new_file`` refused."""
