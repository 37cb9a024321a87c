"""What is wrong with a value, as the end of a sentence that begins with its place in the file. Pure."""

from pydantic_core import PydanticCustomError


def complaint(message: str) -> PydanticCustomError:
    """A validation error with our own sentence."""
    return PydanticCustomError("gatepass", "{message}", {"message": message})
