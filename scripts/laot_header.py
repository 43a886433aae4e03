"""Reads capi/laot.h into a list of its parts. The header's own style is the grammar: a comment
stands before the declaration that it speaks of, with no empty line between, and has an @param for
each argument and an @return for the codes; a comment behind an enum's value or a struct's field
speaks of that one; /* ---- Title ---- */ begins a section."""

import re
from dataclasses import dataclass, field


@dataclass
class Item:
    kind: str  # section, text, define, opaque, enum, struct, callback, function
    name: str = ""
    comment: str = ""  # of the group that this item begins; empty for the others of the group
    result: str = ""
    arguments: list = field(default_factory=list)  # (type, name)
    members: list = field(default_factory=list)  # enum: (name, number, comment); struct: (type, name, comment)
    source: str = ""


def clean_comment(text):
    lines = [re.sub(r"^\s*\* ?", "", line) for line in re.sub(r"^/\*+", "", text)[:-2].split("\n")]
    return "\n".join(line.rstrip() for line in lines).strip()


@dataclass
class Comment:
    """A comment in its parts; texts are joined to one line, blocks of prose are not."""
    prose: list  # before the tags
    params: list  # (name, text), in order
    returns: str
    after: list  # behind the tags: "Cost: ...", "Source: ..."


def parse_comment(text):
    before, tags, after = [], [], []
    for block in text.split("\n\n"):
        if block.startswith("@"):
            tags += [re.sub(r"\s+", " ", tag).strip() for tag in re.split(r"^@", block, flags=re.M) if tag]
        else:
            (after if tags else before).append(block)
    params = [tuple((tag.split(" ", 2) + ["", ""])[1:3]) for tag in tags if tag.startswith("param ")]
    returns = [tag[len("return "):] for tag in tags if tag.startswith("return ")]
    other = [tag for tag in tags if not tag.startswith(("param ", "return "))]
    if other or len(returns) > 1:
        raise SystemExit(f"laot.h: scripts/laot_header.py does not know these tags: {other + returns[1:]}")
    return Comment([x for x in before if x], params, returns[0] if returns else "", after)


def clean_type(text):
    return re.sub(r"\s*\*", "*", re.sub(r"\s+", " ", text)).strip()


def parse_arguments(text):
    text = text.strip()
    if text in ("", "void"):
        return []
    out = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(.*?)([A-Za-z_]\w*)\s*", part, re.S)
        out.append((clean_type(match.group(1)), match.group(2)))
    return out


def parse_enum(body):
    members = []
    for match in re.finditer(r"(LAOT_\w+)\s*=\s*(-?\d+)\s*,?[ \t]*(/\*.*?\*/)?", body, re.S):
        members.append((match.group(1), int(match.group(2)), clean_comment(match.group(3)) if match.group(3) else ""))
    return members


def parse_struct(body):
    members = []
    for match in re.finditer(r"([^;/]+?)(\w+)\s*;[ \t]*(/\*.*?\*/)?", body, re.S):
        members.append((clean_type(match.group(1)), match.group(2),
                        re.sub(r"\s+", " ", clean_comment(match.group(3))) if match.group(3) else ""))
    return members


def parse_declaration(text):
    text = text.strip()
    source = re.sub(r"\n {9}", "\n", text[len("LAOT_API "):]) if text.startswith("LAOT_API ") else text
    match = re.fullmatch(r"typedef enum (\w+) \{(.*)\} \1;", text, re.S)
    if match:
        return Item("enum", match.group(1), members=parse_enum(match.group(2)), source=source)
    match = re.fullmatch(r"typedef struct (\w+) \{(.*)\} \1;", text, re.S)
    if match:
        return Item("struct", match.group(1), members=parse_struct(match.group(2)), source=source)
    match = re.fullmatch(r"typedef struct (\w+) \1;", text)
    if match:
        return Item("opaque", match.group(1), source=source)
    match = re.fullmatch(r"typedef ([\w ]+?\**) ?\(\*(\w+)\)\((.*)\);", text, re.S)
    if match:
        return Item("callback", match.group(2), result=clean_type(match.group(1)),
                    arguments=parse_arguments(match.group(3)), source=source)
    match = re.fullmatch(r"LAOT_API ([^(]*?)(\w+)\((.*)\);", text, re.S)
    if match:
        return Item("function", match.group(2), result=clean_type(match.group(1)),
                    arguments=parse_arguments(match.group(3)), source=source)
    raise SystemExit(f"laot.h: this is none of the forms that scripts/laot_header.py knows:\n{text}")


def declarations(text):
    """Comments, defines, empty lines and declarations, in order."""
    position = 0
    pattern = re.compile(r"/\*.*?\*/|#define LAOT_\w+ -?\d+(?=\n)|#[^\n]*(?:\\\n[^\n]*)*|\n[ \t]*(?=\n)|\s+"
                         r"|extern \"C\" \{|\}(?!\s*\w)"
                         r"|(?:typedef|LAOT_API)\b(?:[^;{]|\{[^}]*\})*;", re.S)
    while position < len(text):
        match = pattern.match(text, position)
        if not match:
            raise SystemExit(f"laot.h: cannot read from here: {text[position:position + 200]!r}")
        yield match.group(0)
        position = match.end()


def parse(path):
    items, comment = [], ""

    def set_apart():
        nonlocal comment
        if comment:
            items.append(Item("text", comment=comment))
            comment = ""

    for part in declarations(open(path, encoding="utf-8").read()):
        section = re.fullmatch(r"/\* -{2,} (.*?) -{2,}\s*\*/", part)
        define = re.fullmatch(r"#define (LAOT_\w+) (-?\d+)", part)
        if section:
            set_apart()
            items.append(Item("section", section.group(1)))
        elif part.startswith("/*"):
            set_apart()
            comment = clean_comment(part)
        elif define:
            items.append(Item("define", define.group(1), comment, source=part,
                              members=[(define.group(1), int(define.group(2)), "")]))
            comment = ""
        elif part.startswith(("typedef", "LAOT_API")):
            item = parse_declaration(part)
            item.comment, comment = comment, ""
            items.append(item)
        elif part.startswith("#ifndef LAOT_H"):
            set_apart()
    return items


def of_kind(items, *kinds):
    return [item for item in items if item.kind in kinds]
