"""What a check says of a release that is not to be published."""


class Refused(Exception):  # noqa: N818 - it says what becomes of the release
    """The release is not to be published."""
