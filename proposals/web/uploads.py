"""Uploads go to a file of their own, and the disk never takes more of one than the site's limit."""

from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Writes up to the limit and one byte; counts the rest, so that the form can say how large the file was.

    A file above `ATTACHMENT_MAX_BYTES` has its true `size` but not its content: every form that takes files compares
    the size with that limit. The other fields of the form arrive as ever.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """A temporary file for the next upload."""
        super().new_file(*args, **kwargs)
        self.seen = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep what is still within the limit, and count it all."""
        room = settings.ATTACHMENT_MAX_BYTES + 1 - self.seen
        if room > 0:
            super().receive_data_chunk(raw_data[:room], start)
        self.seen += len(raw_data)

    def file_complete(self, file_size: int) -> "UploadedFile[Any] | None":  # noqa: ARG002  # Django's signature
        """The upload, with the size that it really had."""
        return super().file_complete(self.seen)
