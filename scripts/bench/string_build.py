# Strings: appending piece by piece, and joining a list of pieces.
def append(turns):
    text = ""
    for i in range(turns):
        text += "item "
        text += str(i % 1000)
        text += ";"
    return len(text)


def join(turns):
    length = 0
    for _ in range(turns):
        pieces = []
        for i in range(1000):
            pieces.append(f"<{i}>")
        length += len(",".join(pieces))
    return length


print(f"appended {append(2000000)}, joined {join(2000)}")
