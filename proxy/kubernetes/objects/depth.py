"""How deep brackets stand open in JSON text, for finding where a document ends without reading it twice."""


def depth(text: str) -> int:
    """How many more brackets are opened in `text` than closed. It begins and ends outside of strings."""
    if "\\" in text:
        text = text.replace("\\\\", "").replace('\\"', "")
    between = "".join(text.split('"')[::2])
    return between.count("{") + between.count("[") - between.count("}") - between.count("]")
