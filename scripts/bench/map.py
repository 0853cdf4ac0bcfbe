# Maps: counting under numeric and under string keys, reading back, deleting.
def by_number(turns):
    counts = {}
    for i in range(turns):
        key = (i * 7919) % 100003
        counts[key] = counts.get(key, 0) + 1
    total = 0
    for key, count in counts.items():
        total += key * count
    return total


def by_string(turns):
    names = []
    for i in range(5000):
        names.append(f"name {i}")
    counts = {}
    for i in range(turns):
        name = names[(i * 31) % 5000]
        if name in counts:
            counts[name] = counts[name] + 1
        else:
            counts[name] = 1
        if i % 1000 == 999:
            del counts[name]
    total = 0
    for count in counts.values():
        total += count
    return total


print(f"by number {by_number(8000000)}, by string {by_string(8000000)}")
