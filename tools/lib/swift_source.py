"""Reads Swift source text: its comments, its string literals, and where each literal stands. tools/tidy and tools/messages
use it. It knows the lexical structure of Swift, not its grammar."""
import bisect
import re


def pieces(text):
    """A Swift file as pieces of 'code', 'comment', 'string', and 'name' (a sentence in backticks)."""
    found, size = [], len(text)

    def scan_code(at, is_interpolation):
        begin, depth = at, 0

        def end(upto):
            if upto > begin:
                found.append(("code", text[begin:upto]))

        while at < size:
            character = text[at]
            if text.startswith("//", at) or text.startswith("/*", at):
                end(at)
                stop = text.find("\n" if text[at + 1] == "/" else "*/", at)
                stop = size if stop < 0 else stop + (0 if text[at + 1] == "/" else 2)
                found.append(("comment", text[at:stop]))
                at = begin = stop
                continue
            quote = re.match(r'(#*)("""|")', text[at:at + 12])
            if quote:
                end(at)
                at = begin = scan_string(at, *quote.groups())
                continue
            if character == "`":
                stop = text.find("`", at + 1)
                if 0 < stop and "\n" not in text[at:stop]:
                    end(at)
                    word = text[at:stop + 1]
                    found.append(("code" if re.fullmatch(r"`\w+`", word) else "name", word))
                    at = begin = stop + 1
                    continue
            if is_interpolation and character == "(":
                depth += 1
            elif is_interpolation and character == ")":
                if depth == 0:
                    end(at)
                    return at
                depth -= 1
            at += 1
        end(size)
        return size

    def scan_string(at, hashes, quote):
        begin = at
        at += len(hashes) + len(quote)
        escape = "\\" + hashes
        while at < size:
            if text.startswith(quote + hashes, at):
                at += len(quote + hashes)
                break
            if text.startswith(escape + "(", at):
                at += len(escape) + 1
                found.append(("string", text[begin:at]))
                at = begin = scan_code(at, True)
            elif text.startswith(escape, at):
                at += len(escape) + 1
            else:
                at += 1
        found.append(("string", text[begin:at]))
        return at

    scan_code(0, False)
    return found


class Literal:
    """A string literal, or several joined by '+'. Its parts are texts, and interpolations: lists of code and literals."""

    def __init__(self, start, is_raw):
        self.start, self.end, self.is_raw = start, start, is_raw
        self.parts = []
        self.parent = None

    def nested(self):
        """The literals inside its interpolations."""
        return [item for part in self.parts if isinstance(part, list) for item in part if isinstance(item, Literal)]


ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", '"': '"', "'": "'", "\\": "\\"}


def unescaped(text, is_raw):
    if is_raw:
        return re.sub(r"\\#\n\s*", "", text)
    text = re.sub(r"\\\n\s*", "", text)
    text = re.sub(r"\\u\{([0-9A-Fa-f]+)\}", lambda match: chr(int(match[1], 16)), text)
    return re.sub(r"\\(.)", lambda match: ESCAPES.get(match[1], match[1]), text)


