# Sieve: the primes below a million, several times; booleans in a long array.
def primes(limit):
    composite = [False] * (limit + 1)
    count = 0
    for i in range(2, limit + 1):
        if not composite[i]:
            count += 1
            for k in range(i + i, limit + 1, i):
                composite[k] = True
    return count


total = 0
for turn in range(12):
    total += primes(1000000 - turn)
print(f"primes {total}")
