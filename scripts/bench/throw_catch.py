# Throwing and catching: errors that pass through several calls, most turns without one.
def check(n):
    if n % 4 == 0:
        raise ValueError(f"bad {n % 1000}")
    return n % 10


def deep(n, depth):
    if depth == 0:
        return check(n)
    return deep(n, depth - 1) + 1


def run(turns):
    total = 0
    failures = 0
    letters = 0
    for i in range(turns):
        try:
            total += deep(i, i % 5)
        except ValueError as error:
            failures += 1
            letters += len(error.args[0])
    return f"sum {total}, failures {failures}, letters {letters}"


print(run(2000000))
