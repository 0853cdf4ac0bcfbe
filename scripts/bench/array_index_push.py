# Arrays: a sieve by index, and stacks by append and pop.
def sieve(limit):
    composite = [False] * (limit + 1)
    primes = 0
    for n in range(2, limit + 1):
        if not composite[n]:
            primes += 1
            for m in range(n + n, limit + 1, n):
                composite[m] = True
    return primes


def stack(turns):
    items = []
    total = 0
    for i in range(turns):
        items.append(i)
        items.append(i + 1)
        total += items.pop()
    for i in range(len(items)):
        total += items[i]
    return total


print(f"primes {sieve(5000000)}, stack {stack(2000000)}")