class SwiftFile:
    """A Swift file with its literals, and its code with comments and strings blanked out."""

    def __init__(self, text):
        self.text = text
        self.literals = []  # those that are not nested in another, in order
        blank, at, stack = [], 0, []
        for kind, piece in pieces(text):
            is_code = kind == "code" or kind == "name"
            if kind == "string":
                opening = None if piece.startswith(")") else re.match(r'(#*)("""|")', piece)
                if opening:
                    literal = Literal(at, bool(opening[1]))
                    literal.is_block = opening[2] == '"""'
                    literal.margin = text.rfind("\n", 0, at) + 1
                    if stack:
                        literal.parent = stack[-1]
                        stack[-1].parts[-1].append(literal)
                    else:
                        self.literals.append(literal)
                    stack.append(literal)
                    body = piece[len(opening[0]):]
                else:
                    body = piece[1:]
                literal = stack[-1]
                is_open = bool(re.search(r"\\#*\($", piece))
                if is_open:
                    body = re.sub(r"\\#*\($", "", body)
                else:
                    body = re.sub(r'("""|")#*$', "", body)
                literal.parts.append(body)
                literal.end = at + len(piece)
                if is_open:
                    literal.parts.append([])
                else:
                    stack.pop()
            elif stack and is_code:
                stack[-1].parts[-1].append(piece)
            blank.append(piece if is_code and not stack else re.sub(r"[^\n]", " ", piece))
            at += len(piece)
        self.code = "".join(blank)
        for literal in list(self.all()):
            self._clean(literal)
        self._join()
        self._match_brackets()

    def all(self):
        """Every literal, also nested ones."""
        waiting = list(self.literals)
        while waiting:
            literal = waiting.pop(0)
            yield literal
            waiting = literal.nested() + waiting

    def line(self, literal):
        return self.text.count("\n", 0, literal.start) + 1

    def _clean(self, literal):
        """Removes the margin of a multi-line literal, and its escapes."""
        margin = ""
        if literal.is_block and isinstance(literal.parts[-1], str):
            margin = literal.parts[-1].rpartition("\n")[2]
            literal.parts[-1] = literal.parts[-1].rpartition("\n")[0]
            literal.parts[0] = literal.parts[0].partition("\n")[2] if isinstance(literal.parts[0], str) else ""
            if literal.parts[0].startswith(margin):
                literal.parts[0] = literal.parts[0][len(margin):]
        for index, part in enumerate(literal.parts):
            if isinstance(part, str):
                if margin:
                    part = part.replace("\n" + margin, "\n")
                literal.parts[index] = unescaped(part, literal.is_raw)

    def _join(self):
        """Joins literals with nothing but '+' between them."""
        joined = []
        for literal in self.literals:
            if joined and re.fullmatch(r"\s*\+\s*", self.code[joined[-1].end:literal.start] or "x"):
                joined[-1].parts += literal.parts
                joined[-1].end = literal.end
                for nested in literal.nested():
                    nested.parent = joined[-1]
            else:
                joined.append(literal)
        self.literals = joined

    def _match_brackets(self):
        """The positions of all brackets, and after each of them the innermost one that is open."""
        self.brackets, self.open_after, self.outer = [], [], {}
        innermost = None
        for found in re.finditer(r"[()\[\]{}]", self.code):
            at = found.start()
            if found[0] in "([{":
                self.outer[at] = innermost
                innermost = at
            elif innermost is not None:
                innermost = self.outer[innermost]
            self.brackets.append(at)
            self.open_after.append(innermost)

    def enclosing(self, at):
        """The brackets around an offset, innermost first: offset of each opening bracket."""
        index = bisect.bisect_left(self.brackets, at) - 1
        innermost = self.open_after[index] if index >= 0 else None
        found = []
        while innermost is not None:
            found.append(innermost)
            innermost = self.outer[innermost]
        return found

    def head(self, opening):
        """The code in front of an opening bracket, up to the statement's or argument's beginning, in one line."""
        before = self.code[max(0, opening - 1000):opening]
        begin = max(before.rfind("\n\n"), before.rfind(";"), before.rfind("{"), before.rfind("}"), -1)
        return " ".join(before[begin + 1:].split())

    def label(self, at):
        """The argument label directly in front of an offset; None if there is none."""
        found = re.search(r"(?<![\w?])(\w+):\s*$", self.code[max(0, at - 300):at])
        return found[1] if found else None

    def call(self, opening):
        """The name in front of an opening parenthesis: 'logger.info', '.malformed', '@Option'."""
        found = re.search(r"(@?[\w.]*)(?:<[^<>()]*>)?\s*$", self.code[max(0, opening - 300):opening])
        return found[1] if found else ""
