# Sorting: a quicksort in the language, and the built-in sort with a comparison function.
from functools import cmp_to_key


def numbers(count):
    state = 42
    result = []
    for _ in range(count):
        state = (state * 1103515 + 12345) % 2147483648
        result.append(state)
    return result


def quicksort(items, low, high):
    while low < high:
        pivot = items[(low + high) // 2]
        i = low
        j = high
        while i <= j:
            while items[i] < pivot:
                i += 1
            while items[j] > pivot:
                j -= 1
            if i <= j:
                swap = items[i]
                items[i] = items[j]
                items[j] = swap
                i += 1
                j -= 1
        quicksort(items, low, j)
        low = i


def checksum(items):
    total = 0
    for i in range(len(items)):
        total = (total * 31 + items[i]) % 1000003
    return total


own = numbers(500000)
quicksort(own, 0, len(own) - 1)
builtin = numbers(300000)
builtin.sort(key=cmp_to_key(lambda a, b: a - b))
print(f"own {checksum(own)}, built in {checksum(builtin)}")
