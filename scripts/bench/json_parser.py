# A JSON parser written in the language: it reads its text character by character.
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", '"': '"', "\\": "\\", "/": "/"}


class Parser:
    def __init__(self, text):
        self.text = text
        self.at = -1
        self.current = ""
        self.read()

    def read(self):
        self.at += 1
        self.current = self.text[self.at] if self.at < len(self.text) else ""

    def skip_blanks(self):
        while self.current == " " or self.current == "\n" or self.current == "\t" or self.current == "\r":
            self.read()

    def accept(self, character):
        if self.current != character:
            return False
        self.read()
        return True

    def expect(self, character):
        if not self.accept(character):
            raise ValueError(f"expected {character} at {self.at}")

    def word(self, text, value):
        for character in text:
            self.expect(character)
        return value

    def document(self):
        self.skip_blanks()
        value = self.value()
        self.skip_blanks()
        if self.current != "":
            raise ValueError(f"more text at {self.at}")
        return value

    def value(self):
        current = self.current
        if current == "{":
            return self.object()
        if current == "[":
            return self.array()
        if current == '"':
            return self.string()
        if current == "t":
            return self.word("true", True)
        if current == "f":
            return self.word("false", False)
        if current == "n":
            return self.word("null", None)
        return self.number()

    def object(self):
        result = {}
        self.read()
        self.skip_blanks()
        if self.accept("}"):
            return result
        while True:
            self.skip_blanks()
            key = self.string()
            self.skip_blanks()
            self.expect(":")
            self.skip_blanks()
            result[key] = self.value()
            self.skip_blanks()
            if not self.accept(","):
                break
        self.expect("}")
        return result

    def array(self):
        result = []
        self.read()
        self.skip_blanks()
        if self.accept("]"):
            return result
        while True:
            self.skip_blanks()
            result.append(self.value())
            self.skip_blanks()
            if not self.accept(","):
                break
        self.expect("]")
        return result

    def string(self):
        self.expect('"')
        start = self.at
        text = ""
        while self.current != '"':
            if self.current == "":
                raise ValueError("a string without an end")
            if self.current == "\\":
                text += self.text[start : self.at]
                self.read()
                text += self.escape()
                start = self.at + 1
            self.read()
        text += self.text[start : self.at]
        self.read()
        return text

    def escape(self):
        if self.current not in ESCAPES:
            raise ValueError(f"an unknown escape at {self.at}")
        return ESCAPES[self.current]

    def digits(self):
        if not "0" <= self.current <= "9":
            raise ValueError(f"expected a value at {self.at}")
        while "0" <= self.current <= "9":
            self.read()

    def number(self):
        start = self.at
        whole = True
        self.accept("-")
        self.digits()
        if self.accept("."):
            whole = False
            self.digits()
        if self.accept("e") or self.accept("E"):
            whole = False
            if not self.accept("+"):
                self.accept("-")
            self.digits()
        text = self.text[start : self.at]
        return int(text) if whole else float(text)


def generate(count):
    records = []
    for i in range(count):
        even = "true" if i % 2 == 0 else "false"
        records.append(
            f'  {{"id": {i}, "name": "record {i % 100}", "flags": [{even}, false, null],\n'
            f'   "size": {{"width": {i % 640}, "height": -{i % 480}.5}}, "note": "a \\"word\\" or two\\n"}}'
        )
    return "[\n" + ",\n".join(records) + "\n]\n"


def checksum(records):
    total = 0
    for record in records:
        size = record["size"]
        total += record["id"] + len(record["name"]) + len(record["flags"])
        total += size["width"] - size["height"] + len(record["note"])
    return total


text = generate(500)
total = 0
for _ in range(60):
    total += checksum(Parser(text).document())
print(f"{len(text)} characters, checksum {total:.0f}")
