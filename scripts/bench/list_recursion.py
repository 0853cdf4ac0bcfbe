# Linked lists and recursion: a function of three lists that are compared by their lengths.
class Cell:
    __slots__ = ("value", "next")

    def __init__(self, value, rest):
        self.value = value
        self.next = rest

    def length(self):
        return 1 if self.next is None else 1 + self.next.length()


def make_list(length):
    return None if length == 0 else Cell(length, make_list(length - 1))


def is_shorter(x, y):
    while y is not None:
        if x is None:
            return True
        x = x.next
        y = y.next
    return False


def tail(x, y, z):
    if is_shorter(y, x):
        return tail(tail(x.next, y, z), tail(y.next, z, x), tail(z.next, x, y))
    return z


total = 0
for _ in range(60):
    total += tail(make_list(18), make_list(12), make_list(6)).length()
print(f"length {total}")
